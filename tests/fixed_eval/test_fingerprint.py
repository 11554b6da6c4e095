"""What a score belongs to: the data by content, the protocol by the hashes of its files."""

import dataclasses
import hashlib
import importlib.metadata

import pytest

from fixed_eval import fingerprint
from fixed_eval.fingerprint import COMPUTING
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50
from fixed_eval.protocols.registry import PROTOCOLS


def test_no_file_that_can_move_a_score_has_changed():
    assert fingerprint.source_hashes() == fingerprint.frozen_hashes(), (
        "a frozen file changed: undo it, or make it a new protocol version and run "
        "python -m fixed_eval.fingerprint --write"
    )


def test_every_module_is_frozen_or_known_not_to_move_a_score():
    free = {
        "__init__.py",
        "__main__.py",
        "cores.py",
        "engines/__init__.py",
        "engines/native/__init__.py",
        "errors.py",
        "fingerprint.py",
        "progress.py",
        "records.py",
        "state.py",
        "warm.py",
    }
    modules = {
        path.relative_to(fingerprint.PACKAGE).as_posix()
        for path in fingerprint.PACKAGE.rglob("*.py")
    }
    assert modules == free | set(fingerprint.FROZEN_FILES)


def test_the_registry_is_keyed_by_name():
    assert all(protocol.name == name for name, protocol in PROTOCOLS.items())


def test_the_constants_are_the_published_ones():
    assert dataclasses.astuple(CUTOFF_RESNET50) == (
        "cutoff-resnet50",
        1,
        ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"),
        32,
        8,
        64,
        100,
        0.0001,
        0.9,
        0.999,
        1e-07,
        1.001e-05,
        0.99,
        "conv2_block3_out",
        (103.939, 116.779, 123.68),
        10_000,
        123,
        232_330,
    )


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
    def prints() -> list[str]:
        engines = ("native", "fast", "reference")
        return [
            fingerprint.protocol_fingerprint(CUTOFF_RESNET50, engine, 100, "cpu")
            for engine in engines
        ]

    before, version = prints(), importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "0" if name == package else version(name)
    )
    changed = [old != new for old, new in zip(before, prints(), strict=True)]
    assert changed == [False, package in COMPUTING, package in COMPUTING]


def test_a_changed_source_is_noticed(tmp_path, monkeypatch):
    assert fingerprint.changed_sources() == []
    text = fingerprint.FROZEN.read_text()
    (tmp_path / "frozen").write_text(text.replace(text[:8], "00000000", 1))
    monkeypatch.setattr(fingerprint, "FROZEN", tmp_path / "frozen")
    assert fingerprint.changed_sources() == [fingerprint.FROZEN_FILES[0]]
