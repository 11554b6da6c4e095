"""Where everything of a numeral goes: from letter heights to pixels on the sheet. No drawing.

The numeral's own space is in letter heights, its letters standing on y = 1.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from datagen.composition.handwritten.parameters import Bar, Hand, Pose
from datagen.core.arrays import Coverage
from datagen.core.glyphs import Glyph, Path2D

Matrix = npt.NDArray[np.float64]
"""`float64 2×3`, an affine map (x, y, 1) → (x, y)."""

_Extent = tuple[list[float], list[float]]  # least and greatest x and y

_USUAL_PEN = 0.1  # letter heights: of strokes recorded without a pen's width
_ALONG = np.linspace(0, 1, 12)  # a bar, from its left end to its right
_TILT = _ALONG - 0.5
_BOW = np.sin(np.pi * _ALONG)
_TREMOR = np.sin(np.linspace(0, 9.5, 12)) + 0.6 * np.sin(np.linspace(1, 23, 12))


class InkLine(NamedTuple):
    """A pen's path on the sheet, pixels; `pressure` as in `Glyph`."""

    points: Path2D
    pressure: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """Ink to be resampled onto the sheet.

    Attributes:
        ink: `uint8 H×W` coverage.
        matrix: from the ink's pixels to the sheet's.
        width: of its lines once on the sheet, pixels.
    """

    ink: Coverage
    matrix: Matrix
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class SheetLayout:
    """A numeral placed on its sheet; `pen` is the width of its lines, pixels."""

    lines: tuple[InkLine, ...]
    stamps: tuple[Stamp, ...]
    pen: float


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """Letters side by side in the numeral's own space.

    Attributes:
        glyphs: left to right.
        matrices: for each letter, the map from its glyph's coordinates.
        points: the letters' outlines one after another: their strokes' points, or their corners.
        starts: the row of `points` where each letter begins.
        counts: how many points each letter has.
    """

    glyphs: Sequence[Glyph]
    matrices: list[Matrix]
    points: Path2D
    starts: list[int]
    counts: list[int]

    def spans(self) -> tuple[list[float], list[float]]:
        """Return the least and the greatest x of every letter."""
        x = self.points[:, 0]
        left, right = (end.reduceat(x, self.starts) for end in (np.minimum, np.maximum))
        return left.tolist(), right.tolist()

    def move(self, along: Sequence[float]) -> None:
        """Move every letter to the right, in place."""
        for start, count, matrix, x in zip(
            self.starts, self.counts, self.matrices, along, strict=True
        ):
            self.points[start : start + count, 0] += np.float32(x)
            matrix[0, 2] += x

    def outline(self, first: int, last: int) -> Path2D:
        """Return the points of the letters `first` to `last`."""
        return self.points[self.starts[first] : self.starts[last] + self.counts[last]]


def lay_out(hand: Hand, glyphs: Sequence[Glyph], margin: int) -> SheetLayout:
    """Place the letters and bars of `hand` on its sheet.

    Everything, the pen's width included, ends `margin` pixels inside the sheet; a line that
    swells under pressure may reach into the margin.
    """
    row = _set_letters(hand, glyphs)
    turn = _rotation(hand.rotation)
    widths = [_own_pen(glyph) for glyph in glyphs]
    extent = _extent(turn, row.points)
    pen = _pen_pixels(hand, sum(widths) / len(widths), _fit(hand, extent, 0, margin)[0])
    scale, _ = _fit(hand, extent, pen, margin)
    _spread(row, pen / scale)
    bars = _bar_paths(hand, row, pen / scale)
    scale, origin = _fit(hand, _extent(turn, row.points, *bars), pen, margin)
    to_sheet = _sheet_matrix(turn, scale, origin)
    return SheetLayout(
        lines=(*_lines(row, to_sheet), *(InkLine(_apply(to_sheet, bar)) for bar in bars)),
        stamps=tuple(
            Stamp(glyph.ink, _chain(to_sheet, matrix), width * scale)
            for glyph, matrix, width in zip(glyphs, row.matrices, widths, strict=True)
            if glyph.ink is not None
        ),
        pen=pen,
    )


def height_in_pixels(hand: Hand, glyphs: Sequence[Glyph]) -> float:
    """Return how many pixels a letter height has on the sheet, the pen's width left out."""
    row = _set_letters(hand, glyphs)
    extent = _extent(_rotation(hand.rotation), row.points, *_bar_paths(hand, row, 0.0))
    return _fit(hand, extent, 0.0, 1)[0]


def _set_letters(hand: Hand, glyphs: Sequence[Glyph]) -> _Row:
    """Set the letters side by side on the baseline, as if the pen had no width."""
    matrices = [_stand(pose, glyph) for pose, glyph in zip(hand.letters, glyphs, strict=True)]
    outlines = [
        _apply(matrix, _outline(glyph)) for matrix, glyph in zip(matrices, glyphs, strict=True)
    ]
    counts = [len(outline) for outline in outlines]
    starts = [0, *accumulate(counts[:-1])]
    row = _Row(glyphs, matrices, np.concatenate(outlines), starts, counts)
    along: list[float] = []
    cursor = 0.0
    for pose, left, right in zip(hand.letters, *row.spans(), strict=True):
        if along:
            cursor += pose.gap
        along.append(cursor - left)
        cursor += right - left
    row.move(along)
    return row


def _stand(pose: Pose, glyph: Glyph) -> Matrix:
    """Map a glyph's own coordinates to letter heights, its body standing on y = 1."""
    unit = 1.0 if glyph.ink is None else 1 / (glyph.ink.shape[0] - glyph.body_top)
    base = 1.0 if glyph.ink is None else glyph.ink.shape[0] * unit
    height, width = pose.height * unit, pose.height * pose.stretch * unit
    foot = 1 + pose.drop
    # x is sheared about the baseline: x' = width·x + slant·(foot - y')
    return np.array(
        [
            [width, -pose.slant * height, pose.slant * pose.height * base],
            [0.0, height, foot - pose.height * base],
        ]
    )


def _outline(glyph: Glyph) -> Path2D:
    """Return points whose hull holds the glyph, in its own coordinates."""
    if glyph.strokes is not None:
        return np.concatenate(glyph.strokes)
    rows, columns = glyph.ink.shape if glyph.ink is not None else (0, 0)
    return np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]], np.float32)


def _own_pen(glyph: Glyph) -> float:
    """Return the width of the pen that wrote `glyph`, in letter heights."""
    if glyph.ink is None:
        return glyph.pen or _USUAL_PEN
    # a stroke's area is width × length, and its outline twice its length; the sum of absolute
    # differences along x and y overstates an outline of any direction by 4/π on average
    framed = cv2.copyMakeBorder(glyph.ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    edges = cv2.norm(framed[1:], framed[:-1], cv2.NORM_L1)
    edges += cv2.norm(framed[:, 1:], framed[:, :-1], cv2.NORM_L1)
    width = 2 * int(glyph.ink.sum()) / max(edges * math.pi / 4, 1)
    return float(width / (glyph.ink.shape[0] - glyph.body_top))


def _pen_pixels(hand: Hand, own: float, letter_height: float) -> float:
    """Return the pen's width in pixels, for letters `letter_height` pixels high.

    Real pens keep their width whatever the size of the writing, so the writer's own width, which
    is in letter heights, has only half a say.
    """
    side = math.sqrt(hand.sheet[0] * hand.sheet[1])
    width = math.sqrt(own * letter_height * hand.pen * side)
    return min(max(width, 0.018 * side), 0.28 * letter_height + 1)


def _spread(row: _Row, pen: float) -> None:
    """Make room for the pen's width between letters drawn with it; raster ink has it already."""
    along = []
    moved = 0.0
    for glyph in row.glyphs:
        border = _border(glyph, pen)
        along.append(moved + border)
        moved += 2 * border
    row.move(along)


def _border(glyph: Glyph, pen: float) -> float:
    """Return how far ink reaches beyond the letter's outline."""
    return 0.0 if glyph.strokes is None else pen / 2


def _bar_paths(hand: Hand, row: _Row, pen: float) -> list[Path2D]:
    """Return the paths of the serif bars and, where boxed, of the sides."""
    lefts, rights = row.spans() if hand.bars else ([], [])
    bars = [_bar_path(bar, row, lefts[bar.first], rights[bar.last], pen) for bar in hand.bars]
    if hand.boxed and len(bars) == 2:
        over, under = bars
        bars += [np.stack([over[0], under[0]]), np.stack([over[-1], under[-1]])]
    return bars


def _bar_path(bar: Bar, row: _Row, left: float, right: float, pen: float) -> Path2D:
    """Return the path of one serif bar over or under letters that reach from `left` to `right`."""
    border = _border(row.glyphs[bar.first], pen)
    left = left - border - bar.left
    right = right + _border(row.glyphs[bar.last], pen) + bar.right
    heights = row.outline(bar.first, bar.last)[:, 1]
    inset = pen / 2 - border  # a joined bar lies on the letters' own ink
    y = heights.min() + inset - bar.offset if bar.over else heights.max() - inset + bar.offset
    path = np.empty((len(_ALONG), 2), np.float32)
    path[:, 0] = left + (right - left) * _ALONG
    path[:, 1] = y + (bar.tilt * _TILT + bar.bow * _BOW + bar.waver * _TREMOR)
    return path


def _extent(turn: Matrix, *paths: Path2D) -> _Extent:
    """Return the least and the greatest x and y of paths once turned."""
    points = (np.concatenate(paths) if len(paths) > 1 else paths[0]) @ turn.T
    axes = np.ascontiguousarray(points.T)  # numpy looks through a row thrice as fast as a column
    return np.minimum.reduce(axes, axis=1).tolist(), np.maximum.reduce(axes, axis=1).tolist()


def _fit(hand: Hand, extent: _Extent, pen: float, margin: int) -> tuple[float, list[float]]:
    """Return pixels per letter height, and the sheet position of the numeral's origin."""
    # x and y one by one: this is done three times for every image
    (low_x, low_y), (high_x, high_y) = extent
    room_x, room_y = hand.sheet[0] - 2 * margin - pen, hand.sheet[1] - 2 * margin - pen
    width, height = high_x - low_x, high_y - low_y
    scale = min(
        max(hand.fill * room_x, 8) / max(width, 1e-3),
        max(hand.fill * room_y, 8) / max(height, 1e-3),
    )
    x = margin + pen / 2 + hand.at[0] * (room_x - scale * width) - scale * low_x
    y = margin + pen / 2 + hand.at[1] * (room_y - scale * height) - scale * low_y
    return scale, [x, y]


def _lines(row: _Row, to_sheet: Matrix) -> Iterator[InkLine]:
    """Yield the letters' strokes on the sheet; none of a letter that is ink."""
    points = _apply(to_sheet, row.points)
    for glyph, start in zip(row.glyphs, row.starts, strict=True):
        strokes = glyph.strokes or ()
        pressures = glyph.pressure or (None,) * len(strokes)
        for stroke, pressure in zip(strokes, pressures, strict=True):
            yield InkLine(points[start : start + len(stroke)], pressure)
            start += len(stroke)  # noqa: PLW2901


def _rotation(degrees: float) -> Matrix:
    """Return a `2×2` rotation."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _sheet_matrix(turn: Matrix, scale: float, origin: Sequence[float]) -> Matrix:
    """Return the map from letter heights to pixels of the sheet."""
    matrix = np.empty((2, 3))
    matrix[:, :2] = turn * scale
    matrix[:, 2] = origin
    return matrix


def _chain(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the map that applies `inner`, then `outer`."""
    linear = outer[:, :2] @ inner
    linear[:, 2] += outer[:, 2]
    return linear


def _apply(matrix: Matrix, points: Path2D) -> Path2D:
    """Map `N×2` points."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
