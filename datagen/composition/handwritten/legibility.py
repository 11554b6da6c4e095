"""Can a composed numeral be read at 32×32? Judged from where its strokes are known to lie.

Enters: a layout and the evaluator's view of what was drawn by it. Leaves: a legibility, 0 … 1:
every letter's strokes must show along their centre lines, the arms of v and x must be apart, and
so must be neighbouring letters. What touches in some rows only (a v beside an i with serifs) may.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.composition.handwritten.layout import SheetLayout
from datagen.core.arrays import GrayImage
from datagen.core.evaluator_facts import SIDE
from datagen.core.glyphs import Glyph
from datagen.core.numerals import Letter
from datagen.images.legibility import KEPT, VALLEY, Floats, Ints, peaks, valleys, worst_stretch

_ROWS: Final = np.arange(SIDE)
_HIGH: Final = 8.0  # rows of the view: letters from this height on lose nothing for being small

# shares of a letter's rows that must be apart for a legibility of 1; half of it gives 0.5
_LETTERS_APART: Final = 0.8  # of the rows that both have
_ARMS_APART: Final = 0.6  # of a v: they meet at its foot
_HALF_APART: Final = 0.2  # of an x, above its crossing and as many below


@dataclass(frozen=True, slots=True, eq=False)
class _Crossings:
    """Where centre lines cross the rows of the view, sorted by row, then from left to right."""

    row: Ints
    column: Floats
    letter: Ints


def stroke_legibility(
    layout: SheetLayout, glyphs: Sequence[Glyph], sheet: GrayImage, view: GrayImage
) -> float:
    """Return how well the letters of a numeral show in the evaluator's view.

    Args:
        layout: where its strokes lie on the sheet.
        glyphs: its letters, left to right; all of them strokes.
        sheet: what was drawn, `uint8 H×W`.
        view: the evaluator's view of it, `uint8 32×32`.

    Returns:
        0 … 1, that of the worst place.
    """
    full = 255.0 - float(sheet.min())
    if full < 1:
        return 0.0
    bodies = _bodies(layout, glyphs, sheet)
    found = _crossings(bodies)
    if not len(found.row):
        return 0.0
    ink = (255.0 - view.astype(np.float64)) / full
    peak = peaks(ink, found.row, found.column - 0.75, found.column + 0.75)
    shown = peak >= KEPT
    letters = [glyph.info.letter for glyph in glyphs]
    return max(
        0.0,
        min(
            _heights(bodies, len(glyphs)),
            1 - worst_stretch(found.row, found.column, ~shown),
            _neighbours(found, ink, peak, shown, len(glyphs)),
            _arms(found, ink, peak, letters),
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Bodies:
    """Pieces of centre lines, in cells of the view: `N×2` ends, and whose letter each is of."""

    begin: Floats
    end: Floats
    letter: Ints


def _bodies(layout: SheetLayout, glyphs: Sequence[Glyph], sheet: GrayImage) -> _Bodies:
    """Return the letters' strokes without their dots, which a letter can do without."""
    height, width = sheet.shape
    scale = np.array([SIDE / width, SIDE / height])
    strokes = [(k, path) for k, glyph in enumerate(glyphs) for path in glyph.strokes or ()]
    begin, end, letter = [], [], []
    for (k, path), line in zip(strokes, layout.lines, strict=False):
        if float(path[:, 1].max()) < 0:  # a dot, above the body
            continue
        begin.append(line.points[:-1])
        end.append(line.points[1:])
        letter.append(np.full(len(line.points) - 1, k))
    first, last = ((np.concatenate(ends) + 0.5) * scale - 0.5 for ends in (begin, end))
    return _Bodies(first, last, np.concatenate(letter))


def _crossings(bodies: _Bodies) -> _Crossings:
    above, below = bodies.begin[:, 1, None] <= _ROWS, bodies.end[:, 1, None] <= _ROWS
    piece, row = np.nonzero(above != below)
    start, end = bodies.begin[piece], bodies.end[piece]
    share = (row - start[:, 1]) / (end[:, 1] - start[:, 1])
    column = start[:, 0] + share * (end[:, 0] - start[:, 0])
    order = np.lexsort((column, row))
    return _Crossings(row[order], column[order], bodies.letter[piece][order])


def _heights(bodies: _Bodies, letters: int) -> float:
    """Return 1 where every letter is high enough on the sheet, less for smaller and cut ones."""
    high = np.full(letters, np.inf)
    low = np.full(letters, -np.inf)
    np.minimum.at(high, bodies.letter, bodies.begin[:, 1])
    np.maximum.at(low, bodies.letter, bodies.begin[:, 1])
    inside = np.minimum(low, SIDE - 0.5) - np.maximum(high, -0.5)
    cut = inside / np.maximum(low - high, 1e-6)
    return float(min((inside / _HIGH).min(), 1.0, (2 * cut - 1).min()))


def _neighbours(
    found: _Crossings, ink: Floats, peak: Floats, shown: npt.NDArray[np.bool_], letters: int
) -> float:
    """Return how far neighbouring letters are apart: the share of rows with paper between them."""
    pairs = np.flatnonzero(
        (found.row[1:] == found.row[:-1]) & (found.letter[1:] != found.letter[:-1])
    )
    pairs = pairs[shown[pairs] & shown[pairs + 1]]
    if not len(pairs):
        return 1.0
    apart = _apart(ink, peak, found, pairs, pairs + 1)
    which = np.minimum(found.letter[pairs], found.letter[pairs + 1])
    every = np.bincount(which, minlength=letters)
    share = np.bincount(which, apart, minlength=letters)[every > 0] / every[every > 0]
    return min(1.0, float(share.min()) / _LETTERS_APART)


def _arms(found: _Crossings, ink: Floats, peak: Floats, letters: Sequence[Letter]) -> float:
    """Return how far the arms of every v and x are apart."""
    worst = 1.0
    for k, letter in enumerate(letters):
        if letter == "i":
            continue
        own = np.flatnonzero(found.letter == k)
        if not len(own):
            return 0.0
        rows, first = np.unique(found.row[own], return_index=True)
        last = np.append(first[1:], len(own)) - 1
        left, right = own[first], own[last]
        apart = _apart(ink, peak, found, left, right)
        if letter == "v":
            worst = min(worst, float(apart.mean()) / _ARMS_APART)
            continue
        width = np.where(left < right, found.column[right] - found.column[left], np.inf)
        quarter = len(rows) // 4  # it crosses in the middle; joined arms may meet at an end, too
        crossing = rows[quarter + int(np.argmin(width[quarter : len(rows) - quarter]))]
        half = min(int(apart[rows < crossing].sum()), int(apart[rows > crossing].sum()))
        worst = min(worst, half / (_HALF_APART * len(rows)))
    return worst


def _apart(
    ink: Floats, peak: Floats, found: _Crossings, left: Ints, right: Ints
) -> npt.NDArray[np.bool_]:
    """Return whether paper shows between two crossings of a row, both of which show."""
    least = np.minimum(peak[left], peak[right])
    valley = valleys(ink, found.row[left], found.column[left], found.column[right])
    apart: npt.NDArray[np.bool_] = (least >= KEPT) & (valley <= VALLEY * least)
    return apart
