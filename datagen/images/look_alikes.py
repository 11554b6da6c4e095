"""Look-alikes: for every picture of a collection the pictures most like it, the most alike first.

Enters: pictures, ink darker than paper, and which collection each belongs to. Leaves: positions and
likenesses. Pure functions. Unlike `near_duplicates`, which decides whether two pictures are one
writing, this only ranks: cheap signatures are compared, so thousands of pictures take seconds.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.arrays import GrayImage
from datagen.images.near_duplicates import Signatures, signatures

LEAST: Final = 0.5
"""Likeness below which two pictures are not called alike."""

_BLOCK: Final = 512  # pictures compared with all others at once, so that memory stays small


def look_alikes(
    images: Iterable[GrayImage], parts: Sequence[str], count: int
) -> list[tuple[tuple[int, float], ...]]:
    """Return for each image its look-alikes: positions and likenesses, the most alike first.

    They are of other parts than the image itself; where all images are of one part, of that one.

    Args:
        images: `uint8 H×W`, ink darker than paper; a blank image has no look-alikes.
        parts: of each image, the name of its part of the collection.
        count: at most so many for each image.

    Returns:
        Likenesses are correlations of the outlines, `LEAST` … 1.
    """
    described = signatures(images)
    numbers = np.unique(np.array(parts, dtype=str), return_inverse=True)[1]
    apart = len(set(parts)) > 1
    found: list[tuple[tuple[int, float], ...]] = []
    for start in range(0, len(parts), _BLOCK):
        likeness = _likeness(described, start)
        rows = np.arange(len(likeness))
        if apart:
            likeness[numbers[start : start + _BLOCK, None] == numbers[None]] = -1
        likeness[rows, start + rows] = -1
        found += map(_best, likeness, [count] * len(likeness))
    return found


def _likeness(described: tuple[Signatures, Signatures], start: int) -> Signatures:
    """Return how like each of some pictures is to all: the better of the two correlations."""
    one, other = (each[start : start + _BLOCK] @ each.T for each in described)
    found: Signatures = np.maximum(one, other)
    return found


def _best(likeness: npt.NDArray[np.float32], count: int) -> tuple[tuple[int, float], ...]:
    few = min(count, len(likeness))
    nearest = np.argpartition(likeness, -few)[-few:]
    order = sorted(nearest.tolist(), key=lambda k: (-float(likeness[k]), k))
    return tuple((k, round(float(likeness[k]), 3)) for k in order if likeness[k] >= LEAST)
