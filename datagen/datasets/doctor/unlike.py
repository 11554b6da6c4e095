"""Hints: images whose size or gray levels are far from those of the rest."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.datasets.doctor.finding import Finding
from datagen.datasets.doctor.pictures import Picture

FAR: Final = 6.0
"""Robust z-score from which a value is unlike the rest."""

FEW: Final = 10
"""With fewer images nobody can say what the rest is like."""

MANY: Final = 0.05
"""Share of the images above which those that differ are another kind, and not unlike the rest."""

_SPREAD: Final = 0.67449  # of a normal distribution: median absolute deviation / standard deviation
_LEAST_SIZE: Final = 0.2  # log2 of pixels: a smaller spread counts as this one
_LEAST_GRAY: Final = 8.0  # gray levels: the same


def unlike_findings(sound: Sequence[Picture]) -> Iterator[Finding]:
    """Yield a hint for each picture that is unlike the others.

    Args:
        sound: readable pictures with ink.
    """
    if len(sound) < FEW:
        return
    sizes = np.log2([[picture.width, picture.height] for picture in sound])
    grays = np.array([[picture.paper, picture.ink] for picture in sound])
    width, height = np.round(2 ** np.median(sizes, axis=0)).astype(int)
    paper, ink = np.round(np.median(grays, axis=0)).astype(int)
    for picture in _far(sound, sizes, _LEAST_SIZE):
        yield Finding(
            "unlike-size",
            "note",
            picture.name,
            f"is {picture.width}×{picture.height} pixels; most are about {width}×{height}",
            "check whether it is a whole sheet or only a piece",
        )
    for picture in _far(sound, grays, _LEAST_GRAY):
        yield Finding(
            "unlike-gray",
            "note",
            picture.name,
            f"has ink at {picture.ink:.0f} on paper at {picture.paper:.0f}; most have about "
            f"{ink} on {paper}",
            "check whether it is a photo among scans, or faint",
        )


def _far(
    pictures: Sequence[Picture], values: npt.NDArray[np.float64], least: float
) -> list[Picture]:
    """Return the pictures of which a value is far from its column's median; none if many are."""
    distance = np.abs(values - np.median(values, axis=0))
    spread = np.maximum(np.median(distance, axis=0) / _SPREAD, least)
    far = np.flatnonzero((distance / spread).max(axis=1) > FAR)
    return [] if len(far) > MANY * len(pictures) else [pictures[int(k)] for k in far]
