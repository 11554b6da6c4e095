"""Contact sheets: many numerals on one picture, for a person to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from datagen.glyphs import Gray
from datagen.numerals import CLASSES
from datagen.staging import staged_file

_GAP: Final = 6  # pixels between tiles
_MARGIN: Final = 44  # left of the rows, for the class names
_HEAD: Final = 26  # above the columns, for the sources' names
_DESK: Final = 214  # grey of the desk that the sheets lie on
_BRAILLE: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


@dataclass(frozen=True, slots=True)
class Contacts:
    """The pictures of a contact sheet.

    Attributes:
        columns: names, left to right.
        cells: per class and column, `uint8 H×W` images of any size.
    """

    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Sequence[Gray]]


def contact_sheet(contacts: Contacts, *, per_cell: int, tile: int = 64) -> Image.Image:
    """Draw rows by class and columns by source.

    Args:
        contacts: what to show; a cell with fewer images than `per_cell` stays partly empty.
        per_cell: images side by side in one cell.
        tile: side of an image's place, pixels.

    Returns:
        A grayscale picture.
    """
    pitch = tile + _GAP
    cell = pitch * per_cell + _GAP
    size = (_MARGIN + cell * len(contacts.columns), _HEAD + pitch * len(CLASSES) + _GAP)
    sheet = Image.new("L", size, _DESK)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for column, name in enumerate(contacts.columns):
        draw.text((_MARGIN + cell * column, _HEAD / 2), name, fill=0, font=font, anchor="lm")
    for row, numeral in enumerate(CLASSES):
        top = _HEAD + pitch * row
        draw.text((_MARGIN - 10, top + tile / 2), numeral, fill=0, font=font, anchor="rm")
        for column, name in enumerate(contacts.columns):
            for k, image in enumerate(contacts.cells.get((numeral, name), ())[:per_cell]):
                place = (_MARGIN + cell * column + pitch * k, top)
                sheet.paste(Image.fromarray(_framed(image, tile)), place)
    return sheet


def save(sheet: Image.Image, path: Path) -> None:
    """Write a picture in the format that its name says; it appears whole or not at all.

    Raises:
        ValueError: the name's ending is no known format, or the folder is not there.
        OSError: it cannot be written.
    """
    formats = Image.registered_extensions()
    if path.suffix.lower() not in formats:
        raise ValueError(f"unknown file extension {path.suffix!r}")
    if not path.parent.is_dir():
        raise ValueError(f"no folder {path.parent}")
    with staged_file(path) as temporary:
        sheet.save(temporary, formats[path.suffix.lower()])


def terminal_rows(contacts: Contacts) -> list[str]:
    """Return one numeral per class in Braille dots, five classes to a line of 74 columns."""
    lines: list[str] = []
    for group in (CLASSES[:5], CLASSES[5:]):
        blocks = [_braille(_first(contacts, numeral)) for numeral in group]
        lines.append(" ".join(numeral.center(14) for numeral in group).rstrip())
        lines += [" ".join(parts) for parts in zip(*blocks, strict=True)]
    return lines


def _first(contacts: Contacts, numeral: str) -> Gray:
    """Return some image of `numeral`, or white paper."""
    for name in contacts.columns:
        for image in contacts.cells.get((numeral, name), ()):
            return image
    return np.full((32, 32), 255, np.uint8)


def _framed(image: Gray, tile: int) -> Gray:
    """Fit `image` into a square tile, keeping its aspect."""
    scale = tile / max(image.shape)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    fitted = cv2.resize(image, size, interpolation=how)
    framed: Gray = np.full((tile, tile), _DESK, np.uint8)
    y, x = (tile - size[1]) // 2, (tile - size[0]) // 2
    framed[y : y + size[1], x : x + size[0]] = fitted
    return framed


def _braille(image: Gray) -> list[str]:
    """Return `image` as 7 lines of 14 Braille characters, each 2×4 dots."""
    inked = _framed(image, 28) < 176
    dots = inked.reshape(7, 4, 14, 2).transpose(0, 2, 1, 3)
    codes = 0x2800 + (dots * _BRAILLE).sum(axis=(2, 3))
    return ["".join(chr(code) for code in row) for row in codes.tolist()]
