"""Bilinear resizing: `tf.image.resize(…, antialias=False)` to the last bit, in compiled code.

Every product, sum and difference is rounded to float32 on its own, in TensorFlow's order: the same
bits on any machine.
"""

from typing import Any

import numpy as np

from fixed_eval.engines.native.compiled import compiled, inlined

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Image = np.ndarray[Any, np.dtype[np.float32]]
Places = np.ndarray[Any, np.dtype[np.int64]]


def resize(pixels: Pixels, size: int) -> Image:
    """Sample `pixels`, uint8 H×W×C, at `size`×`size` points: float32, neither rounded nor smoothed.

    Pixels count as squares, so their centres lie at halves. An image of that size stays as it is.
    """
    height, width = pixels.shape[:2]
    if height == width == size:
        return pixels.astype(np.float32)
    image = np.empty((size, size, pixels.shape[2]), np.float32)
    _sample(pixels, *_neighbours(height, size), *_neighbours(width, size), image)
    return image


def _neighbours(length: int, size: int) -> tuple[Places, Places, Image]:
    """The pixels before and after each of `size` points along `length` pixels, and how far on."""
    half = np.float32(0.5)
    scale = np.float32(length) / np.float32(size)
    points = (np.arange(size, dtype=np.float32) + half) * scale - half
    below = np.floor(points)
    before = np.maximum(below.astype(np.int64), 0)
    after = np.minimum(np.ceil(points).astype(np.int64), length - 1)
    return before, after, points - below


@compiled
def _sample(
    pixels: Pixels,
    upper: Places,
    lower: Places,
    down: Image,
    left: Places,
    right: Places,
    along: Image,
    image: Image,
) -> None:
    """Set `image` to what lies between the four pixels around each point; see `_neighbours`."""
    for y in range(image.shape[0]):
        above, below = pixels[upper[y]], pixels[lower[y]]
        for x in range(image.shape[1]):
            for c in range(image.shape[2]):
                high = _between(above[left[x], c], above[right[x], c], along[x])
                low = _between(below[left[x], c], below[right[x], c], along[x])
                image[y, x, c] = _between(high, low, down[y])


@inlined
def _between(first: Any, second: Any, part: Any) -> Any:
    begin = np.float32(first)
    return begin + (np.float32(second) - begin) * part
