"""Polarity: is an image dark ink on light paper, as everything here expects, or the reverse?

Enters: an image. Leaves: whether its ink is lighter than its paper. Pure functions.

How dark an image is does not tell: a photo of paper in the shade is dark too. Ink is what differs
from the paper *around it*: each pixel is compared with the median of its neighbourhood, which is
paper wherever strokes are narrower than the neighbourhood, in the light and in the shade alike.
"""

from typing import Final

import cv2
import numpy as np

from datagen.core.arrays import GrayImage

LIGHT_INK: Final = 0.2
"""Balance from which ink counts as light, of -1 (all that stands out is dark) … 1 (all is light).

The test of this module holds what it was chosen by: of the competition's 2,932 images at most one
counts as light ink, of the same images inverted at least 99.5 % do. Between -0.2 and 0.2 lie hard
shadows and letters that fill their image; those count as dark ink.
"""

_SIDE: Final = 48  # pixels: the longer side of the image that is looked at
_AROUND: Final = 0.4  # of that side: the neighbourhood, wider than any pen's stroke


def has_light_ink(image: GrayImage) -> bool:
    """Return whether an image shows light ink on dark paper.

    Args:
        image: `uint8 H×W`, of any size; a blank one has no light ink.
    """
    return ink_balance(image) > LIGHT_INK


def ink_balance(image: GrayImage) -> float:
    """Return which side what stands out from its surroundings is on: -1 dark … 1 light.

    Args:
        image: `uint8 H×W`, of any size; 0 for a blank one.
    """
    small = _shrunk(image)
    around = int(max(small.shape) * _AROUND) | 1
    median = cv2.medianBlur(small, around) if around > 1 else small
    differs = small.astype(np.float64) - median
    energy = differs**2
    total = float(energy.sum())
    return float((np.sign(differs) * energy).sum()) / total if total else 0.0


def turned(image: GrayImage) -> GrayImage:
    """Return the negative of an image."""
    return (255 - image).astype(np.uint8)


def _shrunk(image: GrayImage) -> GrayImage:
    """Return an image at most `_SIDE` pixels long."""
    height, width = image.shape
    scale = _SIDE / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
