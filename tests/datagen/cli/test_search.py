"""`datagen search` as a user runs it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.numerals import CLASSES
from datagen.recipes.load import load

Run = Callable[..., subprocess.CompletedProcess[str]]

SHORT = ("--budget", 300, "--folds", 2, "--preview", 1, "--seeds", 1, "--width", 3, "--no-timing")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--hours", 0), 2, "hours is 0; expected more than 0 and at most 10,000, such as 4"),
        (("--hours", "nan"), 2, "hours is nan; expected more than 0"),
        (("--budget", 50), 2, "the search: budget"),
        (("--folds", 1), 2, "the search: folds"),
        (("--rungs", "30,x"), 2, "--rungs '30,x': expected numbers of epochs, such as 10,30"),
        (("--real", "nowhere"), 4, "nowhere"),
        (("--real", "empty"), 4, "empty"),
        (("--out", "full"), 2, "full holds no search; choose another --out"),
        (("--address", "auto"), 2, "--address has no effect without --executor ray; add"),
        (("--folds", 19), 3, "cannot be divided in 19 folds and a kept part"),
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
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    asked = {"--real": numeral_folder, "--hours": 1, "--out": "best", "--budget": 150}
    asked |= dict(zip(arguments[::2], arguments[1::2], strict=True))  # type: ignore[arg-type]
    words = [word for pair in asked.items() for word in pair]
    done = datagen_here("search", *words, "--no-timing", "--preview", 1)
    assert done.returncode == code
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("datagen: ")
    assert says in said
    assert not (tmp_path / "best").exists()


def test_a_dry_run_meets_an_unknown_review_before_it_divides_the_images(
    datagen_here: Run, numeral_folder: Path
) -> None:
    words = ("--real", numeral_folder, "--hours", 1, "--out", "best", "--budget", 150)
    done = datagen_here("search", *words, "--review", "nothing", "--no-timing", "--dry-run")
    assert done.returncode == 2
    assert done.stderr.startswith("datagen: unknown review 'nothing'; valid: ")


@pytest.mark.parametrize(
    "executor", ["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.long])]
)
@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_whole_search(datagen: Run, tmp_path: Path, executor: str) -> None:
    rng = np.random.default_rng(5)
    for numeral in CLASSES:
        (tmp_path / "mine" / numeral).mkdir(parents=True)
        for k in range(12):
            image = np.full((32, 32), 255, np.uint8)
            image[8:24, 8:24] = rng.integers(0, 2, (16, 16)) * 255
            cv2.imwrite(str(tmp_path / "mine" / numeral / f"{k}.png"), image)
    words = ("search", "--real", "mine", "--hours", 1e-6, "--out", "best", *SHORT)
    done = datagen(*words, "--executor", executor, "--json", timeout=600)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer == json.loads((tmp_path / "best" / "search.json").read_text()) | {
        "folder": answer["folder"],
        "real": answer["real"],
    }
    assert not answer["official"]
    assert {each["error"] for each in answer["candidates"]} == {None}
    assert len(answer["candidates"]) >= 3
    assert answer["looks"]["kept/holdout"] == len(answer["kept"])
    assert load(str(tmp_path / "best" / "recipe.yaml")).budget == 300
    page = (tmp_path / "best" / "search.html").read_text()
    assert "default-src 'none'" in page
    assert answer["kept"][0]["name"] in page
    assert re.search(r"^next +datagen build --recipe best/recipe.yaml", done.stderr, re.MULTILINE)
