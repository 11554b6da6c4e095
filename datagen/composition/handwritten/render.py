"""A `Hand` and its glyphs become pixels. Pure: the same input gives the same image."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, groupby

import cv2
import numpy as np
import numpy.typing as npt

from datagen.composition.handwritten.layout import InkLine, SheetLayout, Stamp, lay_out
from datagen.composition.handwritten.parameters import Hand
from datagen.core.arrays import Coverage, GrayImage
from datagen.core.glyphs import Glyph, Path2D
from pipelines.ops import scan

_MARGINS = (1, 4, 9)  # pixels: the next where ink, swollen or blurred, still touches the edge
_PAPER = 255
_UP = 0  # the pen's width on its way from one stroke to the next
_SUBPIXEL = 4  # bits after the point in OpenCV's fixed-point coordinates
_CRISP = np.clip((np.arange(256) - 80) * 3, 0, 255).astype(np.uint8)  # a pen's edge is sharp


def render(hand: Hand, glyphs: Sequence[Glyph], layout: SheetLayout | None = None) -> GrayImage:
    """Write `glyphs` on a sheet as `hand` says.

    Args:
        hand: the drawn parameters.
        glyphs: the letters named by `hand.letters`, in the same order.
        layout: what `first_layout` returns for them, where it is known already.

    Returns:
        `uint8 H×W` of size `hand.sheet`, ink 0 on paper 255.

    Raises:
        ValueError: `glyphs` are not those of `hand`.
    """
    return render_with_layout(hand, glyphs, layout)[0]


def render_with_layout(
    hand: Hand, glyphs: Sequence[Glyph], layout: SheetLayout | None = None
) -> tuple[GrayImage, SheetLayout]:
    """Return what `render` returns, and where everything lies on the sheet."""
    layout = layout or first_layout(hand, glyphs)
    sheet, inked = _draw(hand, layout)
    for margin in _MARGINS[1:] if _stays_inside(hand) else ():
        if not _touches_edge(sheet, inked):
            break
        layout = lay_out(hand, glyphs, margin)
        sheet, inked = _draw(hand, layout)
    return sheet, layout


def first_layout(hand: Hand, glyphs: Sequence[Glyph]) -> SheetLayout:
    """Return where everything lies on the sheet, if what is drawn there keeps off its edges.

    Raises:
        ValueError: `glyphs` are not those of `hand`.
    """
    if [glyph.info.id for glyph in glyphs] != [pose.glyph for pose in hand.letters]:
        raise ValueError("the glyphs are not those named by hand.letters")
    return lay_out(hand, glyphs, _MARGINS[0])


def _stays_inside(hand: Hand) -> bool:
    """Return whether all ink shall lie inside the sheet."""
    return hand.fill <= 1 and all(0 <= place <= 1 for place in hand.at)


def _touches_edge(sheet: GrayImage, inked: tuple[slice, slice]) -> bool:
    """Return whether ink lies on the sheet's outermost pixels; beyond `inked` there is none."""
    rows, columns = inked
    height, width = sheet.shape
    if min(rows.start, columns.start) > 0 and rows.stop < height and columns.stop < width:
        return False
    edges = sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]
    return any(edge.min() < _PAPER for edge in edges)


def _draw(hand: Hand, layout: SheetLayout) -> tuple[GrayImage, tuple[slice, slice]]:
    """Draw everything on its sheet; tell which part of it ink can have reached."""
    width, height = hand.sheet
    coverage: Coverage = np.zeros((height, width), np.uint8)  # grey levels come last
    for stamp in layout.stamps:
        _draw_stamp(coverage, stamp, layout.pen)
    for plain, lines in groupby(layout.lines, lambda line: line.pressure is None):
        (_draw_plain if plain else _draw_pressed)(coverage, list(lines), layout.pen)
    sheet = np.empty_like(coverage)
    sheet.fill(_PAPER)
    inked = _ink_box(coverage, hand.blur)
    blurred = cv2.GaussianBlur(coverage[inked], (hand.blur, hand.blur), 0)
    cv2.LUT(blurred, _ink_table(hand.darkness, hand.scan), dst=sheet[inked])
    return sheet, inked


def _ink_box(coverage: Coverage, blur: int) -> tuple[slice, slice]:
    """Return the part of the sheet that ink reaches once blurred; all others stay paper."""
    left, top, width, height = cv2.boundingRect(coverage)
    reach = blur // 2 + 1  # a pixel of paper more, so that the blur finds the same beyond its edge
    return (
        slice(max(top - reach, 0), top + height + reach),
        slice(max(left - reach, 0), left + width + reach),
    )


def _draw_plain(sheet: Coverage, lines: Sequence[InkLine], pen: float) -> None:
    """Draw strokes that are `pen` pixels wide all along on `sheet`, in place."""
    _polylines(sheet, [_fixed_point(line.points) for line in lines], max(1, round(pen)))


def _draw_pressed(sheet: Coverage, lines: Sequence[InkLine], pen: float) -> None:
    """Draw strokes that swell under pressure, `pen` pixels wide where it is 1, in place."""
    points = _fixed_point(np.concatenate([line.points for line in lines]))
    pressure = np.concatenate([line.pressure for line in lines if line.pressure is not None])
    widths = np.rint(pen / 2 * (pressure[:-1] + pressure[1:])).astype(int)
    np.maximum(widths, 1, out=widths)
    for end in accumulate(len(line.points) for line in lines[:-1]):
        widths[end - 1] = _UP
    # one call per run of equal width
    starts = [0, *(np.flatnonzero(widths[1:] != widths[:-1]) + 1).tolist()]
    ends = [*starts[1:], len(widths)]
    for start, end, width in zip(starts, ends, widths[starts].tolist(), strict=True):
        if width != _UP:
            _polylines(sheet, [points[start : end + 1]], width)


def _fixed_point(points: Path2D) -> npt.NDArray[np.int32]:
    return np.rint(points * (1 << _SUBPIXEL)).astype(np.int32)


def _polylines(sheet: Coverage, paths: Sequence[npt.NDArray[np.int32]], width: int) -> None:
    cv2.polylines(
        sheet,
        paths,
        isClosed=False,
        color=255,
        thickness=width,
        lineType=cv2.LINE_AA,
        shift=_SUBPIXEL,
    )


def _draw_stamp(sheet: Coverage, stamp: Stamp, pen: float) -> None:
    """Resample ink once, straight onto the part of `sheet` it covers, its lines `pen` wide.

    Lines are widened as far as needed, and narrowed by at most a third: their thin parts are
    thinner than their average.
    """
    growth = max(pen - stamp.width, -stamp.width / 3)
    rows, columns = stamp.ink.shape
    corners = stamp.matrix @ np.array([[0, columns, 0, columns], [0, 0, rows, rows], [1, 1, 1, 1]])
    border = 1 + max(round(growth), 0)
    low = np.maximum(np.floor(corners.min(axis=1)).astype(int) - border, 0)
    high = np.minimum(np.ceil(corners.max(axis=1)).astype(int) + border, sheet.shape[::-1])
    if (high <= low).any():
        return
    local = stamp.matrix.copy()
    local[:, 2] += stamp.matrix[:, :2] @ (0.5, 0.5) - (low + 0.5)  # from centre to centre
    drawn = cv2.warpAffine(stamp.ink, local, (high - low).tolist(), flags=cv2.INTER_CUBIC)
    cv2.LUT(drawn, _CRISP, dst=drawn)
    if abs(growth) >= 1:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (1 + round(abs(growth)),) * 2)
        drawn = cv2.dilate(drawn, disc) if growth > 0 else cv2.erode(drawn, disc)
    part = sheet[low[1] : high[1], low[0] : high[0]]
    np.maximum(part, drawn, out=part)


@lru_cache(maxsize=512)
def _ink_table(darkness: int, scanned: bool) -> GrayImage:
    """Return the grey level for each coverage 0 … 255."""
    grey = 255 - (np.arange(256) * darkness + 127) // 255
    table = grey.astype(np.uint8)
    return scan(table[None])[0] if scanned else table
