"""Scores by name, without an evaluator: the record is written in conftest."""

import importlib.metadata
from pathlib import Path

import pytest

from datagen.datasets.content import Content
from datagen.evaluation.cache import known_scores, remember, slot
from datagen.evaluation.process import identity
from datagen.evaluation.records import Score
from datagen.evaluation.request import EvaluationRequest
from fixed_eval.fingerprint import COMPUTING


def test_a_run_under_two_names_is_one_score(score: Score) -> None:
    """`--force` by one name leaves the other's record: the same run, other seconds."""
    auto, native = (
        slot(EvaluationRequest(Path("ds"), engine=engine).jobs()[0], "d", (), "evaluator")
        for engine in ("auto", "native")
    )
    remember(auto, score)
    assert auto.named["native"] == native.score
    remember(native, score.model_copy(update={"seconds": {"total": 8.0}}))
    other = slot(EvaluationRequest(Path("ds"), seed=124).jobs()[0], "d", (), "evaluator")
    remember(other, score.model_copy(update={"seed": 124}))
    assert sorted(found.seed for found in known_scores(Content("d", {}))) == [123, 124]


@pytest.mark.parametrize("package", COMPUTING)
def test_an_update_of_what_computes_makes_old_scores_unknown(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, version = identity(), importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "0" if name == package else version(name)
    )
    assert identity() != before
