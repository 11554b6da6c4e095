"""What may be wrong with a sheet by itself, whatever its label: four signals, each 0 … 1.

Enters: a picture, dark ink on light paper. Leaves: how blank it is, how much of a scribble, how far
the edge cuts it, and whether several numerals stand on it. Pure functions; 0 says nothing is odd,
1 that it surely is.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import GrayImage
from datagen.curation.audit.outliers import ramp
from datagen.images.polarity import MIN_CONTRAST, contrast
from datagen.images.shrinking import shrunk

_SIDE: Final = 256  # pixels: a larger picture is looked at at this size
_SPECK: Final = 0.01  # share of the ink below which a connected stroke is a speck

Pieces = npt.NDArray[np.int32]
"""A row per connected stroke: left, top, width, height, area."""


@dataclass(frozen=True, slots=True)
class SheetSignals:
    """How strong each signal is, 0 … 1.

    Attributes:
        blank: hardly any ink, or ink hardly darker than the paper.
        scribble: more strokes, or more enclosed paper, than a numeral has.
        cut: writing that runs into the edge of the sheet.
        several: writing in two places, too far apart for one numeral.
    """

    blank: float
    scribble: float
    cut: float
    several: float


def sheet_signals(image: GrayImage) -> SheetSignals:
    """Return the signals of a picture.

    Args:
        image: `uint8 H×W`, of any size.
    """
    if contrast(image) < MIN_CONTRAST:
        return SheetSignals(1.0, 0.0, 0.0, 0.0)
    small = shrunk(image, _SIDE)
    how = cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU
    mask = np.asarray(cv2.threshold(small, 0, 1, how)[1], np.uint8)
    pieces = _pieces(mask)
    return SheetSignals(
        blank=max(_ramp(contrast(image), 40, MIN_CONTRAST), _tiny(pieces, mask.shape)),
        scribble=_scribble(mask),
        cut=_cut(mask, pieces),
        several=_several(mask, pieces),
    )


def _ramp(value: float, none: float, full: float) -> float:
    """Return 0 up to `none`, 1 from `full` on, and what lies between in between."""
    return float(ramp(value, none, full))


def _pieces(mask: GrayImage) -> Pieces:
    """Return the connected strokes of a mask of 0 and 1, specks left out."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    pieces = np.asarray(stats[1:], np.int32)
    area = pieces[:, cv2.CC_STAT_AREA]
    return pieces[area >= _SPECK * area.sum()] if len(pieces) else pieces


def _box(pieces: Pieces) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of all pieces, of which there is at least one."""
    left, top = pieces[:, 0].min(), pieces[:, 1].min()
    right, bottom = (pieces[:, 0] + pieces[:, 2]).max(), (pieces[:, 1] + pieces[:, 3]).max()
    return int(left), int(top), int(right), int(bottom)


def _pen(mask: GrayImage) -> float:
    """Return the pen's width in pixels, at least 1."""
    framed = np.pad(mask, 1)
    return max(1.0, 4 * cv2.mean(cv2.distanceTransform(framed, cv2.DIST_L2, 3), framed)[0])


def _tiny(pieces: Pieces, sheet: tuple[int, ...]) -> float:
    """Return how much too small all writing is for its sheet to be a numeral."""
    if not len(pieces):
        return 1.0
    left, top, right, bottom = _box(pieces)
    return _ramp(max(right - left, bottom - top) / max(sheet), 0.16, 0.08)


def _scribble(mask: GrayImage) -> float:
    """Return how far the length of all strokes, or the paper they enclose, is beyond a numeral's.

    The strokes of a viii are about 5 times as long as it is high, with bars and serifs up to 9;
    bars above and below enclose at most 4 pieces of paper, drawn twice up to 7. Specks and what
    touches the edge of the sheet, as dark paper does, are left out.
    """
    _, names, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    whole = stats[:, cv2.CC_STAT_AREA] >= _SPECK * mask.sum()
    whole[np.unique(np.concatenate([names[0], names[-1], names[:, 0], names[:, -1]]))] = False
    whole[0] = False
    if not whole.any():
        return 0.0
    left, top, right, bottom = _box(np.asarray(stats[whole], np.int32))
    part = np.pad(whole[names].astype(np.uint8)[top:bottom, left:right], 1)
    height = bottom - top
    # both sides of a stroke are edge; unlike its area that needs no guess of the pen's width
    edge = int(part.sum()) - int(cv2.erode(part, np.ones((3, 3), np.uint8)).sum())
    length = edge / 2 / max(height, 1)
    paper = np.pad(1 - part, 1, constant_values=1).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    holes = int((stats[1:, cv2.CC_STAT_AREA] >= max(4.0, (height / 30) ** 2)).sum()) - 1
    return max(_ramp(length, 9, 15), _ramp(holes, 7, 14))


def _cut(mask: GrayImage, pieces: Pieces) -> float:
    """Return how many pens' widths of writing lie on the sheet's edge: 3 are surely a cut."""
    if not len(pieces):
        return 0.0
    border = np.concatenate([mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1]])
    return _ramp(float(border.sum()) / _pen(mask), 0.5, 3)


def _several(mask: GrayImage, pieces: Pieces) -> float:
    """Return how sure it is that writing stands in two places: in two rows, or far apart in one."""
    big = pieces[pieces[:, 3] >= 0.2 * mask.shape[0] * 0.5] if len(pieces) else pieces
    if len(big) < 2:
        return 0.0
    tall = big[big[:, 3] >= 0.3 * big[:, 3].max()]
    rows = _widest_gap(tall[:, 1], tall[:, 3])
    height = float(np.median(tall[:, 3]))
    columns = _widest_gap(tall[:, 0], tall[:, 2])
    return max(_ramp(rows / max(height, 1), 0.0, 0.15), _ramp(columns / max(height, 1), 1.0, 1.8))


def _widest_gap(starts: npt.NDArray[np.int32], lengths: npt.NDArray[np.int32]) -> float:
    """Return the widest stretch that no piece covers, between the first and the last."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], (starts + lengths)[order]
    reached = np.maximum.accumulate(ends)
    return float(np.max(starts[1:] - reached[:-1], initial=0))
