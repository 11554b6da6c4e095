"""Ink that belongs to no letter, or too much of it: stray marks, blots. Pure functions."""

from collections.abc import Sequence

import cv2
import numpy as np

from pipelines.ops.gray import GrayImage, ink_level, ink_mask
from pipelines.ops.gray import pen_width as measure_pen

_CORNERS = 10
"""Of a blot's outline."""


def stray_marks(
    image: GrayImage, lines: Sequence[Sequence[float]], thickness: float, level: int
) -> GrayImage:
    """Return `image` with short lines beside what is written.

    Args:
        image: `uint8 H×W`.
        lines: of each x and y of both ends, shares of the width and of the height; beyond 0 … 1
            it comes from a neighbour's sheet.
        thickness: pixels, at least one.
        level: grey of the marks.
    """
    rows, columns = image.shape
    out = image.copy()
    for line in lines:
        ends = np.asarray(line, np.float64).reshape(2, 2) * (columns, rows)
        start, stop = np.rint(ends * 16).astype(np.int32).tolist()  # sixteenths of a pixel
        cv2.line(out, start, stop, level, max(round(thickness), 1), cv2.LINE_AA, shift=4)
    return np.minimum(image, out)


def blots(image: GrayImage, count: int, size: float, seed: int) -> GrayImage:
    """Return `image` with blots on its strokes, where the pen rested or leaked.

    Args:
        image: `uint8 H×W`.
        count: how many.
        size: mean diameter, pen widths.
        seed: where, and of their outlines.
    """
    ink = np.flatnonzero(ink_mask(image))
    pen = measure_pen(image)
    if not ink.size or not pen:
        return image.copy()
    rng = np.random.default_rng(seed)
    out = image.copy()
    around = np.arange(_CORNERS) * (2 * np.pi / _CORNERS)
    for place in rng.choice(ink, count):
        y, x = divmod(int(place), image.shape[1])
        radius = rng.uniform(0.6, 1.2, _CORNERS) * size * pen * rng.uniform(0.7, 1.3) / 2
        outline = np.stack([x + radius * np.cos(around), y + radius * np.sin(around)], axis=1)
        points = [np.rint(outline * 16).astype(np.int32)]
        cv2.fillPoly(out, points, ink_level(image), cv2.LINE_AA, shift=4)
    return np.minimum(image, out)
