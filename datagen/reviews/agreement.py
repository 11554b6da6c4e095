"""How far two people agree who judged the same images: Cohen's kappa, with its standard error.

Cohen (1960), "A coefficient of agreement for nominal scales"; the standard error is that of
Fleiss, Cohen and Everitt (1969), "Large sample standard errors of kappa and weighted kappa".
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from datagen.core.intervals import Z_95

_NOTHING = 1e-6  # a standard error that is 0 but for rounding


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of two people.

    Attributes:
        images: that both judged.
        same: of those, with equal decisions.
        observed: share of equal decisions, 0 … 1; None without images.
        by_chance: the share expected of two people who decide as often each way, at random.
        kappa: how much of what chance leaves open is agreed on: 1 is all, 0 what chance gives.
            None without images, and where both decided the same way every time.
        error: standard error of `kappa`; None where there is no kappa, or none can be estimated:
            without disagreement, or where one person always decided the same way.
        interval: 95 % of `kappa`, of the normal distribution; None without `error`.
    """

    images: int
    same: int
    observed: float | None
    by_chance: float | None
    kappa: float | None
    error: float | None
    interval: tuple[float, float] | None


def cohens_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> Agreement:
    """Return the agreement of two people on the same images.

    Args:
        first: what one decided, per image.
        second: what the other decided, of the same images in the same order.

    Raises:
        ValueError: the two are not equally long.

    Example:
        >>> found = cohens_kappa(["keep", "keep", "drop", "drop"], ["keep", "keep", "drop", "keep"])
        >>> found.observed, found.by_chance, found.kappa
        (0.75, 0.5, 0.5)
    """
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        return Agreement(0, 0, None, None, None, None, None)
    place = {each: k for k, each in enumerate(dict.fromkeys((*first, *second)))}
    table = np.zeros((len(place), len(place)))
    for one, other in pairs:
        table[place[one], place[other]] += 1
    same = int(np.trace(table))
    shares = table / len(pairs)
    observed, by_chance = same / len(pairs), float(shares.sum(axis=1) @ shares.sum(axis=0))
    if len(place) == 1:
        return Agreement(len(pairs), same, observed, by_chance, None, None, None)
    kappa = (observed - by_chance) / (1 - by_chance)
    if same == len(pairs):
        return Agreement(len(pairs), same, observed, by_chance, kappa, None, None)
    error = _standard_error(shares, len(pairs))
    if error < _NOTHING:  # as where one always decides the same way: the formula sees no chance
        return Agreement(len(pairs), same, observed, by_chance, kappa, None, None)
    around = Z_95 * error
    interval = (max(-1.0, kappa - around), min(1.0, kappa + around))
    return Agreement(len(pairs), same, observed, by_chance, kappa, error, interval)


def _standard_error(shares: np.ndarray, images: int) -> float:
    """Return the standard error of kappa.

    Args:
        shares: `float k×k`, share of images by the decision of the one and of the other.
        images: how many.
    """
    of_first, of_second = shares.sum(axis=1), shares.sum(axis=0)
    equal = np.diag(shares)
    observed, by_chance = float(equal.sum()), float(of_first @ of_second)
    on = equal @ ((1 - by_chance) - (of_first + of_second) * (1 - observed)) ** 2
    crossed = (of_second[:, None] + of_first[None, :]) ** 2 * shares
    off = (1 - observed) ** 2 * (crossed.sum() - np.trace(crossed))
    middle = (observed * by_chance - 2 * by_chance + observed) ** 2
    variance = float(on + off - middle) / (images * (1 - by_chance) ** 4)
    return math.sqrt(max(0.0, variance))
