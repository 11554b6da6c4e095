"""What the decisions so far do to a score: the same training with and without them.

Enters: images, decisions. Leaves: a difference in accuracy, with its noise. Not an official score.

The folder is divided once, by group: about three tenths are held out, the rest is trained on. The
division hangs on the images alone, so it is the same before and after every decision. One side
trains on the rest as given, the other on the rest as decided: dropped images left out, relabelled
ones under their new class. Both sides have the same initial weights, run by run, and both are asked
about the same held-out images: all of them, under the labels as given. So what is compared is
training data alone; a decision about a held-out image changes nothing on either side.

A second comparison judges the same networks by the held-out images as decided: those dropped there
are left out for both sides, those relabelled count under their new class for both.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.numerals import CLASSES
from datagen.curation.audit.value.runs import RATE
from datagen.evaluation.subsets import LogProbabilities, train_on_subsets
from datagen.reviews.page.suspects import Decisions, Suspect
from datagen.sources.images.review import LabelCorrection

RUNS: Final = 5
"""Trainings on either side, each with its own initial weights."""
EPOCHS: Final = 10
_HELD_OUT: Final = 0.3
_LEAST: Final = 60  # images, below which a held-out score says nothing
_SEED: Final = 7
_DRAWS: Final = 1000  # of the bootstrap
_SURE: Final = -14.0  # log of the least probability that counts: one network shall not veto

Tell = Callable[[int, int], None]
Labels = npt.NDArray[np.intp]
Views = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AccuracyChange:
    """Accuracy with the decisions, less that without them.

    Attributes:
        without: accuracy of the networks trained on images as given.
        mean: difference, in accuracy.
        low: lower end of its 95 % interval, by a bootstrap over trainings and images.
        high: upper end of it.
        images: that both sides are asked about.
    """

    without: float
    mean: float
    low: float
    high: float
    images: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What decisions have done.

    Attributes:
        decisions: how many change the images: drops and relabels.
        trained: how many of those are among the images that are trained on.
        given: asked about the held-out images as they were given.
        decided: about the held-out images as decided.
        runs: trainings on either side.
        epochs: of each.
    """

    decisions: int
    trained: int
    given: AccuracyChange
    decided: AccuracyChange
    runs: int
    epochs: int


def held_out(images: Sequence[Suspect]) -> Rows:
    """Return which images are held out, by group, about three tenths of each class."""
    groups = [image.sha256 if image.found is None else image.found.group for image in images]
    taken: set[str] = set()
    for numeral in CLASSES:
        own = {
            group for image, group in zip(images, groups, strict=True) if image.numeral == numeral
        }
        order = sorted(own, key=lambda group: hashlib.sha256(group.encode()).digest())
        taken.update(order[: round(_HELD_OUT * len(order))])
    return np.array([group in taken for group in groups], np.bool_)


def measure(
    images: Sequence[Suspect],
    views: Views,
    decisions: Decisions,
    tell: Tell = lambda _done, _all: None,
    *,
    runs: int = RUNS,
    epochs: int = EPOCHS,
) -> Effect | None:
    """Train with and without the decisions; None where there is too little to say anything.

    Args:
        images: of the folder.
        views: `uint8 N×32×32`, as the evaluator sees them.
        decisions: of the review.
        tell: told how many epochs of all trainings are done, of how many.
        runs: trainings on either side, at least 2.
        epochs: of each training.

    Raises:
        EvaluationError: the evaluator cannot run here.
    """
    own = [_own(image, decisions) for image in images]
    changed = np.array([one is not None and one.verdict != "keep" for one in own], np.bool_)
    given = np.array([CLASSES.index(image.numeral) for image in images])
    shown = np.array([_shown(image, one) for image, one in zip(images, own, strict=True)])
    held = held_out(images)
    rest = ~held
    left = rest & (shown >= 0)
    if len(images) < _LEAST or not (changed & rest).any() or not left.any() or not held.any():
        return None
    moved = np.flatnonzero(rest & changed & (shown >= 0))  # these come again, under their new class
    rows = np.concatenate([views, views[moved]])
    labels = np.concatenate([given, shown[moved]])
    extra = np.zeros(len(moved), np.bool_)
    without = np.concatenate([rest, extra])
    with_them = np.concatenate([rest & ~changed, ~extra])
    seeds = np.arange(_SEED, _SEED + runs)
    logs = train_on_subsets(
        rows,
        labels,
        np.stack([without, with_them] * runs),
        np.repeat(seeds, 2),
        epochs=epochs,
        rate=RATE,
        tell=tell,
    )
    said = logs[:, : len(images)]
    sound = held & (shown >= 0)
    return Effect(
        decisions=int(changed.sum()),
        trained=int((changed & rest).sum()),
        given=_difference(said[:, held], given[held]),
        decided=_difference(said[:, sound], shown[sound]),
        runs=runs,
        epochs=epochs,
    )


def _own(image: Suspect, decisions: Decisions) -> LabelCorrection | None:
    one = decisions.get(image.sha256)
    return one if one is not None and one.was == image.numeral else None


def _shown(image: Suspect, one: LabelCorrection | None) -> int:
    """Return the class that an image shows, as decided; -1 where it is dropped."""
    if one is None:
        return CLASSES.index(image.numeral)
    return -1 if one.shows is None else CLASSES.index(one.shows)


def _difference(said: LogProbabilities, labels: Labels) -> AccuracyChange:
    """Compare two sides by the mean of their networks' log-probabilities.

    A network of few epochs stands where its last steps left it: one alone says little, their mean
    says more. So the bootstrap draws trainings on each side, and images.

    Args:
        said: of runs by turns without and with the decisions, `2R×M×10`.
        labels: M, by which both are judged.
    """
    generator = np.random.default_rng(_SEED)
    clipped = np.maximum(said, _SURE)
    sides = clipped[::2], clipped[1::2]
    runs, images = len(sides[0]), len(labels)

    def right(side: LogProbabilities) -> Rows:
        found: Rows = side.mean(axis=0).argmax(axis=1) == labels
        return found

    def draw() -> float:
        asked = generator.integers(0, images, images)
        without, with_them = (
            right(side[generator.integers(0, runs, runs)])[asked].mean() for side in sides
        )
        return float(with_them - without)

    without, with_them = (float(right(side).mean()) for side in sides)
    low, high = np.percentile([draw() for _ in range(_DRAWS)], [2.5, 97.5])
    return AccuracyChange(without, with_them - without, float(low), float(high), images)


def sentence(effect: Effect) -> str:
    """Return what a person reads of it."""
    given, decided = effect.given, effect.decided
    return (
        f"Held-out preview score with your decisions: {_points(given)} on {given.images:,} images "
        f"as given, {_points(decided)} on those as you decided ({effect.runs} networks of "
        f"{effect.epochs} epochs on either side, {100 * given.without:.1f} % without; "
        f"{effect.trained:,} of {effect.decisions:,} changes are among the images trained on)."
    )


def _points(found: AccuracyChange) -> str:
    low, mean, high = (100 * each for each in (found.low, found.mean, found.high))
    clear = "" if low > 0 or high < 0 else ", no clear difference"
    return f"{mean:+.1f} points (95 % interval {low:+.1f} … {high:+.1f}{clear})"
