"""Where a training changes its ways, what val ranged over, and the majority baseline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.evaluation.records import Accuracy, ClassMetrics, Epoch, Metrics, Phase, Score
from datagen.reports.evaluation.course import Turn, in_words, majority, turns, val_range
from datagen.reports.evaluation.curves import curves


def _trained(score: Score, *rows: tuple[str | None, float | None]) -> Score:
    history = tuple(
        score.history[0].model_copy(
            update={"epoch": k, "phase": phase, "learning_rate": rate, "val_accuracy": k / 100}
        )
        for k, (phase, rate) in enumerate(rows, 1)
    )
    return score.model_copy(update={"history": history, "chosen_epoch": 1})


def test_a_falling_learning_rate_is_marked_where_it_moves(score: Score) -> None:
    rows = [("train", 0.01)] * 3 + [("train", 0.001)] * 2 + [("train", 0.0001)]
    trained = _trained(score, *rows)
    assert turns(trained) == [Turn(4, "rate 0.001"), Turn(6, "rate 0.0001")]
    assert in_words(trained) == (
        "Learning rate 0.01; rate 0.001 from epoch 4; rate 0.0001 from epoch 6."
    )
    drawn = curves([trained])
    assert drawn.count('<line class="turn"') == 4  # in both charts


def test_unfreezing_is_marked_and_phases_are_told(score: Score) -> None:
    nothing = Accuracy(images=0, correct=0, accuracy=None, interval=None)
    head, fine = (
        Phase(
            name=name,
            first_epoch=first,
            last_epoch=last,
            chosen_epoch=last,
            ended=ended,
            val=nothing,
            tests=(),
        )
        for name, first, last, ended in (
            ("head", 1, 2, "stopped early"),
            ("fine-tune", 3, 4, None),
        )
    )
    rows = [("head", 1e-4)] * 2 + [("fine-tune", 1e-6)] * 2
    trained = _trained(score, *rows).model_copy(update={"phases": (head, fine)})
    assert turns(trained) == [Turn(3, "unfrozen, rate 1e-06")]
    assert in_words(trained).startswith(
        "Phases: head: epochs 1 to 2, stopped early, kept 2; fine-tune: epochs 3 to 4, kept 4."
    )


def test_a_score_of_an_earlier_version_has_no_marks(score: Score) -> None:
    trained = _trained(score, *[(None, None)] * 3)
    assert turns(trained) == []
    assert in_words(trained) == ""
    assert 'class="turn"' not in curves([trained])


@given(st.integers(0, 30))
def test_the_range_is_that_of_the_last_ten_epochs(epochs: int) -> None:
    history = [
        Epoch(
            epoch=k,
            loss=0,
            accuracy=0,
            val_loss=0,
            val_accuracy=k / 100,
            seconds=0,
            train_seconds=0,
        )
        for k in range(1, epochs + 1)
    ]
    expected = (max(1, epochs - 9) / 100, epochs / 100) if epochs > 1 else None
    assert val_range(history) == expected


def _labelled(score: Score, **supports: int) -> Metrics:
    classes = tuple(
        ClassMetrics(name=name, precision=None, recall=None, f1=None, support=n, auc=None)
        for name, n in supports.items()
    )
    return score.val.model_copy(update={"classes": classes})


def test_the_commonest_class_is_the_baseline(score: Score) -> None:
    assert majority(_labelled(score, i=3, iv=5, x=2)) == ("iv", 0.5)
    assert majority(_labelled(score, i=2, iv=2)) == ("i", 0.5)
    assert majority(_labelled(score, i=0)) is None
    assert majority(_labelled(score)) is None


@pytest.mark.parametrize("name", ["iv", "x"])
def test_the_baseline_is_drawn_and_said(score: Score, name: str) -> None:
    trained = _trained(score, *[("train", 1e-4)] * 12)
    trained = trained.model_copy(update={"val": _labelled(score, **{name: 3, "i": 1})})
    drawn = curves([trained])
    assert f"always {name} (val)" in drawn
    assert "gives 0.750" in drawn
    assert "over the last 10 epochs val moved between 0.030 and 0.120" in drawn
    assert drawn.count('<rect class="band"') == 1
