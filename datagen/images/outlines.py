"""The outline of a picture's writing, apart from paper, light, place and size.

Enters: pictures, ink darker than paper. Leaves: sketches of one size, which `near_duplicates` lays
over one another. Pure functions.

A sketch holds for each pixel its distance to the nearest outline. Such a picture is smooth, so it
can be aligned from far away, and a thicker pen adds the same to it nearly everywhere.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import Coverage, GrayImage

Distances = npt.NDArray[np.float32]

SIDE: Final = 96  # pixels: of a sketch
REACH: Final = 8  # pixels: larger distances to an outline are all one
LONG: Final = 64  # pixels: about the longer side of the writing in a sketch

_MOST: Final = 1024  # pixels: the longer side of a picture that is looked at
_COARSE: Final = 64  # pixels: the longer side of the sheet when the paper's light is measured
_GAP: Final = 21  # pixels of these: no ink is so wide and tall that no paper shows through it
_PAPER: Final = 0.5  # of the brightest paper: darker paper is ink
_FAINTEST: Final = 12  # grey levels below the paper: ink is at least so dark
_DARKEST: Final = 500  # one pixel in so many is as dark as the ink
_FROM, _TO = 0.25, 0.55  # share of the ink's darkness at which a pixel is no ink, and all ink
_SPECK: Final = 0.02  # share of the ink below which a connected stroke is a speck
_OUTER: Final = 0.04  # share of the ink that may stick out of its box on each side
_FINE: Final = 2  # a sketch is drawn so many times larger first
_STEPS: Final = 15  # a pixel's distance is kept in steps of 1/15 pixel


@dataclass(frozen=True, slots=True)
class Sketch:
    """The writing of one picture, brought to one place and size.

    Attributes:
        steps: `int8 96×96`, distance to the nearest outline in 1/15 pixel, positive inside the ink.
        width, height: of the writing's box in the sketch, pixels.
        native: pixels: the longer side of the box in the picture itself.
    """

    steps: npt.NDArray[np.int8]
    width: float
    height: float
    native: float

    @property
    def distances(self) -> Distances:
        """Distance to the nearest outline, -8 … 8 pixels, `float32 96×96`."""
        return np.divide(self.steps, _STEPS, dtype=np.float32)


def sketch(image: GrayImage) -> Sketch:
    """Return the sketch of a picture; one without an outline where no ink is on the paper."""
    ink = _ink(image)
    box = _box(ink)
    if box is None:
        return Sketch(np.full((SIDE, SIDE), -REACH * _STEPS, np.int8), 0.0, 0.0, 0.0)
    left, top, right, bottom = box
    native = max(right - left, bottom - top)
    scale = _FINE * LONG / native
    middle = _FINE * SIDE / 2
    place = np.array(
        [
            [scale, 0, middle - scale * (left + right) / 2 + (scale - 1) / 2],
            [0, scale, middle - scale * (top + bottom) / 2 + (scale - 1) / 2],
        ]
    )
    if scale < 0.7:  # fewer pixels than before: each must speak for several
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.3 / scale), np.uint8)
    drawn = cv2.warpAffine(ink, place, (_FINE * SIDE, _FINE * SIDE), flags=cv2.INTER_LINEAR)
    steps = np.rint(_distances(np.asarray(drawn, np.uint8)) * _STEPS).astype(np.int8)
    small = scale / _FINE
    return Sketch(steps, (right - left) * small, (bottom - top) * small, native)


def _ink(image: GrayImage) -> Coverage:
    """Return where the ink is, 0 … 255, whatever the paper's light and the ink's darkness."""
    height, width = image.shape
    shrink = _MOST / max(height, width)
    if shrink < 1:
        height, width = max(1, round(height * shrink)), max(1, round(width * shrink))
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
    depth = np.asarray(cv2.subtract(_paper(image), image), np.uint8)
    depth = np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0), np.uint8)
    # counted, not sorted: numpy's partition takes 10 ms where most values are equal
    darker = np.cumsum(np.bincount(depth.ravel(), minlength=256)[::-1])
    level = 255 - int(np.argmax(darker >= max(1, depth.size // _DARKEST)))
    share = (np.arange(256) / max(level, _FAINTEST) - _FROM) / (_TO - _FROM)
    return np.asarray(cv2.LUT(depth, (255 * np.clip(share, 0, 1)).astype(np.uint8)), np.uint8)


def _paper(image: GrayImage) -> GrayImage:
    """Return the picture without its ink: what is narrower than `_GAP` is closed."""
    height, width = image.shape
    scale = _COARSE / max(height, width)
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, size, interpolation=how)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GAP, _GAP))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, around)
    closed = np.maximum(closed, np.uint8(_PAPER * float(small.max())))
    smooth = cv2.GaussianBlur(closed, (0, 0), 3.0)
    return np.asarray(cv2.resize(smooth, (width, height)), np.uint8)


def _box(ink: Coverage) -> tuple[float, float, float, float] | None:
    """Return left, top, right, bottom of nearly all ink, the scanner's specks left out.

    The outermost ink does not count, so that the box moves little where a speck grows into a
    stroke, or a stroke's end into the sheet's edge.
    """
    mask = cv2.threshold(ink, 127, 1, cv2.THRESH_BINARY)[1]
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    if not area.any():
        return None
    kept = area >= min(_SPECK * area.sum(), area.max())
    if not kept[1:].all():
        mask = kept.astype(np.uint8)[pieces]
    columns, rows = (
        np.asarray(cv2.reduce(mask, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32).ravel()
        for axis in (0, 1)
    )
    (left, right), (top, bottom) = _extent(columns), _extent(rows)
    return left, top, right, bottom


def _extent(ink: npt.NDArray[np.int32]) -> tuple[float, float]:
    """Return between which places all but the outermost ink lies, at least one pixel apart."""
    edges = np.concatenate(([0], np.cumsum(ink)))
    share = (_OUTER * edges[-1], (1 - _OUTER) * edges[-1])
    low, high = np.interp(share, edges, np.arange(len(edges)))
    missing = max(0.0, 1 - (high - low)) / 2
    return float(low - missing), float(high + missing)


def _distances(drawn: Coverage) -> Distances:
    """Return the distance to the nearest outline in a sketch's pixels, positive inside."""
    inside = cv2.threshold(drawn, 127, 255, cv2.THRESH_BINARY)[1]
    if inside.min() == inside.max():  # no outline: a dot in the middle stands for it
        middle = _FINE * SIDE // 2
        inside[middle, middle] = 255 - inside[middle, middle]
    within = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    without = cv2.distanceTransform(cv2.bitwise_not(inside), cv2.DIST_L2, 5)
    far = _FINE * REACH
    signed = np.clip(np.where(inside > 0, within - 0.5, 0.5 - without), -far, far)
    small = cv2.resize(signed, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small / _FINE, np.float32)
