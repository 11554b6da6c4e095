"""Polarity: is an image dark ink on light paper, as everything here expects, or the reverse?

Enters: an image. Leaves: whether its ink is lighter than its paper.

How dark an image is does not tell: a photo of paper in the shade is dark too. Ink is what differs
from the paper *around it*: each pixel is compared with the median of its neighbourhood, which is
paper wherever strokes are narrower than the neighbourhood, in the light and in the shade alike.
"""

from typing import Final

import cv2
import numpy as np

from datagen.core.arrays import GrayImage
from datagen.files.decode import Paper, Pixels, decode_gray
from datagen.files.image_header import read_header
from datagen.images.shrinking import shrunk

LIGHT_INK: Final = 0.2
"""Balance from which ink counts as light, of -1 (all that stands out is dark) … 1 (all is light).

The test of this module holds what it was chosen by: of the competition's 2,932 images at most one
counts as light ink, of the same images inverted at least 99.5 % do. Between -0.2 and 0.2 lie hard
shadows and letters that fill their image; those count as dark ink.
"""

MIN_CONTRAST: Final = 16
"""Gray levels between ink and paper: less is a blank sheet and its noise."""

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
    small = shrunk(image, _SIDE)
    around = int(max(small.shape) * _AROUND) | 1
    median = cv2.medianBlur(small, around) if around > 1 else small
    differs = small.astype(np.float64) - median
    energy = differs**2
    total = float(energy.sum())
    return float((np.sign(differs) * energy).sum()) / total if total else 0.0


def contrast(image: GrayImage) -> int:
    """Return the gray levels between the darkest pixel and the lightest."""
    darkest, lightest, _, _ = cv2.minMaxLoc(image)
    return int(lightest - darkest)


def paper_under(data: bytes, name: str, over_white: GrayImage) -> Paper:
    """Return what the transparent pixels of a file have to lie over for its ink to show.

    Black for white ink without paper, as drawing programs export it: it is blank over white.

    Args:
        data: the whole file.
        name: what messages call it.
        over_white: the same file decoded.

    Raises:
        CorruptInputError: see `decode_gray`.
    """
    if contrast(over_white) >= MIN_CONTRAST or not read_header(data, name).alpha:
        return "white"
    over_black = decode_gray(data, name, paper="black")
    light = contrast(over_black) >= MIN_CONTRAST and has_light_ink(over_black)
    return "black" if light else "white"


def turned(image: Pixels) -> Pixels:
    """Return the negative of an image, gray or in colour."""
    return (255 - image).astype(np.uint8)
