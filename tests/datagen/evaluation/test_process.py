"""How the evaluator's end is told."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from datagen.evaluation.process import EvaluatorProcess


def test_a_killed_evaluator_says_what_is_kept_and_names_no_command(tmp_path: Path) -> None:
    """A sweep quotes it: there the same command takes the failure as an answer."""
    job: Any = SimpleNamespace(seed=123)
    run = EvaluatorProcess(job, tmp_path / "score.json", tmp_path / "state", epoch=4)
    assert str(run._refusal(-9)) == (
        "the evaluator of seed 123 was killed by SIGKILL after epoch 4, whose state is kept; run "
        "again, it resumes there (--workers 1 needs the least memory)"
    )
