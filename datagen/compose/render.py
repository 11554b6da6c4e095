"""A `Hand` and its glyphs become pixels. Pure: the same input gives the same image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from datagen.compose.hand import Bar, Hand, Pose
from datagen.glyphs import Glyph, Gray, Path2D
from pipelines.ops import scan

Matrix = npt.NDArray[np.float64]
"""`float64 2×3`, an affine map (x, y, 1) → (x, y)."""

_USUAL_PEN = 0.1  # letter heights: of strokes recorded without a pen's width
_SUBPIXEL = 4  # bits after the point in OpenCV's fixed-point coordinates
_CRISP = np.clip((np.arange(256) - 80) * 3, 0, 255).astype(np.uint8)  # a pen's edge is sharp
_WAVER = np.sin(np.linspace(0, 9.5, 12)) + 0.6 * np.sin(
    np.linspace(1, 23, 12)
)  # tremor along a bar


@dataclass(frozen=True, slots=True, eq=False)
class _Letter:
    """A letter in the numeral's own space: letter heights, baseline at y = 1."""

    glyph: Glyph
    matrix: Matrix
    box: tuple[float, float, float, float]  # left, top, right, bottom of its ink


def render(hand: Hand, glyphs: Sequence[Glyph]) -> Gray:
    """Write `glyphs` on a sheet as `hand` says.

    Args:
        hand: the drawn parameters.
        glyphs: the letters named by `hand.letters`, in the same order.

    Returns:
        `uint8 H×W` of size `hand.sheet`, ink 0 on paper 255.

    Raises:
        ValueError: `glyphs` are not those of `hand`.
    """
    if [glyph.info.id for glyph in glyphs] != [pose.glyph for pose in hand.letters]:
        raise ValueError("the glyphs are not those that the hand was drawn for")
    letters = _set_letters(hand, glyphs)
    turn = _rotation(hand.rotation)
    own = [_own_pen(glyph) for glyph in glyphs]
    pen = _pen_pixels(hand, sum(own) / len(own), _fit(hand, turn, letters, [], 0)[0])
    scale, _ = _fit(hand, turn, letters, [], pen)
    letters = _spread(letters, pen / scale)
    bars = _bar_lines(hand, letters, pen / scale)
    scale, shift = _fit(hand, turn, letters, bars, pen)
    to_sheet = np.column_stack([turn[:, :2] * scale, shift])
    width, height = hand.sheet
    coverage: Gray = np.zeros((height, width), np.uint8)
    for letter, line in zip(letters, own, strict=True):
        _draw_letter(coverage, letter.glyph, _chain(to_sheet, letter.matrix), pen, line * scale)
    for bar in bars:
        _draw_path(coverage, _apply(to_sheet, bar), pen)
    cv2.GaussianBlur(coverage, (hand.blur, hand.blur), 0, dst=coverage)
    return _ink_table(hand.darkness, hand.scan)[coverage]


def _pen_pixels(hand: Hand, own: float, letter_height: float) -> float:
    """Return the pen's width in pixels, for letters `letter_height` pixels high.

    Real pens keep their width whatever the size of the writing, so the writer's own width, which
    is in letter heights, has only half a say.
    """
    side = math.sqrt(hand.sheet[0] * hand.sheet[1])
    width = math.sqrt(own * letter_height * hand.pen * side)
    return min(max(width, 0.018 * side), 0.28 * letter_height + 1)


def _own_pen(glyph: Glyph) -> float:
    """Return the width of the pen that wrote `glyph`, in letter heights."""
    if glyph.ink is None:
        return glyph.pen or _USUAL_PEN
    # a stroke's area is width × length, and its outline twice its length; the sum of absolute
    # differences along x and y overstates an outline of any direction by 4/π on average
    framed = np.pad(glyph.ink, 1).astype(np.int16)
    edges = sum(int(np.abs(np.diff(framed, axis=k)).sum()) for k in (0, 1))
    width = 2 * int(glyph.ink.sum()) / max(edges * math.pi / 4, 1)
    return float(width / (glyph.ink.shape[0] - glyph.body_top))


def _set_letters(hand: Hand, glyphs: Sequence[Glyph]) -> list[_Letter]:
    """Set the letters side by side on the baseline, as if the pen had no width."""
    letters: list[_Letter] = []
    cursor = 0.0
    for pose, glyph in zip(hand.letters, glyphs, strict=True):
        matrix = _stand(pose, glyph)
        left, top, right, bottom = _ink_box(glyph, matrix)
        if letters:
            cursor += pose.gap
        matrix[0, 2] += cursor - left
        letters.append(_Letter(glyph, matrix, (cursor, top, cursor + right - left, bottom)))
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


def _ink_box(glyph: Glyph, matrix: Matrix) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of the glyph under `matrix`."""
    points = _apply(matrix, _outline(glyph))
    left, top = points.min(axis=0).tolist()
    right, bottom = points.max(axis=0).tolist()
    return left, top, right, bottom


def _outline(glyph: Glyph) -> Path2D:
    """Return points whose hull holds the glyph, in its own coordinates."""
    if glyph.strokes is not None:
        return np.concatenate(glyph.strokes)
    rows, columns = glyph.ink.shape if glyph.ink is not None else (0, 0)
    return np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]], np.float32)


def _spread(letters: Sequence[_Letter], pen: float) -> list[_Letter]:
    """Make room for the pen's width between letters drawn with it; raster ink has it already."""
    spread = []
    moved = 0.0
    for letter in letters:
        border = pen / 2 if letter.glyph.strokes is not None else 0.0
        moved += border
        matrix = letter.matrix.copy()
        matrix[0, 2] += moved
        left, top, right, bottom = letter.box
        box = (left + moved - border, top - border, right + moved + border, bottom + border)
        spread.append(_Letter(letter.glyph, matrix, box))
        moved += border
    return spread


def _bar_lines(hand: Hand, letters: Sequence[_Letter], pen: float) -> list[Path2D]:
    """Return the paths of the serif bars and, where boxed, of the sides."""
    bars = [_bar_line(bar, letters, pen) for bar in hand.bars]
    if hand.boxed and len(bars) == 2:
        over, under = bars
        bars += [np.stack([over[0], under[0]]), np.stack([over[-1], under[-1]])]
    return bars


def _bar_line(bar: Bar, letters: Sequence[_Letter], pen: float) -> Path2D:
    """Return the path of one serif bar."""
    boxes = np.array([letter.box for letter in letters[bar.first : bar.last + 1]])
    left, right = boxes[:, 0].min() - bar.left, boxes[:, 2].max() + bar.right
    if bar.over:
        y = boxes[:, 1].min() + pen / 2 - bar.offset
    else:
        y = boxes[:, 3].max() - pen / 2 + bar.offset
    along = np.linspace(0, 1, len(_WAVER))
    sag = bar.tilt * (along - 0.5) + bar.bow * np.sin(np.pi * along) + bar.waver * _WAVER
    return np.stack([left + (right - left) * along, y + sag], axis=1).astype(np.float32)


def _fit(
    hand: Hand, turn: Matrix, letters: Sequence[_Letter], lines: Sequence[Path2D], pen: float
) -> tuple[float, npt.NDArray[np.float64]]:
    """Return pixels per letter height, and the sheet position of the numeral's origin.

    Everything, the pen's width (pixels) included, ends inside the sheet.
    """
    inked = [_apply(_chain(turn, letter.matrix), _outline(letter.glyph)) for letter in letters]
    points = np.concatenate(inked + [_apply(turn, line) for line in lines])
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array(hand.sheet, float) - 2 - pen  # a pixel of white all around
    scale = float((np.maximum(hand.fill * room, 8) / np.maximum(high - low, 1e-3)).min())
    corner = 1 + pen / 2 + np.array(hand.at) * (room - scale * (high - low))
    return scale, corner - scale * low


def _draw_letter(coverage: Gray, glyph: Glyph, matrix: Matrix, pen: float, own: float) -> None:
    """Draw one letter on `coverage`, in place, with a `pen` that wide in pixels.

    Ink whose lines would come out `own` pixels wide is widened, or narrowed by at most a third:
    its thin parts are thinner than the average.
    """
    if glyph.ink is not None:
        _draw_raster(coverage, glyph.ink, matrix, max(pen - own, -own / 3))
    else:
        pressures = glyph.pressure or (None,) * len(glyph.strokes or ())
        for stroke, pressure in zip(glyph.strokes or (), pressures, strict=True):
            _draw_path(coverage, _apply(matrix, stroke), pen, pressure)


def _draw_raster(coverage: Gray, ink: Gray, matrix: Matrix, growth: float) -> None:
    """Resample `ink` once, straight onto the part of the sheet it covers, and widen its lines."""
    rows, columns = ink.shape
    corners = _apply(matrix, np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]]))
    height, width = coverage.shape
    border = 1 + max(round(growth), 0)
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - border, 0).tolist()
    right, bottom = np.minimum(
        np.ceil(corners.max(axis=0)).astype(int) + 1 + border, (width, height)
    ).tolist()
    if right <= left or bottom <= top:
        return
    local = matrix.copy()
    # pixel centres lie at half coordinates on both sides
    local[:, 2] += matrix[:, :2] @ (0.5, 0.5) - (left + 0.5, top + 0.5)
    drawn = cv2.warpAffine(ink, local, (right - left, bottom - top), flags=cv2.INTER_CUBIC)
    drawn = _CRISP[drawn]
    if abs(growth) >= 1:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (1 + round(abs(growth)),) * 2)
        drawn = cv2.dilate(drawn, disc) if growth > 0 else cv2.erode(drawn, disc)
    part = coverage[top:bottom, left:right]
    np.maximum(part, drawn, out=part)


def _draw_path(
    coverage: Gray, points: Path2D, pen: float, pressure: npt.NDArray[np.float32] | None = None
) -> None:
    """Draw one pen stroke `pen` pixels wide on `coverage`, in place."""
    fixed = np.rint(points * (1 << _SUBPIXEL)).astype(np.int32)
    if pressure is None:
        widths = np.full(len(fixed) - 1, max(1, round(pen)))
    else:
        widths = np.maximum(1, np.rint(pen / 2 * (pressure[:-1] + pressure[1:]))).astype(int)
    # one call per run of equal width
    ends = [*(np.flatnonzero(widths[1:] != widths[:-1]) + 1).tolist(), len(widths)]
    for start, end in pairwise([0, *ends]):
        cv2.polylines(
            coverage,
            [fixed[start : end + 1]],
            isClosed=False,
            color=255,
            thickness=int(widths[start]),
            lineType=cv2.LINE_AA,
            shift=_SUBPIXEL,
        )


def _ink_table(darkness: int, scanned: bool) -> Gray:
    """Return the grey level for each coverage 0 … 255."""
    grey = 255 - (np.arange(256) * darkness + 127) // 255
    table = grey.astype(np.uint8)
    return scan(table[None])[0] if scanned else table


def _rotation(degrees: float) -> Matrix:
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])


def _chain(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the map that applies `inner`, then `outer`."""
    linear = outer[:, :2] @ inner
    linear[:, 2] += outer[:, 2]
    return linear


def _apply(matrix: Matrix, points: npt.NDArray[np.floating]) -> Path2D:
    """Map `N×2` points."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
