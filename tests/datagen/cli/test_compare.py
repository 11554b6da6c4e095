"""`datagen compare` as a user runs it; what it computes is tested elsewhere."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.numerals import CLASSES
from datagen.datasets.content import dataset_content
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.summary import Summary, summarise

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def scores(evaluation: Evaluation, tmp_path: Path) -> Path:
    """Two lines of collected output: a real preview, and an official one made from it."""
    real = summarise(evaluation.scores, path="real")
    hits = [run.tests[0].hits for run in real.runs]
    better = [
        run.model_copy(
            update={
                "tests": (
                    run.tests[0].model_copy(
                        update={"hits": "1" * len(h), "accuracy": 1.0, "leak_free": 1.0}
                    ),
                )
            }
        )
        for run, h in zip(real.runs, hits, strict=True)
    ]
    best = real.model_copy(
        update={"path": "best", "fingerprint": "b", "official": True, "runs": tuple(better)}
    )
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(f"{each.model_dump_json()}\n" for each in (real, best)))
    assert Summary.model_validate_json(path.read_text().splitlines()[0]) == real
    return path


def test_the_table_is_sorted_and_marks_previews(datagen_here: Run, scores: Path) -> None:
    done = datagen_here("compare", scores)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("21 images of ")
    assert [line.split()[0] for line in lines if line.startswith(("best", "real"))] == [
        "best",
        "real",
    ]
    assert "PREVIEW, 2 epochs" in done.stdout
    assert "p < 0.001 images" in done.stdout
    assert "leak-free" in lines[1]


def test_json_is_one_object(datagen_here: Run, scores: Path) -> None:
    done = datagen_here("compare", scores, "--json")
    (line,) = done.stdout.splitlines()
    (table,) = json.loads(line)["tables"]
    best, real = table["rows"]
    assert (best["path"], best["difference"], best["accuracy"]["mean"]) == ("best", None, 1.0)
    assert real["difference"]["accuracy"]["mean"] < 0
    assert real["official"] is False
    assert "best" in done.stderr


@pytest.mark.parametrize(
    ("path", "says"), [("nowhere", "nothing at nowhere"), ("cache", "neither a dataset nor")]
)
def test_bad_input_is_one_clear_line(
    datagen_here: Run, tmp_path: Path, path: str, says: str
) -> None:
    (tmp_path / "cache").mkdir()
    done = datagen_here("compare", path)
    assert (done.returncode, done.stdout) == (4, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def previewed(tmp_path: Path, evaluation: Evaluation) -> Callable[..., None]:
    """Return what makes a dataset, and a report of its preview, as `evaluate --preview` does."""

    def make(name: str, epochs: int | None, seed: int = 0) -> None:
        root = tmp_path / name
        for side in ("train", "val"):
            for numeral in CLASSES:
                (root / side / numeral).mkdir(parents=True)
                image = np.full((8, 8), seed, np.uint8)
                cv2.imwrite(str(root / side / numeral / "0.png"), image)
        if epochs is None:
            return
        content = dataset_content(root)
        assert content is not None
        summary = summarise(evaluation.scores, path=name).model_copy(
            update={"fingerprint": content.fingerprint, "preview": epochs}
        )
        (tmp_path / f"{name}-preview").mkdir()
        (tmp_path / f"{name}-preview" / "summary.json").write_text(summary.model_dump_json())

    return make


def test_previews_of_one_length_are_compared(
    datagen_here: Run, previewed: Callable[..., None]
) -> None:
    previewed("a", 5, seed=1)
    previewed("b", 5, seed=2)
    done = datagen_here("compare", "a", "b")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PREVIEW, 5 epochs") == 2
    assert "all are previews of the same length" in done.stdout


def test_previews_of_other_lengths_or_datasets_are_not(
    datagen_here: Run, previewed: Callable[..., None], tmp_path: Path
) -> None:
    previewed("a", 5, seed=1)
    previewed("b", 7, seed=2)
    previewed("c", None, seed=3)
    for pair, says in (("ab", "have 5 and 7 epochs"), ("ac", "have 5 epochs")):
        done = datagen_here("compare", *pair)
        assert (done.returncode, done.stdout) == (4, "")
        assert says in done.stderr
    assert "`datagen evaluate c" in datagen_here("compare", "c").stderr
    cv2.imwrite(str(tmp_path / "a" / "val" / "i" / "1.png"), np.zeros((8, 8), np.uint8))
    assert datagen_here("compare", "a").returncode == 4  # it is not of the dataset as it is now
