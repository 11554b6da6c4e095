"""A `Hand` and its glyphs become pixels. Pure: the same input gives the same image."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from datagen.compose.hand import Bar, Hand, Pose
from datagen.glyphs import Glyph, Gray, Path2D
from pipelines.ops import scan

Matrix = npt.NDArray[np.float64]
"""`float64 2×3`, an affine map (x, y, 1) → (x, y)."""

_RASTER_PEN = 0.11  # letter heights: pen width of bars beside raster letters, as EMNIST's strokes
_SUBPIXEL = 4  # bits after the point in OpenCV's fixed-point coordinates
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
    pen = _pen_width(hand, glyphs)
    letters = _set_letters(hand, glyphs, pen)
    lines = _bar_lines(hand, letters, pen)
    to_sheet, scale = _place(hand, letters, lines, pen)
    width, height = hand.sheet
    coverage: Gray = np.zeros((height, width), np.uint8)
    for letter in letters:
        _draw_letter(coverage, letter, _chain(to_sheet, letter.matrix), pen * scale)
    for line in lines:
        _draw_path(coverage, _apply(to_sheet, line), pen * scale)
    if hand.blur:
        cv2.GaussianBlur(coverage, (0, 0), hand.blur, dst=coverage)
    return _ink_table(hand.darkness, hand.scan)[coverage]


def _pen_width(hand: Hand, glyphs: Sequence[Glyph]) -> float:
    """Return the pen's width in letter heights: the first writer's own, times the hand's."""
    own = next((glyph.pen for glyph in glyphs if glyph.pen is not None), _RASTER_PEN)
    return own * hand.pen


def _set_letters(hand: Hand, glyphs: Sequence[Glyph], pen: float) -> list[_Letter]:
    """Set the letters side by side on the baseline."""
    letters: list[_Letter] = []
    cursor = 0.0
    for pose, glyph in zip(hand.letters, glyphs, strict=True):
        matrix = _stand(pose, glyph)
        left, top, right, bottom = _ink_box(glyph, matrix, pen)
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


def _ink_box(glyph: Glyph, matrix: Matrix, pen: float) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of the glyph's ink under `matrix`."""
    if glyph.strokes is None:
        rows, columns = glyph.ink.shape if glyph.ink is not None else (0, 0)
        corners = np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]], np.float32)
        points, border = _apply(matrix, corners), 0.0
    else:
        points, border = _apply(matrix, np.concatenate(glyph.strokes)), pen / 2
    left, top = points.min(axis=0).tolist()
    right, bottom = points.max(axis=0).tolist()
    return left - border, top - border, right + border, bottom + border


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


def _place(
    hand: Hand, letters: Sequence[_Letter], lines: Sequence[Path2D], pen: float
) -> tuple[Matrix, float]:
    """Return the map from the numeral's space to sheet pixels, and its scale.

    Everything, pen width included, ends inside the sheet.
    """
    turn = _rotation(hand.rotation)
    inked = [_apply(_chain(turn, letter.matrix), _outline(letter.glyph)) for letter in letters]
    points = np.concatenate(inked + [_apply(turn, line) for line in lines])
    low, high = points.min(axis=0) - pen / 2, points.max(axis=0) + pen / 2
    sheet = np.array(hand.sheet, float) - 2  # a pixel of white all around
    scale = float((hand.fill * sheet / (high - low)).min())
    shift = 1 + np.array(hand.at) * (sheet - scale * (high - low)) - scale * low
    matrix = turn * scale
    matrix[:, 2] += shift
    return matrix, scale


def _outline(glyph: Glyph) -> Path2D:
    """Return points whose hull holds the glyph, in its own coordinates."""
    if glyph.strokes is not None:
        return np.concatenate(glyph.strokes)
    rows, columns = glyph.ink.shape if glyph.ink is not None else (0, 0)
    return np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]], np.float32)


def _draw_letter(coverage: Gray, letter: _Letter, matrix: Matrix, pen: float) -> None:
    """Draw one letter on `coverage`, in place."""
    glyph = letter.glyph
    if glyph.ink is not None:
        _draw_raster(coverage, glyph.ink, matrix)
    else:
        pressures = glyph.pressure or (None,) * len(glyph.strokes or ())
        for stroke, pressure in zip(glyph.strokes or (), pressures, strict=True):
            _draw_path(coverage, _apply(matrix, stroke), pen, pressure)


def _draw_raster(coverage: Gray, ink: Gray, matrix: Matrix) -> None:
    """Resample `ink` once, straight onto the part of the sheet it covers."""
    rows, columns = ink.shape
    corners = _apply(matrix, np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]]))
    height, width = coverage.shape
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0).tolist()
    right, bottom = np.minimum(
        np.ceil(corners.max(axis=0)).astype(int) + 2, (width, height)
    ).tolist()
    if right <= left or bottom <= top:
        return
    local = matrix.copy()
    # pixel centres lie at half coordinates on both sides
    local[:, 2] += matrix[:, :2] @ (0.5, 0.5) - (left + 0.5, top + 0.5)
    drawn = cv2.warpAffine(ink, local, (right - left, bottom - top), flags=cv2.INTER_CUBIC)
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
        widths = np.maximum(1, np.rint(pen * (pressure[:-1] + pressure[1:]) / 2)).astype(int)
    # one call per run of equal width
    starts = np.flatnonzero(np.diff(widths, prepend=0)).tolist()
    for start, end in zip(starts, [*starts[1:], len(widths)], strict=True):
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
