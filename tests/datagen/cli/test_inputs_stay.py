"""No command writes over what it reads: images and records of a folder stay as they are."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

COMMANDS = [
    ("audit", "ds", "--folds", "2", "--epochs", "1", "--seeds", "1", "--out", "{}"),
    ("diff", "ds", "ds", "--out", "{}"),
    ("mine", "ds", "--test", "ds/val", "--preview", "1", "--out", "{}", "--sheet", "s.png"),
    ("mine", "ds", "--test", "ds/val", "--preview", "1", "--sheet", "{}"),
    ("rare", "ds", "--out", "{}", "--sheet", "s.png"),
    ("rare", "ds", "--sheet", "{}"),
    ("holdout", "ds", "--out", "o", "--sheet", "{}"),
    ("review", "ds", "--no-audit", "--no-browser", "--out", "{}"),
    ("review", "ds", "--no-audit", "--html", "{}", "--overwrite"),
    ("card", "ds", "--out", "{}", "--overwrite"),
    ("preview", "ds", "--out", "{}"),
    ("preview", "--source", "images:ds", "--out", "{}"),
    ("preview", "--pipeline", "top5", "ds/val/i/00000.png", "--out", "{}"),
    ("evaluate", "ds", "--preview", "1", "--export-model", "ds/val/i/model.keras"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:60])
def test_an_image_that_is_read_is_not_written_over(
    datagen_here: Run, dataset: Path, words: tuple[str, ...]
) -> None:
    image = min((dataset / "val" / "i").iterdir())
    before = {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}
    place = str(image.relative_to(dataset.parent))
    named = [word.replace("ds/val/i/00000.png", place).replace("{}", place) for word in words]
    done = datagen_here(*named)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "which are only read; choose another --" in done.stderr
    assert before == {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}


def test_a_record_may_lie_beside_the_images_but_not_in_the_place_of_theirs(
    datagen_here: Run, dataset: Path
) -> None:
    done = datagen_here("rare", "ds", "--out", "ds/manifest.jsonl")
    assert done.returncode == 2
    assert "which are only read" in done.stderr
    assert not datagen_here("rare", "ds", "--out", "ds/rare.json").returncode
    assert (dataset / "rare.json").is_file()
