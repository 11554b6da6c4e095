"""`datagen holdout` as a user runs it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from datagen.core.numerals import CLASSES

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_folds_are_made_said_and_drawn(
    datagen_here: Run, numeral_folder: Path, tmp_path: Path
) -> None:
    done = datagen_here(
        "holdout", numeral_folder, "-o", "out", "--folds", 2, "--sheet", "a.png", "--json"
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["by"], said["sheet"], len(said["folds"])) == ("style", "a.png", 2)
    held = [fold["counts"]["holdout"] for fold in said["folds"]]
    total = sum(sum(counts.values()) for counts in held)
    assert total == sum(1 for _ in numeral_folder.rglob("*.png"))
    assert all(counts[numeral] for counts in held for numeral in CLASSES)
    assert cv2.imread(str(tmp_path / "a.png")) is not None
    assert re.search(r"^balance +each class held out \d\.\d\d", done.stderr, re.MULTILINE)
    for fold in said["folds"]:
        assert (tmp_path / fold["path"] / "rest" / "v").is_dir()
        assert (tmp_path / fold["path"] / "holdout.json").is_file()
    assert "judge by   --test out/fold-1/holdout\n" in done.stderr
    assert not list(tmp_path.rglob("holdout-reviewed"))


@pytest.mark.parametrize("prefix", ["", "./", ".//"])
def test_paths_of_writers_are_read_as_paths(
    datagen_here: Run, numeral_folder: Path, tmp_path: Path, prefix: str
) -> None:
    files = sorted(path.relative_to(numeral_folder) for path in numeral_folder.glob("*/*"))
    rows = [f"{prefix}{file.as_posix()},w{k % 4}\n" for k, file in enumerate(files)]
    (tmp_path / "w.csv").write_text("path,writer\n" + "".join(rows))
    words = (numeral_folder, "-o", "out", "--fraction", 0.3)
    done = datagen_here("holdout", *words, "--writers", "w.csv")
    assert " of 4 held out" in done.stdout, done.stderr


def test_a_list_of_writers_without_one_is_refused(
    datagen_here: Run, numeral_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "w.csv").write_text("path,writer\n")
    done = datagen_here("holdout", numeral_folder, "-o", "out", "--writers", "w.csv")
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert "w.csv names no writer; expected a line for each image below path,writer" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["{}/i/0.png", "../{}/i/0.png", "i/../i/0.png"])
def test_a_path_of_writers_that_is_not_below_the_folder_is_refused(
    datagen_here: Run, numeral_folder: Path, tmp_path: Path, name: str
) -> None:
    first = min(numeral_folder.glob("i/*"))
    path = str(first) if name.startswith("{}") else name.format(numeral_folder.name)
    path = path.replace("0.png", first.name)
    (tmp_path / "w.csv").write_text(f"path,writer\n{path},kim\n")
    done = datagen_here("holdout", numeral_folder, "-o", "out", "--writers", "w.csv")
    assert done.returncode == 4
    assert "write paths as they are below that folder" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--by", "writer"), 2, "--by 'writer': expected style or random"),
        (("--folds", 0), 2, "--folds 0: expected 1 … 20"),
        (("--folds", 21), 2, "--folds 21: expected 1 … 20"),
        (("--seed", -1), 2, "seed is -1; expected 0 …"),
        (("--writers", "none.csv"), 4, "no file none.csv"),
        (("--writers", "w.csv", "--by", "random"), 2, "--writers keeps whole writers on one side"),
        (("--sheet", "a.xyz"), 2, "a.xyz"),
        (("--folds", 20), 3, "too few for 20 sides; add pictures"),
        (("--folds", 20, "--by", "random"), 3, "do not reach all of 20 folds"),
    ],
)
@pytest.mark.slow
def test_bad_words_are_one_clear_line(
    datagen_here: Run,
    numeral_folder: Path,
    tmp_path: Path,
    arguments: tuple[object, ...],
    code: int,
    says: str,
) -> None:
    done = datagen_here("holdout", numeral_folder, "-o", "out", *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
