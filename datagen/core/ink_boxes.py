"""Boxes of ink: where a letter's ink lies, and where its body begins below a dot.

Pure functions on coverage, `uint8 H×W`, 255 = full ink. No I/O, no randomness.
"""

from typing import Final

import numpy as np

from datagen.core.arrays import Coverage
from datagen.core.numerals import Case, Letter

FAINT: Final = 24
"""Coverage (of 255) up to which a pixel is paper: scanner haze, the tail of a blur."""
SOLID: Final = 96
"""Coverage (of 255) from which strokes are told apart: blur bridges a dot and its stem below it."""
BODY_SHARE: Final = 0.2
"""An i may carry its dot high, but a body below this share of the whole height is a speck."""

DIP_SHARE: Final = 0.15
"""A dot beside the stem may hang below its top by this share of the letter's height."""


def crop_ink(coverage: Coverage, faint: int = FAINT) -> Coverage | None:
    """Return the smallest part of `coverage` that holds every pixel above `faint`.

    The result is a copy, so that a small letter does not keep a large page in memory; None where
    there is no ink at all.
    """
    inked = coverage > faint
    rows = np.flatnonzero(inked.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(inked.any(axis=0))
    return coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def body_top(ink: Coverage, letter: Letter, case: Case) -> int:
    """Return the row of `ink` where the letter's body begins; above it is only the dot of an i.

    The body is the tallest connected stroke, what lies above it the dot; except where the case is
    unknown and it is wider than half the letter's height: then it is a capital's serif, broken off.

    Returns:
        0 for v, x, a capital I, and an i without a dot or whose dot touches its stem.
    """
    if letter != "i" or case == "upper":
        return 0
    boxes = _strokes(ink)
    if len(boxes) < 2:
        return 0
    height = ink.shape[0]
    body = max(boxes, key=lambda box: box[3])
    top = body[1]
    above = [box for box in boxes if box[1] < top and box[1] + box[3] < top + DIP_SHARE * height]
    if not above or body[3] < BODY_SHARE * height:
        return 0
    if case == "unknown" and max(box[2] for box in above) > height / 2:
        return 0
    return top


def _strokes(ink: Coverage) -> list[tuple[int, int, int, int]]:
    """Return the boxes (left, top, width, height) of the connected strokes, specks left out."""
    import cv2  # noqa: PLC0415 - 0.1 s; only an extraction that is not cached yet needs it

    _, _, stats, _ = cv2.connectedComponentsWithStats((ink >= SOLID).astype(np.uint8), None)
    least = ink.size / 500  # a speck of the scanner, not a dot: 0.2 % of the box
    return [
        (int(left), int(top), int(width), int(height))
        for left, top, width, height, area in stats[1:]
        if area > least
    ]
