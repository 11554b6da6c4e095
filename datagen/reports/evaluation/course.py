"""What happened in the course of a training, and what its accuracy is to be seen against. Pure.

Enters: a score. Leaves: epochs and rates at which something changed, ranges, a baseline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from datagen.evaluation.records import Epoch, Metrics, Score

LAST: Final = 10
"""Epochs at the end of which val accuracy's range is told."""

_UNFROZEN: Final = "fine-tune"
"""The evaluator's name of a phase that trains what was frozen before."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An epoch that begins in another way than the one before it ended.

    Attributes:
        epoch: that it is.
        text: what is new, in a few words.
    """

    epoch: int
    text: str


def turns(score: Score) -> list[Turn]:
    """Return where a phase begins, and where the learning rate moves within one, in order.

    Scores of earlier versions, which do not tell, have none.
    """
    found = []
    for before, row in zip(score.history, score.history[1:], strict=False):
        rate = "" if row.learning_rate is None else f"rate {row.learning_rate:g}"
        if row.phase != before.phase:
            name = "unfrozen" if row.phase == _UNFROZEN else f"phase {row.phase}"
            found.append(Turn(row.epoch, f"{name}, {rate}" if rate else name))
        elif row.learning_rate != before.learning_rate and rate:
            found.append(Turn(row.epoch, rate))
    return found


def in_words(score: Score) -> str:
    """Return phases and learning rates as sentences; nothing where the score does not tell."""
    sentences = []
    if len(score.phases) > 1:
        named = "; ".join(
            f"{phase.name}: epochs {phase.first_epoch} to {phase.last_epoch}"
            + (f", {phase.ended}" if phase.ended else "")
            + f", kept {phase.chosen_epoch}"
            for phase in score.phases
        )
        sentences.append(f"Phases: {named}.")
    first = score.history[0].learning_rate if score.history else None
    if first is not None:
        moved = [f"{turn.text} from epoch {turn.epoch}" for turn in turns(score)]
        sentences.append("; ".join([f"Learning rate {first:g}", *moved]) + ".")
    return " ".join(sentences)


def val_range(history: Sequence[Epoch], last: int = LAST) -> tuple[float, float] | None:
    """Return the least and greatest val accuracy of the last epochs; None for fewer than two."""
    found = [row.val_accuracy for row in history[-last:]]
    return (min(found), max(found)) if len(found) > 1 else None


def majority(metrics: Metrics) -> tuple[str, float] | None:
    """Return the commonest class of a labelled set, and the accuracy of always answering it.

    Of several equally common ones the first is named; None without images.
    """
    images = sum(each.support for each in metrics.classes)
    if not images:
        return None
    commonest = max(metrics.classes, key=lambda each: each.support)
    return commonest.name, commonest.support / images
