"""`datagen preview --pipeline` as a user runs it; sheets of datasets: `test_commands.py`."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from datagen.core.numerals import CLASSES
from pipelines.pipeline import Applied, replay

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_without_images_numerals_are_composed(datagen_here: Run, tmp_path: Path) -> None:
    done = datagen_here(
        "preview", "--pipeline", "keras-flips", "--option", "pen.writers=12", "--json"
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["pipeline"], found["steps"]) == ("keras-flips", ["horizontal_flip", "affine"])
    rows = {row["class"]: row for row in found["images"]}
    assert list(rows) == list(CLASSES)
    assert [outcome["refused_by"] for outcome in rows["ix"]["whole"]] == ["horizontal_flip"] * 5
    assert rows["x"]["alone"][0]["applied"] == [{"op": "horizontal_flip", "parameters": {}}]
    assert "refused for ix" in done.stderr
    picture = cv2.imread(str(tmp_path / "preview.png"))
    assert picture is not None
    assert picture.shape[0] > 10 * 112


def test_images_and_folders_become_rows_that_can_be_replayed(
    datagen_here: Run, numeral_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("steps: [{op: elastic}, {op: fade, p: 0.5}]")
    image = numeral_folder / "iv" / "0.png"
    given = ("preview", "--pipeline", "mine.yaml", image, numeral_folder, "--per-class", 1)
    done = datagen_here(*given, "--style", "upper", "--per-cell", 2, "--tile", 32, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["images"]
    assert [row["class"] for row in rows] == ["iv", *(n for n in CLASSES if n != "iv")]
    assert {row["style"] for row in rows} == {"upper"}
    assert len(rows[0]["whole"]) == 2
    steps = [Applied.from_json(step) for step in rows[0]["alone"][0]["applied"]]
    before = cv2.imread(str(image), cv2.IMREAD_GRAYSCALE)
    assert before is not None
    assert replay(before.astype("uint8"), steps).shape == before.shape
    other = datagen_here(*given, "--style", "upper", "--per-cell", 2, "--seed", 1, "--json")
    assert json.loads(other.stdout)["images"][0]["alone"] != rows[0]["alone"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--pipeline", "scaned"), 2, "did you mean 'scanned'"),
        (("--pipeline", "scanned", "nowhere.png"), 4, "no image nowhere.png"),
        (("--pipeline", "scanned", "a.png"), 2, "class of a.png is not known.*--class"),
        (("--pipeline", "scanned", "a.png", "--class", "iv"), 4, "a.png is not an image"),
        (("--pipeline", "scanned", "a.png", "--class", "xi"), 2, "unknown class 'xi'"),
        (("--pipeline", "scanned", "a.png", "--source", "pen"), 2, "images are given"),
        (("--pipeline", "scanned", "--class", "iv"), 2, "--class says what given images show"),
        (("--pipeline", "scanned", "--style", "capital"), 2, "'capital'"),
        (("--style", "upper"), 2, "belong to --pipeline"),
        (("a.png", "b.png"), 2, "several images need --pipeline"),
        (("--pipeline", "top5", "--out", "a.xyz", "numerals/i"), 2, "cannot write a.xyz"),
    ],
)
@pytest.mark.usefixtures("numeral_folder")
def test_bad_input_is_one_clear_line(
    datagen_here: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (tmp_path / "a.png").write_bytes(b"not a picture")
    done = datagen_here("preview", *arguments)
    assert done.returncode == code, done.stderr
    assert re.search(says, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert not (tmp_path / "preview.png").exists()


def test_a_recipe_is_told_where_its_images_are(datagen_here: Run) -> None:
    done = datagen_here("preview", "top5", "--path", "images=nowhere")
    assert (done.returncode, "no folder at" in done.stderr) == (4, True), done.stderr
