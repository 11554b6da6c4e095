"""Can an image be read at 32×32? What the evaluator's sampling leaves of strokes and gaps.

Enters: an image and the evaluator's view of it. Leaves: a legibility, 0 … 1. The view looks at
32 × 32 places of the image and passes over all between them: a thin stroke between two columns is
gone, and so is a narrow gap. Numerals are made of upright strokes, so rows tell: along each row of
the view every stroke of the image must show, and the paper between two strokes, too.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import GrayImage
from datagen.core.evaluator_facts import SIDE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

KEPT: Final = 0.35
"""Share of full ink from which a stroke shows at a place."""
VALLEY: Final = 0.6
"""Share of the ink of two strokes below which paper shows between them."""

_COLUMNS: Final = np.arange(SIDE, dtype=np.float32)
_STROKES: Final = (3, 6, 6)  # columns and rows of a window, and its least number of places
_GAPS: Final = (5, 9, 6)  # higher: at the foot of a v the gap closes by intent


@dataclass(frozen=True, slots=True, eq=False)
class RowRuns:
    """Stretches of ink along the rows of a view, sorted by row, then from left to right.

    Attributes:
        row: row of the view.
        start, end: where the stretch begins and ends, columns of the view (the centre of column k
            is k).
    """

    row: Ints
    start: Floats
    end: Floats


def raster_legibility(image: GrayImage, view: GrayImage) -> float:
    """Return how much of the strokes and gaps of `image` its view keeps, at the worst place.

    Args:
        image: `uint8 H×W`, dark ink; what has merged in it already is one stroke.
        view: the evaluator's view of it, `uint8 32×32`.

    Returns:
        1 where every stroke and every gap shows, 0 where a stretch of one is gone, or all is paper.

    Example:
        >>> import numpy as np
        >>> from datagen.core.evaluator_resize import evaluator_view
        >>> image = np.full((320, 320), 255, np.uint8)
        >>> image[60:260, 97:103] = image[60:260, 203:217] = 0  # the first lies between columns
        >>> raster_legibility(image, evaluator_view(image))
        0.0
    """
    paper = float(np.median(view))
    rows = _sampled_rows(image)
    dark = float(rows.min())
    if paper - dark < 1:
        return 0.0
    runs = _runs(rows < (paper + dark) / 2)
    if not len(runs.row):
        return 0.0
    ink = np.clip((paper - view.astype(np.float64)) / (paper - dark), 0, 1)
    peak = peaks(ink, runs.row, runs.start - 0.5, runs.end + 0.5)
    lost = _worst(runs.row, (runs.start + runs.end) / 2, peak < KEPT, _STROKES)
    pairs = np.flatnonzero(runs.row[1:] == runs.row[:-1])
    left, right = runs.end[pairs], runs.start[pairs + 1]
    apart = valleys(ink, runs.row[pairs], left - 0.25, right + 0.25)
    # a gap that a stroke beside it does not bound shows by itself
    closed = apart > VALLEY * np.minimum(peak[pairs], peak[pairs + 1])
    closed &= np.minimum(peak[pairs], peak[pairs + 1]) >= KEPT
    return 1 - max(lost, _worst(runs.row[pairs], (left + right) / 2, closed, _GAPS))


def peaks(ink: Floats, row: Ints, start: Floats, end: Floats) -> Floats:
    """Return the most ink of a view along stretches of its rows; 0 where one has no column.

    Args:
        ink: `float64 32×32`, 0 … 1.
        row: `N` rows.
        start: `N` columns, as in `RowRuns`.
        end: `N` columns.
    """
    found: Floats = np.where(_inside(start, end), ink[row], 0.0).max(axis=1, initial=0.0)
    return found


def valleys(ink: Floats, row: Ints, start: Floats, end: Floats) -> Floats:
    """Return the least ink of a view along stretches of its rows; 1 where one has no column.

    Args:
        ink: `float64 32×32`, 0 … 1.
        row: `N` rows.
        start: `N` columns, as in `RowRuns`.
        end: `N` columns.
    """
    found: Floats = np.where(_inside(start, end), ink[row], 1.0).min(axis=1, initial=1.0)
    return found


def _inside(start: Floats, end: Floats) -> Flags:
    """Return which columns of a view, `N×32`, lie in each of `N` stretches."""
    return (start[:, None] <= _COLUMNS) & (end[:, None] >= _COLUMNS)


def worst_stretch(row: Ints, column: Floats, failed: Flags) -> float:
    """Return the greatest share of strokes that do not show in any window of 6 rows.

    Args:
        row: `N` rows of the view.
        column: `N` columns.
        failed: whether the stroke there does not show.
    """
    return _worst(row, column, failed, _STROKES)


def _worst(row: Ints, column: Floats, failed: Flags, window: tuple[int, int, int]) -> float:
    if not failed.any():
        return 0.0
    place = row * SIDE + np.clip(np.rint(column), 0, SIDE - 1).astype(np.intp)
    every, bad = (
        cv2.boxFilter(
            np.bincount(each, minlength=SIDE * SIDE).reshape(SIDE, SIDE).astype(np.float32),
            -1,
            window[:2],
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )
        for each in (place, place[failed])
    )
    return float((bad / np.maximum(every, window[2])).max())  # fewer are a speck


def _sampled_rows(image: GrayImage) -> npt.NDArray[np.float32]:
    """Return the rows of an image that its view looks at, `float32 32×W`, specks smoothed."""
    height, width = image.shape
    centre = np.clip((np.arange(SIDE) + 0.5) * height / SIDE - 0.5, 0, height - 1)
    above = centre.astype(np.intp)
    below = np.minimum(above + 1, height - 1)
    rows = (image[above].astype(np.float32) + image[below]) / 2
    smooth = max(1, round(0.2 * width / SIDE))
    return np.asarray(cv2.blur(rows, (smooth, 1)), np.float32)


def _runs(mask: Flags) -> RowRuns:
    """Return the stretches of ink of `32×W` flags."""
    width = mask.shape[1]
    steps = np.diff(mask.astype(np.int8), axis=1, prepend=0, append=0)
    row, start = np.nonzero(steps == 1)
    _, end = np.nonzero(steps == -1)
    scale = SIDE / width
    return RowRuns(row, (start + 0.5) * scale - 0.5, (end - 0.5) * scale - 0.5)
