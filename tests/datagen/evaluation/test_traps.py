"""What is said before training of files that the protocol sees otherwise than a person."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from datagen.core.numerals import CLASSES
from datagen.datasets.content import dataset_content
from datagen.evaluation.evaluate import Evaluation, evaluate_dataset
from datagen.evaluation.process import Event
from datagen.evaluation.traps import trap_warnings
from tests.datagen.datasets.test_traps import CLEAR, GRAY, LIGHT, turned_by
from tests.datagen.files.test_decode import encode


def lay(root: Path, data: bytes, name: str = "a.png") -> Path:
    for numeral in CLASSES:
        (root / numeral).mkdir(parents=True, exist_ok=True)
        (root / numeral / name).write_bytes(data)
    return root


def said_of(dataset: Path, tests: tuple[Path, ...] = ()) -> list[str]:
    return list(trap_warnings(dataset, dataset_content(dataset), tests))


def test_tests_and_training_images_are_looked_at(tmp_path: Path) -> None:
    lay(tmp_path / "ds" / "train", encode(GRAY))
    lay(tmp_path / "ds" / "val", encode(GRAY, exif=turned_by(6)))
    clear = lay(tmp_path / "clear", encode(Image.fromarray(CLEAR)))
    light = lay(tmp_path / "light", encode(Image.fromarray(LIGHT)))
    lay(light, encode(GRAY.convert("RGB"), "WEBP"), "b.webp")
    said = said_of(tmp_path / "ds", (clear, light, tmp_path / "nowhere"))
    assert [line.partition(" (first")[0] for line in said] == [
        f"10 files of {tmp_path / 'ds'} are turned by EXIF, which the protocol ignores",
        f"10 files of {clear} are transparent, which the protocol ignores",
        f"10 files of {light} are of a format that the evaluator does not read",
        f"10 files of {light} are light ink on dark paper",
    ]
    assert "first val/i/a.png: reaches the network on its side" in said[0]
    assert "first i/a.png: reaches the network all black" in said[1]


def test_classes_that_a_test_lacks_are_named(dataset: Path, tmp_path: Path) -> None:
    test = lay(tmp_path / "test", encode(GRAY))
    assert said_of(dataset, (test,)) == []
    (test / "x" / "a.png").unlink()
    shutil.rmtree(test / "viii")
    assert said_of(dataset, (test,)) == [
        f"{test} has no image of viii, x: the accuracy leaves them out"
    ]


def test_a_dataset_as_built_is_not_read_again(dataset: Path, tmp_path: Path) -> None:
    assert said_of(dataset) == []
    next((dataset / "val" / "i").iterdir()).write_bytes(encode(Image.fromarray(CLEAR)))
    assert len(said_of(dataset)) == 1
    assert said_of(tmp_path / "nowhere") == []


@pytest.mark.tensorflow
def test_a_known_score_is_told_of_too(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {score.seed: score for score in evaluation.scores}
    monkeypatch.setattr("datagen.evaluation.evaluate._recalled", lambda *_: known)
    monkeypatch.setattr("datagen.evaluation.evaluate.trap_warnings", lambda *_: iter(["turned"]))
    told: list[Event] = []
    found = evaluate_dataset(evaluation.request, lambda _, event: told.append(event))
    assert found.all_cached
    assert {"event": "warning", "message": "turned", "of": "dataset"} in told
    assert "turned" in found.summary.warnings
