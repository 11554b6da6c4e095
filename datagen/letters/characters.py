"""The 36 characters that the reader knows, and pictures as it takes them. Pure.

A picture for the reader is `uint8 28×28`, white ink on black, upright.
"""

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import Coverage, GrayImage
from datagen.core.glyphs import Glyph
from datagen.core.ink_boxes import FAINT, crop_ink
from datagen.images.polarity import MIN_CONTRAST, contrast, has_light_ink

CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""By label: digits 0–9, then the letters as EMNIST's `letters` split numbers them, + 9 = 10–35."""

SIDE: Final = 28
BOX: Final = 22  # pixels: EMNIST's ink takes 20 to 24
THINNEST: Final = 0.09  # of the ink's longer side: thinner lines vanish at 28×28
_USUAL_PEN: Final = 0.1  # letter heights
_FINE: Final = 128  # pixels of a letter that is drawn from strokes

Picture = npt.NDArray[np.uint8]


def label_of(character: str) -> int:
    """Return the label of a digit or a letter of either case.

    Example:
        >>> label_of("0"), label_of("A"), label_of("i"), label_of("Z")
        (0, 10, 18, 35)
    """
    return CHARACTERS.index(character.upper())


def picture_of_image(image: GrayImage) -> Picture | None:
    """Return an image of one character, of either polarity, as the reader takes it.

    Args:
        image: `uint8 H×W`, of any size.

    Returns:
        None for a blank one.
    """
    if image.size == 0 or contrast(image) < MIN_CONTRAST:
        return None
    light = image if has_light_ink(image) else 255 - image
    low, high = int(np.percentile(light, 20)), int(light.max())  # paper, and the darkest ink
    if high <= low:
        return None
    spread = (light.astype(np.float32) - low) * (255 / (high - low))
    return picture_of_ink(np.clip(spread, 0, 255).astype(np.uint8), faint=2 * FAINT)


def picture_of_ink(coverage: Coverage, *, faint: int = FAINT) -> Picture | None:
    """Return ink as the reader takes it: its box 22 pixels, in the middle, lines not too thin.

    Args:
        coverage: `uint8 H×W`, 255 = full ink.
        faint: coverage up to which a pixel is paper.

    Returns:
        None where there is no ink.
    """
    ink = crop_ink(coverage, faint)
    if ink is None:
        return None
    ink = _thick(np.where(ink > faint, ink, 0).astype(np.uint8))
    scale = BOX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = cv2.resize(ink, size, interpolation=how).astype(np.float32)
    fitted *= 255 / max(float(fitted.max()), 1.0)
    picture: Picture = np.zeros((SIDE, SIDE), np.uint8)
    y, x = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    picture[y : y + size[1], x : x + size[0]] = fitted.astype(np.uint8)
    return picture


def _thick(ink: Coverage) -> Coverage:
    """Return ink whose lines are at least `THINNEST` of its longer side wide."""
    solid = (ink > 127).astype(np.uint8)
    framed = cv2.copyMakeBorder(solid, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    edges = np.abs(np.diff(framed.astype(np.int8), axis=0)).sum()
    edges += np.abs(np.diff(framed.astype(np.int8), axis=1)).sum()
    # area is width × length, and the outline twice the length; see `composition…layout._own_pen`
    width = 2 * int(solid.sum()) / max(float(edges) * math.pi / 4, 1.0)
    more = round(THINNEST * max(ink.shape) - width)
    if more < 1:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (more + 1, more + 1))
    roomy = cv2.copyMakeBorder(ink, more, more, more, more, cv2.BORDER_CONSTANT, value=0)
    grown = crop_ink(np.asarray(cv2.dilate(roomy, kernel), np.uint8))
    return ink if grown is None else grown


def picture_of_glyph(glyph: Glyph) -> Picture | None:
    """Return a letter of a source as the reader takes it; None where it has no ink."""
    return picture_of_ink(_drawn(glyph) if glyph.ink is None else glyph.ink)


def _drawn(glyph: Glyph) -> Coverage:
    """Return the ink of a letter that is known by its strokes."""
    strokes = glyph.strokes or ()
    points = np.concatenate(strokes) if strokes else np.zeros((1, 2), np.float32)
    low, extent = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-3)
    scale = _FINE / extent
    pen = max(1, round((glyph.pen or _USUAL_PEN) * scale))
    side = _FINE + 4 * pen
    sheet: Coverage = np.zeros((side, side), np.uint8)
    lines: Sequence[npt.NDArray[np.int32]] = [
        np.rint((stroke - low) * scale + 2 * pen).astype(np.int32) for stroke in strokes
    ]
    cv2.polylines(sheet, lines, isClosed=False, color=255, thickness=pen, lineType=cv2.LINE_AA)
    return sheet
