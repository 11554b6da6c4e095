"""Contact sheets: many numerals on one picture, for a person to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from datagen.core.arrays import GrayImage
from datagen.core.limits import LEAST_TILE, MOST_PER_CELL, MOST_TILE, require
from datagen.core.numerals import CLASSES
from datagen.previews.tile_sheet import BACKGROUND, GAP, framed

_MARGIN: Final = 44  # left of the rows, for the class names
_HEAD: Final = 26  # above the columns, for the sources' names
_BRAILLE: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


@dataclass(frozen=True, slots=True)
class SheetImages:
    """The pictures of a contact sheet.

    Attributes:
        columns: names, left to right.
        cells: per class and column, `uint8 H×W` images of any size.
    """

    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Sequence[GrayImage]]


def require_sheet(per_cell: int, tile: int) -> None:
    """Refuse a contact sheet that is empty, or larger than a memory.

    Raises:
        UsageError: `per_cell` or `tile` is out of range.
    """
    require("per_cell", per_cell, 1, MOST_PER_CELL)
    require("tile", tile, LEAST_TILE, MOST_TILE)


def contact_sheet(images: SheetImages, *, per_cell: int, tile: int = 64) -> Image.Image:
    """Draw rows by class and columns by source.

    Args:
        images: what to show; a cell with fewer images than `per_cell` stays partly empty.
        per_cell: images side by side in one cell.
        tile: side of an image's place, pixels.

    Returns:
        A grayscale picture.
    """
    pitch = tile + GAP
    cell = pitch * per_cell + GAP
    size = (_MARGIN + cell * len(images.columns), _HEAD + pitch * len(CLASSES) + GAP)
    sheet = Image.new("L", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for column, name in enumerate(images.columns):
        draw.text((_MARGIN + cell * column, _HEAD / 2), name, fill=0, font=font, anchor="lm")
    for row, numeral in enumerate(CLASSES):
        top = _HEAD + pitch * row
        draw.text((_MARGIN - 10, top + tile / 2), numeral, fill=0, font=font, anchor="rm")
        for column, name in enumerate(images.columns):
            for k, image in enumerate(images.cells.get((numeral, name), ())[:per_cell]):
                place = (_MARGIN + cell * column + pitch * k, top)
                sheet.paste(Image.fromarray(framed(image, tile)), place)
    return sheet


def terminal_rows(images: SheetImages) -> list[str]:
    """Return one numeral per class in Braille dots, five classes to a line of 74 columns."""
    return terminal_tiles([(numeral, _first(images, numeral)) for numeral in CLASSES])


def terminal_tiles(titled: Sequence[tuple[str, GrayImage]]) -> list[str]:
    """Return titled images in Braille dots, five to a line of 74 columns."""
    lines: list[str] = []
    for start in range(0, len(titled), 5):
        group = titled[start : start + 5]
        lines.append(" ".join(title[:14].center(14) for title, _ in group).rstrip())
        blocks = [braille(image) for _, image in group]
        lines += [" ".join(parts) for parts in zip(*blocks, strict=True)]
    return lines


def _first(images: SheetImages, numeral: str) -> GrayImage:
    """Return some image of `numeral`, or white paper."""
    for name in images.columns:
        for image in images.cells.get((numeral, name), ()):
            return image
    return np.full((32, 32), 255, np.uint8)


def braille(image: GrayImage, lines: int = 7) -> list[str]:
    """Return `image` as lines of twice as many Braille characters, each 2×4 dots."""
    inked = framed(image, 4 * lines) < 176
    dots = inked.reshape(lines, 4, 2 * lines, 2).transpose(0, 2, 1, 3)
    codes = 0x2800 + (dots * _BRAILLE).sum(axis=(2, 3))
    return ["".join(chr(code) for code in row) for row in codes.tolist()]
