"""A `Hand` and its glyphs become pixels. Pure: the same input gives the same image."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np

from datagen.composition.handwritten.layout import InkLine, SheetLayout, Stamp, lay_out
from datagen.composition.handwritten.parameters import Hand
from datagen.core.arrays import Coverage, GrayImage
from datagen.core.glyphs import Glyph
from pipelines.ops import scan

_MARGINS = (1, 4, 9)  # pixels: the next where ink, swollen or blurred, still touches the edge
_SUBPIXEL = 4  # bits after the point in OpenCV's fixed-point coordinates
_CRISP = np.clip((np.arange(256) - 80) * 3, 0, 255).astype(np.uint8)  # a pen's edge is sharp


def render(hand: Hand, glyphs: Sequence[Glyph]) -> GrayImage:
    """Write `glyphs` on a sheet as `hand` says.

    Args:
        hand: the drawn parameters.
        glyphs: the letters named by `hand.letters`, in the same order.

    Returns:
        `uint8 H×W` of size `hand.sheet`, ink 0 on paper 255.

    Raises:
        ValueError: `glyphs` are not those of `hand`.
    """
    return render_with_layout(hand, glyphs)[0]


def render_with_layout(hand: Hand, glyphs: Sequence[Glyph]) -> tuple[GrayImage, SheetLayout]:
    """Return what `render` returns, and where everything lies on the sheet."""
    if [glyph.info.id for glyph in glyphs] != [pose.glyph for pose in hand.letters]:
        raise ValueError("the glyphs are not those named by hand.letters")
    for margin in _MARGINS if _stays_inside(hand) else _MARGINS[:1]:
        layout = lay_out(hand, glyphs, margin)
        sheet = _draw(hand, layout)
        if min(edge.min() for edge in (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1])) == 255:
            break
    return sheet, layout


def _stays_inside(hand: Hand) -> bool:
    """Return whether all ink shall lie inside the sheet."""
    return hand.fill <= 1 and all(0 <= place <= 1 for place in hand.at)


def _draw(hand: Hand, layout: SheetLayout) -> GrayImage:
    """Draw everything on its sheet."""
    width, height = hand.sheet
    sheet: Coverage = np.zeros((height, width), np.uint8)  # coverage first, grey levels last
    for stamp in layout.stamps:
        _draw_stamp(sheet, stamp, layout.pen)
    for line in layout.lines:
        _draw_line(sheet, line, layout.pen)
    cv2.GaussianBlur(sheet, (hand.blur, hand.blur), 0, dst=sheet)
    cv2.LUT(sheet, _ink_table(hand.darkness, hand.scan), dst=sheet)
    return sheet


def _draw_line(sheet: Coverage, line: InkLine, pen: float) -> None:
    """Draw one pen stroke `pen` pixels wide on `sheet`, in place."""
    points = np.rint(line.points * (1 << _SUBPIXEL)).astype(np.int32)
    if line.pressure is None:
        widths = np.full(len(points) - 1, max(1, round(pen)))
    else:
        swell = line.pressure[:-1] + line.pressure[1:]
        widths = np.maximum(1, np.rint(pen / 2 * swell)).astype(int)
    # one call per run of equal width
    ends = [*(np.flatnonzero(widths[1:] != widths[:-1]) + 1).tolist(), len(widths)]
    for start, end in pairwise([0, *ends]):
        cv2.polylines(
            sheet,
            [points[start : end + 1]],
            isClosed=False,
            color=255,
            thickness=int(widths[start]),
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
