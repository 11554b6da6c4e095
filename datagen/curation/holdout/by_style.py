"""Sides by style: whole clusters of alike pictures are dealt out, near ones to the same side.

Enters: what stays together (units), with its place in the space of styles and its counts per class.
Leaves: the side or fold of every unit. Pure functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.errors import SplitError
from datagen.core.text import how_many
from datagen.images.style_features import Features

Labels = npt.NDArray[np.intp]
Counts = npt.NDArray[np.float64]

STYLES: Final = 60
"""Clusters of a whole collection: small enough to be one hand with one pen on one kind of sheet."""

_BALANCE: Final = 3.0
"""What uneven sides count beside sides that mix styles: a mean squared deviation from an even
share, beside a share of the variance of styles."""

_STARTS: Final = 8  # random first cuts, of which the best is taken
_SWEEPS: Final = 30  # of improvements; the competition's images need under 10


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Pictures that stay together, N of them.

    Attributes:
        points: `N×F`, the mean of their standardised features.
        counts: `N×C`, pictures per class; classes counted twice, as given and as reviewed, may
            stand side by side.
        names: what messages call the C columns.
    """

    points: Features
    counts: Counts
    names: Sequence[str]


def deal(units: Units, styles: Labels, shares: Sequence[float], seed: int) -> Labels:
    """Return the side of every unit, 0 … `len(shares)` - 1.

    Whole clusters go to one side. Where that leaves a class without a picture on a side, the
    nearest units that have one move there.

    Args:
        units: what stays together.
        styles: the cluster of each unit, numbered so that neighbours are alike.
        shares: of each side; they sum to 1.
        seed: which styles go where.

    Raises:
        SplitError: a class has too few units to be on every side.
    """
    rng = np.random.default_rng(seed)
    sides = _Dealing(units, styles, shares).best(rng)[styles]
    return _fill_empty(units, sides, len(shares))


class _Dealing:
    """Clusters dealt to sides: a first cut of the chain of styles, then moves and exchanges."""

    def __init__(self, units: Units, styles: Labels, shares: Sequence[float]) -> None:
        many = int(styles.max()) + 1
        self._counts = np.zeros((many, units.counts.shape[1]))
        np.add.at(self._counts, styles, units.counts)
        self._sizes = self._counts.sum(axis=1)
        weight = units.counts.sum(axis=1)
        sums = np.zeros((many, units.points.shape[1]))
        np.add.at(sums, styles, units.points * weight[:, None])
        self._sums = sums - self._sizes[:, None] * (sums.sum(axis=0) / self._sizes.sum())
        centres = self._sums / self._sizes[:, None]
        self._variance = max(float((self._sizes[:, None] * centres**2).sum()), 1e-12)
        self._shares = np.array(shares)
        self._total = np.maximum(self._counts.sum(axis=0), 1)
        self._one_hot = np.eye(len(shares))

    def best(self, rng: np.random.Generator) -> Labels:
        """Return the side of each cluster: the best of some starts, each improved."""
        found = [self._improved(self._cut(rng)) for _ in range(_STARTS)]
        return min(found, key=lambda pair: pair[1])[0]

    def _cut(self, rng: np.random.Generator) -> Labels:
        """Cut the chain, closed to a ring, into stretches of the shares, from a random start."""
        many = len(self._sizes)
        ring = np.roll(np.arange(many), -int(rng.integers(many)))
        sizes = self._sizes[ring]
        middle = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
        sides = np.empty(many, np.intp)
        sides[ring] = np.searchsorted(np.cumsum(self._shares)[:-1], middle)
        return sides

    def _improved(self, sides: Labels) -> tuple[Labels, float]:
        """Return sides that no move of a cluster and no exchange of two makes better."""
        cost = float(self._costs(sides[None])[0])
        for _ in range(_SWEEPS):
            before = cost
            for one in range(len(sides)):
                trials = self._neighbours(sides, one)
                costs = self._costs(trials)
                if len(trials) and costs.min() < cost - 1e-9:
                    sides, cost = trials[costs.argmin()], float(costs.min())
            if cost == before:
                break
        return sides, cost

    def _neighbours(self, sides: Labels, one: int) -> Labels:
        """Return `sides` with cluster `one` on another side, or exchanged with a later cluster."""
        own = sides[one]
        elsewhere = np.flatnonzero(np.arange(len(self._shares)) != own)
        later = np.arange(one + 1, len(sides))
        others = later[sides[later] != own]
        trials = np.tile(sides, (len(elsewhere) + len(others), 1))
        trials[: len(elsewhere), one] = elsewhere
        rows = np.arange(len(elsewhere), len(trials))
        trials[rows, one] = sides[others]
        trials[rows, others] = own
        return trials

    def _costs(self, trials: Labels) -> Features:
        """Return how mixed the sides' styles are, 0 … 1, and how uneven their counts, of each."""
        chosen = self._one_hot[trials].transpose(0, 2, 1)  # trial, side, cluster
        sizes = chosen @ self._sizes
        within = ((chosen @ self._sums) ** 2).sum(axis=2) / np.maximum(sizes, 1)
        mixed = 1 - within.sum(axis=1) / self._variance
        uneven = (chosen @ self._counts) / self._total / self._shares[:, None] - 1
        whole = sizes / self._sizes.sum() / self._shares - 1
        costs: Features = mixed + _BALANCE * ((uneven**2).mean(axis=2) + whole**2) @ self._shares
        return costs


def _fill_empty(units: Units, sides: Labels, many: int) -> Labels:
    """Return `sides` with every class on every side, the nearest units moved where one lacks."""
    sides = sides.copy()
    for column, name in enumerate(units.names):
        owners = np.flatnonzero(units.counts[:, column])
        if 0 < len(owners) < many:
            pictures = int(units.counts[:, column].sum())
            fewer = ", ask for fewer --folds" if many > 2 else ""
            by_random = ", or say --by random" if pictures >= many else ""
            raise SplitError(
                f"class {name} has {how_many(pictures, 'picture')} in "
                f"{how_many(len(owners), 'group')} that must stay whole, too few for {many} sides; "
                f"add pictures{fewer}{by_random}"
            )
        for side in range(many):
            if len(owners) and not (sides[owners] == side).any():
                sides[_nearest(units, sides, owners, side)] = side
    return sides


def _nearest(units: Units, sides: Labels, owners: Labels, side: int) -> int:
    """Return the owner nearest to `side` that leaves no side without a class it has."""
    there = sides == side
    weight = units.counts[there].sum(axis=1) if there.any() else np.zeros(0)
    centre = (
        np.average(units.points[there], axis=0, weights=weight)
        if weight.sum()
        else units.points.mean(axis=0)
    )
    away = ((units.points[owners] - centre) ** 2).sum(axis=1)
    for k in np.argsort(away, kind="stable"):
        own = owners[k]
        left = units.counts[sides == sides[own]].sum(axis=0) - units.counts[own]
        if (left[units.counts[own] > 0] > 0).all():
            return int(own)
    raise SplitError(
        "groups that stay together are too few and too large for every class to be on every side; "
        "add pictures, ask for fewer --folds, or say --by random"
    )
