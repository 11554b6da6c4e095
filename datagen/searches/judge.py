"""Which candidates go on, and when a search ends. Pure functions of accuracies by fold.

Folds are of different difficulty, so candidates are compared fold by fold. What a difference owes
to chance (the images, the training's seed, the styles of a fold) is estimated from how differently
the folds rank all candidates: the residual of accuracy = candidate + fold.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from scipy.stats import t

from datagen.sweeps.strategies import survivors

PATIENCE: Final = 3
"""Generations in a row without a gain beyond noise, after which a search ends."""

Folds = Mapping[int, float]
"""Accuracy by fold."""
Values = Mapping[str, Folds]
"""Of candidates that all trained as long."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How much chance there is in one accuracy on one fold.

    Attributes:
        std: standard deviation.
        freedom: degrees of freedom that it was estimated with; with 0 nothing is known.
    """

    std: float
    freedom: int

    def half(self, folds: int) -> float:
        """Return half the width of the 95 % interval of a difference of means over folds."""
        if not self.freedom or not folds:
            return 1.0
        return min(1.0, float(t.ppf(0.975, self.freedom)) * self.std * math.sqrt(2 / folds))


@dataclass(frozen=True, slots=True)
class Gap:
    """The mean difference of two candidates over the folds of both, with its 95 % interval."""

    mean: float
    half: float

    @property
    def real(self) -> bool:
        """Whether it is more than noise."""
        return abs(self.mean) > self.half


def noise_of(stages: Iterable[Values]) -> Noise:
    """Estimate the noise from all candidates, at every stage about that stage's own means."""
    squares, freedom = 0.0, 0
    for values in stages:
        folds = set.intersection(*(set(found) for found in values.values())) if values else set()
        if len(values) < 2 or len(folds) < 2:
            continue
        rows = {key: fmean(found[k] for k in folds) for key, found in values.items()}
        columns = {k: fmean(found[k] for found in values.values()) for k in folds}
        middle = fmean(rows.values())
        squares += sum(
            (found[k] - rows[key] - columns[k] + middle) ** 2
            for key, found in values.items()
            for k in folds
        )
        freedom += (len(values) - 1) * (len(folds) - 1)
    return Noise(math.sqrt(squares / freedom) if freedom else 0.0, freedom)


def gap(ours: Folds, theirs: Folds, noise: Noise) -> Gap:
    """Return how much better `ours` is, on the folds that both have."""
    common = ours.keys() & theirs.keys()
    mean = fmean(ours[k] - theirs[k] for k in common) if common else 0.0
    return Gap(mean, noise.half(len(common)))


def kept(
    values: Values, best: Folds | None, noise: Noise, reduction: int, always: frozenset[str]
) -> frozenset[str]:
    """Return who goes on after a stage: the best part, less those that cannot beat the best.

    Args:
        values: of the candidates at this stage.
        best: what the best candidate so far had at this stage; None where there is none.
        noise: of an accuracy.
        reduction: n: one in n goes on.
        always: candidates that go on in any case.
    """
    means = {key: fmean(found.values()) for key, found in values.items()}
    hopeful = {
        key
        for key, found in values.items()
        if best is None or (behind := gap(found, best, noise)).mean + behind.half >= 0
    }
    best_part = survivors(means, reduction, 1)
    return (best_part & hopeful) | (always & values.keys())


def best_of(values: Values) -> str | None:
    """Return the candidate with the highest mean; of equals the first. None without any."""
    return max(values, key=lambda key: fmean(values[key].values()), default=None)


def idle_generations(leaders: Iterable[Folds], noise: Noise) -> int:
    """Return how many generations in a row brought no gain beyond noise.

    Many small gains count together: each leader is compared with the one that began the row.

    Args:
        leaders: the best so far after each generation, all trained to the end.
        noise: of an accuracy.
    """
    idle = -1  # the first generation has nothing to gain on
    base: Folds | None = None
    for leader in leaders:
        gained = None if base is None else gap(leader, base, noise)
        if gained is None or (gained.real and gained.mean > 0):
            base, idle = leader, 0
        else:
            idle += 1
    return max(idle, 0)
