"""Whether the values hold: images are really removed, and the network trained anew.

All is judged on the fifth of the images that was held back: no value was estimated on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from datagen.curation.audit.value.estimate import ValuedImages, Values
from datagen.curation.audit.value.runs import own_probabilities
from datagen.evaluation.subsets import TellEpochs

SHARE: Final = 0.05
SEEDS: Final = 6
EPOCHS: Final = 12

End = Literal["bottom", "top", "random"]
ENDS: Final[tuple[End, ...]] = ("bottom", "top", "random")

_RESAMPLES: Final = 2000

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Removal:
    """What it did to leave out some images.

    Attributes:
        end: which: those worth least, those worth most, or any.
        removed: how many.
        score: mean over the seeds, on the images held back: the probability of the true label.
        change: against the training on all, with the same seeds.
        low: lower end of its 95 % interval, over seeds and images.
        high: upper end.
    """

    end: End
    removed: int
    score: float
    change: float
    low: float
    high: float


def check_values(
    images: ValuedImages,
    values: Values,
    *,
    seed: int,
    tell: TellEpochs,
    shares: Sequence[float] = (SHARE,),
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
) -> tuple[Removal, ...]:
    """Remove the images worth least, those worth most, and as many at random; train and compare.

    Args:
        images: as they were valued.
        values: of `estimate_values`.
        seed: of the draws.
        tell: told after every epoch of any training.
        shares: parts of the images to remove, each above 0 and below 1.
        seeds: trainings of each kind.
        epochs: of each training.

    Raises:
        EvaluationError: see `train_on_subsets`.
    """
    generator = np.random.default_rng(seed)
    pool = ~values.held_back
    worth = np.array([image.value for image in values.images])
    kinds = [(end, share) for share in shares for end in ENDS]
    drawn = generator.integers(0, 2**32, seeds, np.uint32)
    rows = []
    for _ in range(seeds):  # at random: others with every seed
        chance = generator.permutation(len(worth)).astype(np.float64)
        orders = {"bottom": worth, "top": -worth, "random": chance}
        rows += [pool, *(_without(pool, orders[end], share) for end, share in kinds)]
    own = own_probabilities(
        images.views,
        images.labels,
        np.stack(rows),
        np.repeat(drawn, 1 + len(kinds)),
        epochs=epochs,
        tell=tell,
    ).astype(np.float64)
    judged = own.reshape(seeds, 1 + len(kinds), -1)[:, :, values.held_back]
    groups = np.unique(np.asarray(images.groups)[values.held_back], return_inverse=True)[1]
    return tuple(
        Removal(
            end,
            round(share * int(pool.sum())),
            float(judged[:, at].mean()),
            *_difference(judged[:, at] - judged[:, 0], groups, generator),
        )
        for at, (end, share) in enumerate(kinds, 1)
    )


def _without(pool: Mask, order: Floats, share: float) -> Mask:
    """Return the pool without the part that comes first."""
    chosen = np.flatnonzero(pool)
    first = chosen[np.argsort(order[chosen], kind="stable")[: round(share * len(chosen))]]
    left = pool.copy()
    left[first] = False
    return left


def _difference(
    changes: Floats, groups: npt.NDArray[np.intp], generator: np.random.Generator
) -> Iterable[float]:
    """Return the mean of seeds × images with its 95 % interval, by drawing both anew.

    Images of one group are drawn together.
    """
    totals = np.zeros((len(changes), int(groups.max()) + 1))
    for row, change in zip(totals, changes, strict=True):
        np.add.at(row, groups, change)
    sizes = np.bincount(groups)
    found = []
    for _ in range(_RESAMPLES):
        seeds = generator.integers(0, len(totals), len(totals))
        taken = generator.integers(0, len(sizes), len(sizes))
        found.append(totals[np.ix_(seeds, taken)].sum() / (len(seeds) * sizes[taken].sum()))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(changes.mean()), float(low), float(high)
