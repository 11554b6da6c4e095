"""A linear datamodel: what one image more does to a score, on average over random subsets.

A score is explained by which images were learnt from (Ilyas, Park, Engstrom, Leclerc, Madry:
"Datamodels", ICML 2022). Averaged over subsets of half of the images that is the Banzhaf value
(Wang and Jia: "Data Banzhaf", AISTATS 2023), whose order is the least disturbed by the chance in a
training; the Shapley value by permutations gives much weight to tiny subsets, which are all chance.

There are more images than runs, and one image moves a score by far less than chance does. So the
weights are not fitted one by one: images of one class, style, source, or doubt share a part of
theirs, and each has a part of its own. How large these parts are is estimated too (marginal
likelihood), so where nothing can be told the values shrink to one another and say so by their
intervals.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from datagen.core.intervals import Z_95

Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

_BOUNDS: Final = (-14.0, 3.0)
"""Of the natural logarithms of variances, which are shares of the variance of the scores."""
_USUAL, _SPREAD = math.log(0.02), 1.5
"""What these logarithms are taken for before any score is seen: without it a part that the runs
cannot tell would be estimated as nothing at all, and intervals would be too short."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval, in units of the scores."""

    value: float
    low: float
    high: float


class Datamodel:
    """The weights of images, as far as the runs can tell.

    Args:
        masks: `bool R×N`: which run learnt from which image.
        scores: R numbers, one for each run.
        shared: parts that images share: matrices N×F, one for each kind (class, style, doubt …).
    """

    def __init__(self, masks: Masks, scores: Floats, shared: Sequence[Floats]) -> None:
        centred = masks - masks.mean(axis=0)
        spread = float(scores.std()) or 1.0
        outcome = (scores - scores.mean()) / spread
        loads = [centred @ each for each in shared]
        sizes = [max(float((each**2).sum(axis=1).mean()), 1e-12) for each in (*loads, centred)]
        grams = [each @ each.T / size for each, size in zip((*loads, centred), sizes, strict=True)]
        variances = _likeliest_variances(grams, outcome)
        *self._shares, self._own = variances[:-1] / sizes  # of one image
        self._shared, self._spread = shared, spread
        self._factor = cho_factor(_covariance(variances, grams))
        self._with_scores = self._times_prior(centred.T)  # N×R
        self._mean = self._with_scores @ cho_solve(self._factor, outcome)

    def each(self) -> list[Estimate]:
        """Return the value of every image."""
        told = np.einsum(
            "nr,rn->n", self._with_scores, cho_solve(self._factor, self._with_scores.T)
        )
        prior = np.full(len(self._mean), self._own)
        for share, features in zip(self._shares, self._shared, strict=True):
            prior += share * (features**2).sum(axis=1)
        return [
            self._interval(mean, variance)
            for mean, variance in zip(self._mean.tolist(), (prior - told).tolist(), strict=True)
        ]

    def total(self, members: npt.NDArray[np.bool_]) -> Estimate:
        """Return what some images, `bool N`, are worth together."""
        direction = members.astype(np.float64)
        prior = direction @ self._times_prior(direction[:, None])[:, 0]
        with_scores = direction @ self._with_scores
        told = with_scores @ cho_solve(self._factor, with_scores)
        return self._interval(float(direction @ self._mean), float(prior - told))

    def _interval(self, mean: float, variance: float) -> Estimate:
        half = Z_95 * math.sqrt(max(variance, 0.0))
        return Estimate(*(self._spread * each for each in (mean, mean - half, mean + half)))

    def _times_prior(self, columns: Floats) -> Floats:
        """Return the prior covariance of the images, N×N, times `columns`, N×K."""
        product = self._own * columns
        for share, features in zip(self._shares, self._shared, strict=True):
            product = product + share * (features @ (features.T @ columns))
        return np.asarray(product, np.float64)


def _covariance(variances: Floats, grams: Sequence[Floats]) -> Floats:
    """Return the covariance of the scores; the last variance is that of chance."""
    total = variances[-1] * np.eye(len(grams[0]))
    for variance, gram in zip(variances[:-1], grams, strict=True):
        total += variance * gram
    return np.asarray(total, np.float64)


def _likeliest_variances(grams: Sequence[Floats], outcome: Floats) -> Floats:
    """Return the variance of every kind, and of chance, under which the scores are likeliest."""
    count = len(grams) + 1
    found = minimize(
        _improbability,
        np.log(np.full(count, 1.0 / count)),
        args=(grams, outcome),
        jac=True,
        method="L-BFGS-B",
        bounds=[_BOUNDS] * count,
    )
    return np.asarray(np.exp(found.x), np.float64)


def _improbability(logs: Floats, grams: Sequence[Floats], outcome: Floats) -> tuple[float, Floats]:
    """Return minus the logarithm of the posterior density, without constants; its gradient."""
    variances = np.exp(logs)
    factor = cho_factor(_covariance(variances, grams))
    inverse = cho_solve(factor, np.eye(len(outcome)))
    known = inverse @ outcome
    value = outcome @ known / 2 + np.log(np.diag(factor[0])).sum()
    parts = (*grams, np.eye(len(outcome)))
    slopes = [((inverse * part).sum() - known @ part @ known) / 2 for part in parts]
    away = (logs - _USUAL) / _SPREAD
    return float(value + (away**2).sum() / 2), variances * slopes + away / _SPREAD
