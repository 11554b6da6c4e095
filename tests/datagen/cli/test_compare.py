"""`datagen compare` as a user runs it; what it computes is tested elsewhere."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

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
                "tests": (run.tests[0].model_copy(update={"hits": "1" * len(h), "accuracy": 1.0}),)
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
