"""`datagen rare` as a user runs it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from datagen.sources.images.weights import read_weights

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_rare_styles_are_recorded_and_shown(
    datagen_here: Run, numeral_folder: Path, tmp_path: Path
) -> None:
    done = datagen_here("rare", numeral_folder, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["command"], found["images"], found["clusters"]) == ("rare", 60, 12)
    assert len(read_weights(tmp_path / "rare.json")) == 60
    assert cv2.imread(str(tmp_path / "rare.png")) is not None
    assert re.search(r"^viii +6 +1 +6 +6 +1\.00 … 1\.00", done.stderr, re.MULTILINE)
    quiet = datagen_here("rare", numeral_folder, "--quiet", "--out", "a.json", "--sheet", "b.png")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "rare.json").read_bytes()
    boost = ("--option", "images.boost=rare.json", "--pipeline", "cropped")
    built = datagen_here(
        "build", "--source", f"images:{numeral_folder}", *boost, "--images", 100, "--out", "ds"
    )
    assert built.returncode == 0, built.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere",), 4, "no folder at nowhere"),
        (("numerals", "--clusters", 1), 2, "--clusters is 1; expected 2"),
        (("numerals", "--seed", -1), 2, "seed is -1"),
        (("numerals", "--review", "none"), 2, "none"),
        (("numerals", "-o", "no/a.json"), 2, "no folder no"),
        (("numerals", "-o", "a.png"), 2, "both the record and"),
        (("numerals", "--sheet", "a.xyz"), 2, "a.xyz"),
    ],
)
@pytest.mark.usefixtures("numeral_folder")
def test_bad_input_is_one_clear_line(
    datagen_here: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = datagen_here("rare", *arguments)
    assert done.returncode == code, done.stderr
    assert re.search(says, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} <= {"cache", "numerals"}
