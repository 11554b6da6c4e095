"""Which images each of many small trainings learns from.

Half of the images, drawn at random; yet not each by itself. Images of one style, and images that
are about as doubtful, go in or stay out together more often than by chance. So runs differ in what
is to be told: with independent draws every subset has nearly the same share of doubtful images.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Masks = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Strata = npt.NDArray[np.intp]

_TILT: Final = 0.2
"""How far a stratum's chance moves from one half, to either side; an image is in two strata, so
its chance is 0.1 … 0.9."""
_DOUBT: Final = (0.05, 0.15, 0.4, 0.7)
"""Where the images, the most doubtful first, are cut in strata."""


def doubt_strata(doubt: Floats) -> Strata:
    """Return the stratum of each image: 0 for the most doubtful 5 %, 1 for the next 10 %, up to 4.

    Args:
        doubt: N numbers, higher for what is more doubtful.
    """
    order = np.argsort(np.argsort(-doubt, kind="stable"), kind="stable")
    return np.searchsorted(np.array(_DOUBT) * len(doubt), order, side="right").astype(np.intp)


def draw_subsets(
    runs: int,
    strata: Sequence[Strata],
    groups: Sequence[str],
    allowed: npt.NDArray[np.bool_],
    generator: np.random.Generator,
) -> Masks:
    """Return which images each run learns from, `bool runs×N`.

    Args:
        runs: how many.
        strata: at most two arrays of N numbers from 0; each stratum is tilted on its own.
        groups: N names; what has the same name goes in or stays out together, where its strata
            are the same.
        allowed: `bool N`; the others are in no subset.
        generator: of all draws.
    """
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    masks = np.zeros((runs, len(allowed)), np.bool_)
    for mask in masks:
        chance = np.full(len(allowed), 0.5)
        for stratum in strata:
            signs = generator.choice([-1.0, 1.0], int(stratum.max()) + 1)
            chance += _TILT * signs[stratum]
        mask[:] = (generator.random(int(group.max()) + 1)[group] < chance) & allowed
    return masks


def hold_back(
    groups: Sequence[str], labels: npt.NDArray[np.integer], generator: np.random.Generator
) -> Masks:
    """Return about a fifth of the images, `bool N`, by whole groups and class by class.

    They are in no subset and judge none: on them is tried what the values say.
    """
    held = np.zeros(len(groups), np.bool_)
    names = np.asarray(groups)
    for label in np.unique(labels):
        of_class = labels == label
        wanted = round(of_class.sum() / 5)
        for name in generator.permutation(np.unique(names[of_class])):
            if (held & of_class).sum() >= wanted:
                break
            held |= names == name
    return held
