"""What a sweep's answer advises, and when."""

from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.evaluation.compare import Difference
from datagen.evaluation.summary import Spread
from datagen.sweeps.page.colours import scale_of
from datagen.sweeps.records import Trial
from datagen.sweeps.results import words
from datagen.sweeps.results.advice import advice, misled, needed_seeds
from datagen.sweeps.results.ranking import read
from tests.datagen.sweeps.results.test_view import printed

Make = Callable[..., Trial]
Write = Callable[..., Path]
A, B, C = {"pen": 1.0}, {"emnist": 1.0}, {"fonts": 1.0}


def found(mean: float, std: float | None) -> Difference:
    return Difference(Spread(mean=mean, std=std), None, None, 0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("mean", "std", "seen", "seeds"),
    [
        (0.01, None, 1, 5),
        (0.0, 0.01, 3, 21),
        (0.02, 0.01, 3, 5),
        (0.01, 0.01, 3, 10),
        (0.001, 0.01, 3, 786),
        (0.02, 0.001, 6, 8),
    ],
)
def test_seeds_follow_from_difference_and_spread(
    mean: float, std: float | None, seen: int, seeds: int
) -> None:
    assert needed_seeds(found(mean, std), seen) == seeds
    assert needed_seeds(found(-mean, std), seen) == seeds


def test_an_open_answer_names_two_and_how_long(trial: Make, write: Write) -> None:
    answer = read(write(trial(A, 0.70), trial(B, 0.69), trial(C, 0.3)))
    said = advice(answer)
    assert said is not None
    assert [each.name for each in said.pair] == ["pen=1", "emnist=1"]
    assert said.seeds == 5
    # 205 s each, 2 × 4 more seeds
    assert "with 5 seeds each: about 27 min 20 s of work" in said.text
    assert said.on == answer.selection


def test_a_decided_answer_is_believed(trial: Make, write: Write) -> None:
    folder = write(*(trial(r, q, seed=s) for r, q in ((A, 0.9), (B, 0.3)) for s in (1, 2, 3)))
    said = advice(read(folder))
    assert said is not None
    assert said.text.startswith("Trust it: pen=1")
    assert said.pair == ()


def test_previews_are_run_to_the_end_first(trial: Make, write: Write) -> None:
    short = {"official": False, "epochs": 5}
    said = advice(read(write(trial(A, 0.9, **short), trial(B, 0.3, **short))))
    assert said is not None
    assert "not official scores" in said.text
    assert said.seeds == 3
    assert "about 6 h 50 min" in said.text  # 6 runs of 100 epochs at 41 s


def test_without_common_images_nothing_is_believed(trial: Make, write: Write) -> None:
    said = advice(read(write(*(trial(r, 0.5, selection=False, tests=()) for r in (A, B)))))
    assert said is not None
    assert "--select DIR" in said.text
    assert advice(read(write(trial(A, 0.5)))) is None


def test_the_winner_on_val_that_loses_the_test_is_told(trial: Make, write: Write) -> None:
    winner = trial(A, 0.3, selection=False, val_accuracy=0.99)
    other = trial(B, 0.8, selection=False, val_accuracy=0.8)
    answer = read(write(winner, other))
    (said,) = misled(answer)
    assert said.startswith("val misleads: pen=1 is the best on val (0.9900) and the worst on data/")
    assert "within noise" not in said
    assert said in words.notes(answer)
    assert misled(read(write(trial(A, 0.8), trial(B, 0.3)))) == []


def test_page_and_terminal_have_one_scale(trial: Make, write: Write) -> None:
    folder = write(trial(A, 0.7), trial(B, 0.4))
    colours = scale_of(read(folder))
    assert colours is not None
    assert colours.low < 0.4 < colours.high
    assert "advice  " in printed(folder, 80)
