"""Bilinear resizing: `tf.image.resize(…, antialias=False)` to the last bit, in NumPy.

Every product, sum and difference is rounded to float32 on its own, in TensorFlow's order: the same
bits on any machine.
"""

from typing import Any

import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Image = np.ndarray[Any, np.dtype[np.float32]]


def resize(pixels: Pixels, size: int) -> Image:
    """Sample `pixels`, uint8 H×W×C, at `size`×`size` points: float32, neither rounded nor smoothed.

    Pixels count as squares, so their centres lie at halves. An image of that size stays as it is.
    """
    height, width = pixels.shape[:2]
    if height == width == size:
        return pixels.astype(np.float32)
    upper, lower, down = _neighbours(height, size)
    left, right, along = _neighbours(width, size)
    along, down = along[None, :, None], down[:, None, None]

    def row(rows: np.ndarray[Any, np.dtype[np.int64]]) -> Image:
        near = pixels[rows[:, None], left[None, :]].astype(np.float32)
        far = pixels[rows[:, None], right[None, :]].astype(np.float32)
        return near + (far - near) * along

    above, below = row(upper), row(lower)
    return above + (below - above) * down


def _neighbours(
    length: int, size: int
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.int64]], Image]:
    """The pixels before and after each of `size` points along `length` pixels, and how far on."""
    half = np.float32(0.5)
    scale = np.float32(length) / np.float32(size)
    points = (np.arange(size, dtype=np.float32) + half) * scale - half
    below = np.floor(points)
    before = np.maximum(below.astype(np.int64), 0)
    after = np.minimum(np.ceil(points).astype(np.int64), length - 1)
    return before, after, points - below
