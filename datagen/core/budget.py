"""The budget rule and the arithmetic of exact shares. Pure numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from datagen.core.evaluator_facts import BATCH, MAX_IMAGES

Key = TypeVar("Key")

ELIGIBLE_BUDGET: Final = MAX_IMAGES
"""Images, train + val: the rule of the 2021 Data-Centric AI Competition."""

RATIO_LIMIT: Final = 1e12
"""The largest ratio or weight: sums and products of such numbers stay finite."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many images a dataset has, by both counts.

    Attributes:
        test: images of the third part, which no budget counts.
    """

    train: int
    val: int
    test: int = 0

    @property
    def exact(self) -> int:
        """Images, train + val."""
        return self.train + self.val

    @property
    def in_batches(self) -> int:
        """Images as the published script counts: `(ceil(train/8) + ceil(val/8)) × 8`."""
        return (-(-self.train // BATCH) + -(-self.val // BATCH)) * BATCH

    def within(self, budget: int) -> bool:
        """Whether both counts keep to `budget`."""
        return self.exact <= budget and self.in_batches <= budget

    def fitted(self, budget: int, *, val_fixed: bool = False) -> "Count | None":
        """Return the nearest split within `budget` that only takes images away.

        Of the splits that fit it is one with the most images, then the one most alike in
        proportion.

        Args:
            budget: the most images by either count.
            val_fixed: take images from train only.

        Returns:
            None where no split leaves at least one image on either side.
        """
        if self.within(budget):
            return self
        share = self.val / self.exact
        around = round(min(self.exact, budget) * share)
        candidates = [self.val] if val_fixed else range(around - 2 * BATCH, around + 2 * BATCH)
        fitting = [
            Count(train, val)
            for val in candidates
            if 1 <= val <= self.val
            and (train := min(self.train, budget - val, self._room(budget, val))) >= 1
        ]
        return max(fitting, key=lambda c: (c.exact, -abs(c.val / c.exact - share)), default=None)

    @staticmethod
    def _room(budget: int, val: int) -> int:
        """Return how many training images the batches leave beside `val` validation images."""
        return (budget // BATCH - -(-val // BATCH)) * BATCH

    def __str__(self) -> str:
        """Say both counts as a sum."""
        return (
            f"train {self.train:,} + val {self.val:,} = {self.exact:,} images, "
            f"{self.in_batches:,} counted in batches of {BATCH}"
        )


def shares(total: int, weights: Mapping[Key, float]) -> dict[Key, int]:
    """Divide `total` by `weights` with largest-remainder rounding.

    Every share is its exact value rounded down or up, and they add up to `total`; ties go to
    the earlier key.

    Raises:
        ValueError: no weight is positive, or one is negative.
    """
    whole = sum(weights.values())
    if whole <= 0 or min(weights.values()) < 0:
        raise ValueError(f"weights {list(weights.values())} need to be 0 or more, one above 0")
    ideal = {key: total * weight / whole for key, weight in weights.items()}
    return _round(ideal, total)


def table(
    rows: Sequence[tuple[int, Mapping[Key, float]]],
) -> list[dict[Key, int]]:
    """Divide each row's total by its own weights so that the columns come out even as well.

    Rounding left over in one row is made good in the next. Rows with fewer columns go first:
    what they leave over is made good where there are more.

    Args:
        rows: per row, its total and the weights of its columns.

    Returns:
        Counts per row, in the order given. Each row adds up to its total.
    """
    carry: dict[Key, float] = {}
    counts: list[dict[Key, int]] = [{} for _ in rows]
    for k in sorted(range(len(rows)), key=lambda k: len(rows[k][1])):
        total, weights = rows[k]
        whole = sum(weights.values())
        ideal = {
            key: total * weight / whole + carry.get(key, 0.0) for key, weight in weights.items()
        }
        counts[k] = _round(ideal, total)
        carry |= {key: ideal[key] - counts[k][key] for key in ideal}
    return counts


def _round(ideal: Mapping[Key, float], total: int) -> dict[Key, int]:
    """Round to whole numbers of at least 0 that add up to `total`."""
    keys = list(ideal)
    exact = np.maximum(np.array([ideal[key] for key in keys]), 0.0)
    floors = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-(exact - floors), kind="stable")
    missing = total - int(floors.sum())
    while missing != 0:
        for k in order if missing > 0 else order[::-1]:
            if missing == 0:
                break
            if missing > 0:
                floors[k] += 1
                missing -= 1
            elif floors[k] > 0:
                floors[k] -= 1
                missing += 1
    return {key: int(count) for key, count in zip(keys, floors, strict=True)}
