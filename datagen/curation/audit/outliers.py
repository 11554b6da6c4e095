"""Images unlike all others: in size, pen or paper, or in the shape of what is written.

Enters: numbers that describe each image. Leaves: how far out each is, 0 … 1. Pure functions. A
feature is compared by the median and the median deviation of its class, which few outliers move.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.images.style_features import FEATURES, Features

Strengths = npt.NDArray[np.float64]

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "size": ("sheet", "ink height", "ink width"),
    "pen": ("pen", "darkness", "ragged"),
    "paper": ("paper", "noise", "specks", "ruled"),
}
"""The features by which an image is an outlier of each kind."""

_NEAR, _FAR = 3.5, 8.0  # median deviations: up to the first nothing is odd, from the second all is
_LEAST: Final = 1e-3  # a feature that hardly varies makes no outliers of rounding errors
_FEW: Final = 8  # images of a class, below which all classes are compared together


def style_outliers(features: Features, labels: npt.NDArray[np.intp]) -> dict[str, Strengths]:
    """Return how far out each image is in size, pen and paper, `float64 N` each.

    Args:
        features: `N×F` as `datagen.images.style_features.describe` gives them.
        labels: N, the class of each.
    """
    scores = np.zeros(features.shape)
    rest = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        own = labels == label
        if own.sum() < _FEW:
            rest |= own
            continue
        scores[own] = _deviations(features[own], features[own])
    if rest.any():
        scores[rest] = _deviations(features[rest], features)
    names = list(FEATURES)
    return {
        kind: ramp(scores[:, [names.index(name) for name in members]].max(axis=1), _NEAR, _FAR)
        for kind, members in KINDS.items()
    }


def _deviations(asked: Features, usual: Features) -> Features:
    """Return by how many median deviations each number is off the usual, `float64`.

    Where most images share one value, the mean deviation stands for the median one.
    """
    middle = np.median(usual, axis=0)
    off = np.abs(usual - middle)
    # 1.48 and 1.25 make either a standard deviation where the numbers are normal
    spread = np.maximum(1.4826 * np.median(off, axis=0), 1.2533 * off.mean(axis=0))
    result: Features = np.abs(asked - middle) / np.maximum(spread, _LEAST)
    return result


def unlike_all(likeness: npt.NDArray[np.float32]) -> Strengths:
    """Return how little each image is like even its nearest others, `float64 N`.

    Args:
        likeness: `N×k` of the nearest others, 0 … 1, the most alike first; -1 marks none.
    """
    if likeness.shape[1] == 0 or len(likeness) < _FEW:
        return np.zeros(len(likeness))
    apart = 1 - np.clip(likeness[:, : min(3, likeness.shape[1])], 0, 1).mean(axis=1)
    middle = np.median(apart)
    spread = max(float(1.4826 * np.median(np.abs(apart - middle))), _LEAST)
    return ramp((apart - middle) / spread, 1.0, 4.0)


def ramp(values: npt.ArrayLike, none: float, full: float) -> Strengths:
    """Return 0 for values up to `none`, 1 from `full` on, and between in between."""
    share = (np.asarray(values) - none) / (full - none)
    result: Strengths = np.clip(share, 0, 1).astype(np.float64)
    return result
