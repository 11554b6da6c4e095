"""More than 8 bits a channel become 8.

Enters: pixels as stored, whole or real numbers. Leaves: `uint8` of the same shape, 0 black, 255
white. White is the largest number of the depth that the *values* use, not of the type that holds
them: a scanner of 12 bits writes 0 … 4095 into files of 16.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

DEPTHS: Final = (8, 10, 12, 14, 16, 24, 32)
"""Bits that cameras, scanners and files have."""

_REAL_WHITE: Final = 2.0  # up to here a real number's white is 1: resampling overshoots it a little
_STRIP: Final = 1 << 20  # pixels converted at once


def used_depth(highest: float) -> int:
    """Return the bits that values up to `highest` use: the smallest of `DEPTHS` that holds it.

    A picture is never stretched to its own range: white is 255, 1023, 4095, 16383 or 65535. What
    remains is a risk: a picture of 16 bits in which nothing, not even the paper, is brighter than a
    quarter of white reads as one of 14 bits or fewer, so up to 4 times as bright. No file says
    which of the two it is, and paper that dark is rarer than scanners of 12 bits.

    Example:
        >>> used_depth(200), used_depth(1000), used_depth(4095), used_depth(16384), used_depth(1e6)
        (8, 10, 12, 16, 24)
    """
    return next((bits for bits in DEPTHS if highest < 1 << bits), DEPTHS[-1])


def to_eight_bits(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return pixels of any type as 8 bits.

    Args:
        pixels: any shape. Real numbers up to 1 have their white at 1, others as whole ones.

    Raises:
        ValueError: there are values below 0, or some that are no numbers.
    """
    if pixels.size == 0:
        return np.zeros(pixels.shape, np.uint8)
    lowest, highest = float(pixels.min()), float(pixels.max())
    if not np.isfinite([lowest, highest]).all():
        raise ValueError("pixels that are no numbers")
    if pixels.dtype.kind != "f" and lowest < 0:
        raise ValueError(f"pixels below 0, down to {lowest:.0f}")
    white = _white(highest, real=pixels.dtype.kind == "f")
    out = np.empty(pixels.shape, np.uint8)
    rows = max(1, _STRIP * len(pixels) // pixels.size)
    for top in range(0, len(pixels), rows):
        part = pixels[top : top + rows].astype(np.float64)
        out[top : top + rows] = np.rint(np.clip(part / white, 0, 1) * 255)
    return out


def _white(highest: float, *, real: bool) -> float:
    if real and highest <= _REAL_WHITE:
        return 1.0
    return float((1 << used_depth(highest)) - 1)
