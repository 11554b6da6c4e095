"""Where everything of a numeral goes: from letter heights to pixels on the sheet. No drawing.

The numeral's own space is in letter heights, its letters standing on y = 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from datagen.composition.handwritten.parameters import Bar, Hand, Pose
from datagen.core.arrays import Coverage
from datagen.core.glyphs import Glyph, Path2D

Matrix = npt.NDArray[np.float64]
"""`float64 2×3`, an affine map (x, y, 1) → (x, y)."""

_USUAL_PEN = 0.1  # letter heights: of strokes recorded without a pen's width
_TREMOR = np.sin(np.linspace(0, 9.5, 12)) + 0.6 * np.sin(np.linspace(1, 23, 12))  # along a bar


@dataclass(frozen=True, slots=True, eq=False)
class InkLine:
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
class Layout:
    """A numeral placed on its sheet; `pen` is the width of its lines, pixels."""

    lines: tuple[InkLine, ...]
    stamps: tuple[Stamp, ...]
    pen: float


@dataclass(frozen=True, slots=True, eq=False)
class _Letter:
    """A letter in the numeral's own space; `outline` has its strokes' points, or its corners."""

    glyph: Glyph
    matrix: Matrix
    outline: Path2D

    def moved(self, x: float) -> "_Letter":
        matrix = self.matrix.copy()
        matrix[0, 2] += x
        return _Letter(self.glyph, matrix, self.outline + np.array([x, 0], np.float32))


def lay_out(hand: Hand, glyphs: Sequence[Glyph], margin: int) -> Layout:
    """Place the letters and bars of `hand` on its sheet.

    Everything, the pen's width included, ends `margin` pixels inside the sheet; a line that
    swells under pressure may reach into the margin.
    """
    letters = _set_letters(hand, glyphs)
    turn = _rotation(hand.rotation)
    widths = [_own_pen(glyph) for glyph in glyphs]
    outlines = [letter.outline for letter in letters]
    pen = _pen_pixels(hand, sum(widths) / len(widths), _fit(hand, turn, outlines, 0, margin)[0])
    scale, _ = _fit(hand, turn, outlines, pen, margin)
    letters = _spread(letters, pen / scale)
    bars = _bar_paths(hand, letters, pen / scale)
    scale, origin = _fit(hand, turn, [letter.outline for letter in letters] + bars, pen, margin)
    to_sheet = np.column_stack([turn * scale, origin])
    return Layout(
        lines=tuple(
            [line for letter in letters for line in _lines(letter, to_sheet)]
            + [InkLine(_apply(to_sheet, bar)) for bar in bars]
        ),
        stamps=tuple(
            Stamp(letter.glyph.ink, _chain(to_sheet, letter.matrix), width * scale)
            for letter, width in zip(letters, widths, strict=True)
            if letter.glyph.ink is not None
        ),
        pen=pen,
    )


def height_in_pixels(hand: Hand, glyphs: Sequence[Glyph]) -> float:
    """Return how many pixels a letter height has on the sheet, the pen's width left out."""
    letters = _set_letters(hand, glyphs)
    bars = _bar_paths(hand, letters, 0.0)
    paths = [letter.outline for letter in letters] + bars
    return _fit(hand, _rotation(hand.rotation), paths, 0.0, 1)[0]


def _set_letters(hand: Hand, glyphs: Sequence[Glyph]) -> list[_Letter]:
    """Set the letters side by side on the baseline, as if the pen had no width."""
    letters: list[_Letter] = []
    cursor = 0.0
    for pose, glyph in zip(hand.letters, glyphs, strict=True):
        matrix = _stand(pose, glyph)
        letter = _Letter(glyph, matrix, _apply(matrix, _outline(glyph)))
        if letters:
            cursor += pose.gap
        left, right = _span(letter.outline)
        letters.append(letter.moved(cursor - left))
        cursor += right - left
    return letters


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


def _spread(letters: Sequence[_Letter], pen: float) -> list[_Letter]:
    """Make room for the pen's width between letters drawn with it; raster ink has it already."""
    spread = []
    moved = 0.0
    for letter in letters:
        border = _border(letter, pen)
        spread.append(letter.moved(moved + border))
        moved += 2 * border
    return spread


def _border(letter: _Letter, pen: float) -> float:
    """Return how far ink reaches beyond the letter's outline."""
    return 0.0 if letter.glyph.strokes is None else pen / 2


def _bar_paths(hand: Hand, letters: Sequence[_Letter], pen: float) -> list[Path2D]:
    """Return the paths of the serif bars and, where boxed, of the sides."""
    bars = [_bar_path(bar, letters[bar.first : bar.last + 1], pen) for bar in hand.bars]
    if hand.boxed and len(bars) == 2:
        over, under = bars
        bars += [np.stack([over[0], under[0]]), np.stack([over[-1], under[-1]])]
    return bars


def _bar_path(bar: Bar, letters: Sequence[_Letter], pen: float) -> Path2D:
    """Return the path of one serif bar over or under `letters`."""
    left = _span(letters[0].outline)[0] - _border(letters[0], pen) - bar.left
    right = _span(letters[-1].outline)[1] + _border(letters[-1], pen) + bar.right
    heights = np.concatenate([letter.outline[:, 1] for letter in letters])
    inset = pen / 2 - _border(letters[0], pen)  # a joined bar lies on the letters' own ink
    y = heights.min() + inset - bar.offset if bar.over else heights.max() - inset + bar.offset
    along = np.linspace(0, 1, len(_TREMOR))
    sag = bar.tilt * (along - 0.5) + bar.bow * np.sin(np.pi * along) + bar.waver * _TREMOR
    return np.stack([left + (right - left) * along, y + sag], axis=1).astype(np.float32)


def _fit(
    hand: Hand, turn: Matrix, paths: Sequence[Path2D], pen: float, margin: int
) -> tuple[float, npt.NDArray[np.float64]]:
    """Return pixels per letter height, and the sheet position of the numeral's origin."""
    points = np.concatenate(paths) @ turn.T
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array(hand.sheet, float) - 2 * margin - pen
    scale = float((np.maximum(hand.fill * room, 8) / np.maximum(high - low, 1e-3)).min())
    corner = margin + pen / 2 + np.array(hand.at) * (room - scale * (high - low))
    return scale, corner - scale * low


def _lines(letter: _Letter, to_sheet: Matrix) -> list[InkLine]:
    """Return the strokes of a letter on the sheet; none where it is ink."""
    strokes = letter.glyph.strokes
    if strokes is None:
        return []
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    paths = np.split(_apply(to_sheet, letter.outline), ends)
    pressures = letter.glyph.pressure or (None,) * len(strokes)
    return [InkLine(path, pressure) for path, pressure in zip(paths, pressures, strict=True)]


def _span(points: Path2D) -> tuple[float, float]:
    """Return the least and the greatest x."""
    return float(points[:, 0].min()), float(points[:, 0].max())


def _rotation(degrees: float) -> Matrix:
    """Return a `2×2` rotation."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _chain(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the map that applies `inner`, then `outer`."""
    linear = outer[:, :2] @ inner
    linear[:, 2] += outer[:, 2]
    return linear


def _apply(matrix: Matrix, points: Path2D) -> Path2D:
    """Map `N×2` points."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
