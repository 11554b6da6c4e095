"""`--export-model`: the trained network as a file, and what reads it again."""

import dataclasses
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fixed_eval import export
from fixed_eval.description import build_model
from fixed_eval.errors import InputError, UsageError
from fixed_eval.export import MEMBER, ModelFacts, check_place, export_model, ink_of, read_facts
from fixed_eval.protocols.registry import get_protocol

# Of NumPy 2 at what Keras does when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FACTS = ModelFacts(
    schema_version=1,
    protocol="simple-cnn",
    version=1,
    fingerprint="f",
    engine="keras",
    classes=("no", "yes", "10"),
    image_size=32,
    colour="rgb",
    pixels="float32",
    ink="dark",
    parameters=1,
    dataset="d",
    seed=123,
    chosen_epoch=4,
    official=False,
    val_accuracy=0.5,
    versions={"keras": "3"},
)


@pytest.mark.parametrize(
    "name",
    [
        # Keras cannot read its RandomShear again
        pytest.param("cutoff-resnet50-augmented", marks=pytest.mark.slow),
        "ablation-augment",
        "simple-cnn",
    ],
)
def test_the_file_is_the_network_without_its_augmentation(tmp_path: Path, name: str):
    protocol = get_protocol(name)
    classes = protocol.classes or FACTS.classes
    model = build_model(protocol, len(classes))
    images = np.random.default_rng(0).integers(0, 256, (2, *model.input_shape[1:]))
    expected = model.predict_on_batch(images.astype(np.float32))
    path = tmp_path / "deep" / "model.keras"
    facts = dataclasses.replace(FACTS, classes=classes, image_size=protocol.image_size)
    export_model(path, protocol, tuple(model.get_weights()), facts)
    assert list(path.parent.iterdir()) == [path]
    assert read_facts(path) == facts
    loaded = export.load_model(path, facts)
    np.testing.assert_allclose(
        loaded.predict_on_batch(images.astype(np.float32)), expected, atol=1e-5
    )
    # As a function too: there Keras' augmentation would draw.
    np.testing.assert_allclose(loaded(images.astype(np.float32)), expected, rtol=1e-4, atol=1e-4)
    assert not any(type(layer).__name__.startswith("Random") for layer in loaded.layers)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "model.keras"
    path.write_text("earlier")
    protocol = get_protocol("simple-cnn")
    weights = tuple(build_model(protocol, 3).get_weights())

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", fail)
    with pytest.raises(OSError, match="No space"):
        export_model(path, protocol, weights, FACTS)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "earlier"


def test_what_is_none_of_ours_is_one_line(tmp_path: Path):
    with pytest.raises(InputError, match=r"none\.keras is not there; expected a \.keras file"):
        read_facts(tmp_path / "none.keras")
    with pytest.raises(InputError, match="is a folder"):
        read_facts(tmp_path)
    path = tmp_path / "model.keras"
    path.write_bytes(b"hello")
    with pytest.raises(InputError, match="is not a .keras file, or damaged"):
        read_facts(path)
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(path)
    with pytest.raises(InputError, match="is a Keras model, but not one of ours"):
        read_facts(path)
    for content, says in (
        ('{"schema_version": 2}', "format 2; this version reads 1"),
        ('{"schema_version": 1}', "missing"),
        ("[]", "cannot be read"),
        ("{", "cannot be read"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(MEMBER, content)
        with pytest.raises(InputError, match=says) as refused:
            read_facts(path)
        assert "\n" not in str(refused.value)


def test_a_damaged_network_is_one_line(tmp_path: Path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(InputError, match="cannot read the model") as refused:
        export.load_model(path, FACTS)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"ink": "blue"},
        {"image_size": float("nan")},
        {"image_size": "32"},
        {"image_size": 0},
        {"image_size": 100_000},
        {"classes": ["i", "i"]},
        {"classes": ["i"]},
        {"classes": [1, 2]},
        {"classes": 3},
        {"colour": "cmyk"},
        {"pixels": "x"},
        {"protocol": None},
    ],
    ids=str,
)
def test_facts_that_cannot_be_are_one_line(tmp_path: Path, changed: dict[str, Any]):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, json.dumps(dataclasses.asdict(FACTS) | changed))
    with pytest.raises(InputError, match="says of itself cannot be read") as refused:
        read_facts(path)
    assert "\n" not in str(refused.value)


def test_facts_nested_beyond_reading_are_one_line(tmp_path: Path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, "[" * 100_000)
    with pytest.raises(InputError, match="says of itself cannot be read"):
        read_facts(path)


def test_an_encrypted_model_is_one_line(tmp_path: Path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, json.dumps(dataclasses.asdict(FACTS)))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the directory's flag of an encrypted member
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"says of itself cannot be read \(.*encrypted"):
        read_facts(path)


def test_a_network_nested_beyond_reading_is_one_line(tmp_path: Path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "[" * 100_000)
    with pytest.raises(InputError, match="cannot read the model .*model.keras: maximum recursion"):
        export.load_model(path, FACTS)


@pytest.mark.parametrize(
    "changed", [{"image_size": 64}, {"classes": ("i", "v", "x", "iv")}, {"colour": "grey"}], ids=str
)
def test_facts_of_another_network_are_one_line(tmp_path: Path, changed: dict[str, Any]):
    path = tmp_path / "model.keras"
    protocol = get_protocol("simple-cnn")
    model = build_model(protocol, len(FACTS.classes))
    export_model(path, protocol, tuple(model.get_weights()), FACTS)
    with pytest.raises(InputError, match="does not fit its network"):
        export.load_model(path, dataclasses.replace(FACTS, **changed))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_is_no_model(tmp_path: Path):
    os.mkfifo(tmp_path / "model.keras")
    with pytest.raises(InputError, match="is a pipe, a socket or a device; expected"):
        read_facts(tmp_path / "model.keras")


def test_places_are_refused_before_the_work(tmp_path: Path):
    check_place(tmp_path / "new" / "model.keras")
    with pytest.raises(UsageError, match=r"ends in \.keras"):
        check_place(tmp_path / "model.h5")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(UsageError, match="something other than a file"):
        check_place(tmp_path / "folder.keras")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write in"):
        check_place(tmp_path / "file" / "model.keras")


def test_a_file_that_no_export_wrote_is_not_written_over(tmp_path: Path):
    mine = tmp_path / "mine.keras"
    mine.write_text("my own network")
    with pytest.raises(UsageError, match=r"mine\.keras: what is there was not written by"):
        check_place(mine)
    with zipfile.ZipFile(tmp_path / "ours.keras", "w") as archive:
        archive.writestr(MEMBER, json.dumps(dataclasses.asdict(FACTS)))
    check_place(tmp_path / "ours.keras")
    (tmp_path / "empty.keras").touch()
    check_place(tmp_path / "empty.keras")


def test_every_fact_is_documented():
    page = (Path(export.__file__).parents[1] / "datagen" / "guide" / "file-formats.md").read_text()
    section = page.partition("The member `fixed_eval.json`")[2].partition("\n### ")[0]
    assert all(f"`{field.name}`" in section for field in dataclasses.fields(ModelFacts))


def test_the_ink_of_the_training_images():
    white = np.full((10, 4, 4, 3), 230, np.uint8)
    white[:, 1, :2] = 0
    assert ink_of(white) == "dark"
    assert ink_of(255 - white) == "light"
    assert ink_of(np.concatenate([white, 255 - white])) is None
    assert ink_of(white.astype(np.float32)) == "dark"
