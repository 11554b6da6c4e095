"""Scores by name, without an evaluator: the records are written here."""

from pathlib import Path

import pytest

from datagen.score import Request
from datagen.score_cache import Content, known_scores, remember, slot
from datagen.scores import (
    Accuracy,
    Average,
    EvaluatedDataset,
    Metrics,
    ProtocolRecord,
    Score,
)

METRICS = Metrics(
    accuracy=Accuracy(accuracy=0.5, correct=1, images=2, interval=(0.1, 0.9)),
    loss=1.0,
    classes=(),
    macro=Average(precision=0.5, recall=0.5, f1=0.5, auc=None),
    weighted=Average(precision=0.5, recall=0.5, f1=0.5, auc=None),
    confusion=(),
    top_confusions=(),
    roc=(),
)


@pytest.fixture
def score() -> Score:
    return Score(
        schema_version=1,
        official=True,
        complete=True,
        preview=None,
        protocol=ProtocolRecord(
            name="cutoff-resnet50",
            version=1,
            fingerprint="f",
            engine="native",
            epochs=100,
            constants={},
            sources={},
        ),
        dataset=EvaluatedDataset(
            path="ds", fingerprint="d", train=1, val=1, classes={}, budget=1, budget_used=1
        ),
        seed=123,
        before_training={},
        history=(),
        chosen_epoch=1,
        val=METRICS,
        tests=(),
        note=None,
        warnings=(),
        seconds={"total": 9.0},
        threads=1,
        device="cpu",
        versions={},
    )


def test_a_run_under_two_names_is_one_score(score: Score) -> None:
    """`--force` by one name leaves the other's record: the same run, other seconds."""
    auto, native = (
        slot(Request(Path("ds"), engine=engine).jobs()[0], "d", (), "evaluator")
        for engine in ("auto", "native")
    )
    remember(auto, score)
    assert auto.named["native"] == native.score
    remember(native, score.model_copy(update={"seconds": {"total": 8.0}}))
    other = slot(Request(Path("ds"), seed=124).jobs()[0], "d", (), "evaluator")
    remember(other, score.model_copy(update={"seed": 124}))
    assert sorted(found.seed for found in known_scores(Content("d", {}))) == [123, 124]
