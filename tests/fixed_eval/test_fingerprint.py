"""What a score belongs to: the data by content, the protocol by the hashes of its files."""

import dataclasses
import hashlib
import importlib.metadata
import shutil

import pytest

from fixed_eval import fingerprint
from fixed_eval.fingerprint import COMPUTING
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.registry import PROTOCOLS


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda protocol: protocol.name)
def test_no_file_that_can_move_a_score_has_changed(protocol):
    assert fingerprint.source_hashes(protocol) == fingerprint.frozen_hashes(protocol), (
        "a frozen file changed: undo it, or make it a new protocol version and run "
        "python -m fixed_eval.fingerprint --write"
    )


def test_there_is_a_list_for_every_protocol_and_no_other():
    assert {path.stem for path in fingerprint.FROZEN.iterdir()} == set(PROTOCOLS)


def test_every_module_is_frozen_or_known_not_to_move_a_score():
    free = {
        "__init__.py",
        "__main__.py",
        "arguments.py",
        "cores.py",
        "engines/__init__.py",
        "engines/keras/__init__.py",
        "engines/native/__init__.py",
        "description.py",
        "errors.py",
        "export.py",
        "fingerprint.py",
        "interrupts.py",
        "models.py",
        "npz.py",
        "predict.py",
        "progress.py",
        "protocols/__init__.py",
        "protocols/registry.py",
        "records.py",
        "speed.py",
        "state.py",
        "subsets.py",
        "warm.py",
    }
    modules = {
        path.relative_to(fingerprint.PACKAGE).as_posix()
        for path in fingerprint.PACKAGE.rglob("*.py")
        if "letters" not in path.parts  # reads letters; scores no dataset
    }
    frozen = {name for protocol in PROTOCOLS.values() for name in protocol.files}
    assert modules == free | frozen


def test_another_protocol_changes_no_fingerprint(tmp_path, monkeypatch):
    """A protocol of its own file: hashed for itself, and for nobody else."""
    before = {name: prints(protocol) for name, protocol in PROTOCOLS.items()}
    lists = {path.name: path.read_bytes() for path in fingerprint.FROZEN.iterdir()}
    package = tmp_path / "fixed_eval"
    shutil.copytree(fingerprint.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "protocols" / "added.py").write_text("# another protocol\n")
    added = dataclasses.replace(
        CUTOFF_RESNET50,
        name="added",
        frozen_files=(*CUTOFF_RESNET50.frozen_files, "protocols/added.py"),
    )
    monkeypatch.setattr(fingerprint, "PACKAGE", package)
    monkeypatch.setattr(fingerprint, "FROZEN", package / "frozen")
    with_it = {**PROTOCOLS, "added": added}
    fingerprint.write_frozen(with_it.values())
    assert {name: prints(protocol) for name, protocol in PROTOCOLS.items()} == before
    assert prints(added) not in before.values()
    now = {path.name: path.read_bytes() for path in fingerprint.FROZEN.iterdir()}
    assert now.pop("added.sha256").count(b"protocols/added.py") == 1
    assert now == lists
    own = prints(added)
    (package / "protocols" / "added.py").write_text("# changed\n")
    assert prints(added) != own
    assert {name: prints(protocol) for name, protocol in PROTOCOLS.items()} == before


def prints(protocol):
    return fingerprint.protocol_fingerprint(protocol, "native", protocol.epochs, "cpu")


def test_the_registry_is_keyed_by_name():
    assert all(protocol.name == name for name, protocol in PROTOCOLS.items())


def test_the_constants_are_the_published_ones():
    constants = CUTOFF_RESNET50.constants()
    for words in ("summary", "source"):
        del constants[words]
    assert constants == {
        "name": "cutoff-resnet50",
        "version": 1,
        "classes": ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"),
        "image_size": 32,
        "pixels": "float32",
        "batch_size": 8,
        "shuffle_buffer": 64,
        "phases": (
            {
                "name": "train",
                "epochs": 100,
                "learning_rate": 1e-4,
                "monitor": "val_accuracy",
                "patience": None,
                "keep": "best",
                "plateau": None,
            },
        ),
        "engines": ("native", "fast", "reference"),
        "epochs": 100,
        "learning_rate": 1e-4,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "adam_epsilon": 1e-07,
        "bn_epsilon": 1.001e-5,
        "bn_momentum": 0.99,
        "cut_layer": "conv2_block3_out",
        "channel_means": (103.939, 116.779, 123.68),
        "max_images": 10_000,
        "seed": 123,
        "parameters": 232_330,
    }


def test_the_content_fingerprint_has_the_documented_bytes():
    rows = [("val", "x", "b" * 64), ("train", "i", "a" * 64), ("train", "i", "a" * 64)]
    lines = f"train/i/{'a' * 64}\n" * 2 + f"val/x/{'b' * 64}\n"
    assert fingerprint.content_fingerprint(rows) == hashlib.sha256(lines.encode()).hexdigest()
    assert fingerprint.content_fingerprint(rows[1:]) != fingerprint.content_fingerprint(rows)


def test_engine_epochs_and_device_are_part_of_the_protocol_fingerprint():
    base = ("fast", 100, "cpu")
    changed = [("reference", 100, "cpu"), ("fast", 99, "cpu"), ("fast", 100, "gpu")]
    prints = {fingerprint.protocol_fingerprint(CUTOFF_RESNET50, *case) for case in [base, *changed]}
    assert len(prints) == 4


@pytest.mark.parametrize("package", ["tensorflow", "keras", "numba", "numpy"])
def test_only_engines_of_tensorflow_depend_on_its_version(
    package: str, monkeypatch: pytest.MonkeyPatch
):
    def all_prints() -> list[str]:
        engines = ("native", "fast", "reference")
        return [
            fingerprint.protocol_fingerprint(CUTOFF_RESNET50, engine, 100, "cpu")
            for engine in engines
        ]

    before, version = all_prints(), importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "0" if name == package else version(name)
    )
    changed = [old != new for old, new in zip(before, all_prints(), strict=True)]
    assert changed == [False, package in COMPUTING, package in COMPUTING]


def test_a_changed_source_is_noticed(tmp_path, monkeypatch):
    assert fingerprint.changed_sources(CUTOFF_RESNET50) == []
    text = (fingerprint.FROZEN / "cutoff-resnet50.sha256").read_text()
    (tmp_path / "cutoff-resnet50.sha256").write_text(text.replace(text[:8], "00000000", 1))
    monkeypatch.setattr(fingerprint, "FROZEN", tmp_path)
    assert fingerprint.changed_sources(CUTOFF_RESNET50) == [CUTOFF_RESNET50.files[0]]
