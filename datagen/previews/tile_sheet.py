"""Titled rows of titled pictures on one sheet. What they show is decided elsewhere.

Enters: images of any size, and words. Leaves: one grayscale picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from datagen.core.arrays import GrayImage

BACKGROUND: Final = 214  # grey between the pictures
GAP: Final = 6  # pixels between tiles
_GROUP_GAP: Final = 14  # more of it between groups of columns
_BLANK: Final = 232  # grey of a tile without a picture
_FAINT: Final = 90  # grey of the smaller words
_MARGIN: Final = 10  # pixels around everything
_CAPTION: Final = 26  # more of them between rows where tiles have captions


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One picture, or the words that stand for it.

    Attributes:
        image: `uint8 H×W`; None where there is none.
        caption: below the picture, or in the middle of the blank tile.
        note: smaller, below the caption of a blank tile.
    """

    image: GrayImage | None
    caption: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TileRow:
    """Tiles side by side; `title` and the smaller `note` stand left of them."""

    title: str
    note: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong together: a heading above their titles."""

    heading: str
    titles: tuple[str, ...]


def tile_sheet(rows: Sequence[TileRow], *, tile: int, groups: Sequence[Group] = ()) -> Image.Image:
    """Draw rows of tiles.

    Args:
        rows: top to bottom.
        tile: side of a tile, pixels.
        groups: headings and titles of the columns, left to right; none needs none.
    """
    return _TileSheet(rows, tile, groups).draw()


def framed(image: GrayImage, tile: int) -> GrayImage:
    """Fit `image` into a square tile, keeping its aspect."""
    scale = tile / max(image.shape)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    fitted = cv2.resize(image, size, interpolation=how)
    frame: GrayImage = np.full((tile, tile), BACKGROUND, np.uint8)
    y, x = (tile - size[1]) // 2, (tile - size[0]) // 2
    frame[y : y + size[1], x : x + size[0]] = fitted
    return frame


def wrap(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> list[str]:
    """Break words, also after underscores, into lines that are at most `width` pixels wide.

    A part that is too wide by itself is cut, its end replaced by `…`.
    """
    lines = [""]
    for part in text.replace("_", "_\0").replace(" ", " \0").split("\0"):
        if lines[-1] and font.getlength((lines[-1] + part).rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [_cut(line.rstrip(), font, width) for line in lines]


def _cut(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line + "…"


class _TileSheet:
    """The measures of one sheet, and how to draw it."""

    def __init__(self, rows: Sequence[TileRow], tile: int, groups: Sequence[Group]) -> None:
        self._rows = rows
        self._tile = tile
        self._groups = groups
        self._font = ImageFont.load_default(14)
        self._small = ImageFont.load_default(11)
        self._big = ImageFont.load_default(18)
        self._left = 2 * _MARGIN + min(150, round(self._widest_title()))
        self._head = self._head_font()
        self._titles = [[wrap(t, self._head, tile) for t in group.titles] for group in groups]
        lines = max((len(t) for titles in self._titles for t in titles), default=0)
        self._top = _MARGIN + (28 + 16 * lines if groups else 0)
        captions = any(tile.image is not None and tile.caption for r in rows for tile in r.tiles)
        self._pitch = tile + GAP + (_CAPTION if captions else 0)
        self._lefts = self._columns()

    def _widest_title(self) -> float:
        widths = (
            max(self._big.getlength(row.title), self._small.getlength(row.note))
            for row in self._rows
        )
        return max(widths, default=0.0)

    def _head_font(self) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """Return a font in which no title of a column must be cut, if there is one."""
        parts = (
            part for group in self._groups for title in group.titles for part in title.split("_")
        )
        widest = max(map(self._font.getlength, parts), default=0)
        return self._font if widest <= self._tile else self._small

    def _columns(self) -> list[int]:
        """Return the left edges of all columns."""
        many = max((len(row.tiles) for row in self._rows), default=0)
        starts = set(np.cumsum([len(group.titles) for group in self._groups]).tolist())
        lefts, x = [], self._left
        for column in range(many):
            x += _GROUP_GAP if column in starts else 0
            lefts.append(x)
            x += self._tile + GAP
        return lefts

    def draw(self) -> Image.Image:
        height = self._top + self._pitch * len(self._rows) - GAP + _MARGIN
        sheet = Image.new("L", (self._width(), height), BACKGROUND)
        draw = ImageDraw.Draw(sheet)
        self._draw_heads(draw)
        for number, row in enumerate(self._rows):
            top = self._top + self._pitch * number
            self._draw_title(draw, row, top)
            for left, tile in zip(self._lefts, row.tiles, strict=False):
                self._draw_tile(sheet, draw, tile, (left, top))
        return sheet

    def _width(self) -> int:
        """Return what the columns take, and the last heading, which may be longer."""
        width: float = (self._lefts or [self._left])[-1] + self._tile
        last = self._groups[-1] if self._groups else Group("", ())
        if last.titles:
            start = self._lefts[-len(last.titles)]
            width = max(width, start + self._font.getlength(last.heading))
        return max(200, math.ceil(width) + _MARGIN)

    def _draw_heads(self, draw: ImageDraw.ImageDraw) -> None:
        column = 0
        for group, titles in zip(self._groups, self._titles, strict=True):
            if not titles:
                continue
            place = (self._lefts[column], _MARGIN)
            room = len(titles) * (self._tile + GAP) if group is not self._groups[-1] else math.inf
            draw.text(place, _cut(group.heading, self._font, room), fill=_FAINT, font=self._font)
            for lines in titles:
                x = self._lefts[column] + self._tile / 2
                for up, line in enumerate(reversed(lines)):
                    y = self._top - 8 - 16 * up
                    draw.text((x, y), line, fill=0, font=self._head, anchor="ms")
                column += 1

    def _draw_title(self, draw: ImageDraw.ImageDraw, row: TileRow, top: int) -> None:
        middle, room = top + self._tile / 2, self._left - 2 * _MARGIN
        draw.text((_MARGIN, middle), row.title, fill=0, font=self._big, anchor="ls")
        for number, line in enumerate(wrap(row.note, self._small, room)[:3]):
            y = middle + 18 + 14 * number
            draw.text((_MARGIN, y), line, fill=_FAINT, font=self._small, anchor="ls")

    def _draw_tile(
        self, sheet: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: tuple[int, int]
    ) -> None:
        left, top = place
        middle = left + self._tile / 2
        if tile.image is not None:
            sheet.paste(Image.fromarray(framed(tile.image, self._tile)), place)
            self._draw_caption(draw, tile.caption, (middle, top + self._tile + 14))
            return
        draw.rectangle((left, top, left + self._tile - 1, top + self._tile - 1), fill=_BLANK)
        notes = wrap(tile.note, self._small, self._tile - 8) if tile.note else []
        notes = notes[: max(0, (self._tile - 24) // 13)]
        y = top + self._tile / 2 + 5 - 13 * len(notes) / 2
        self._draw_caption(draw, tile.caption, (middle, y))
        for number, line in enumerate(notes):
            spot = (middle, y + 17 + 13 * number)
            draw.text(spot, line, fill=_FAINT, font=self._small, anchor="ms")

    def _draw_caption(
        self, draw: ImageDraw.ImageDraw, text: str, place: tuple[float, float]
    ) -> None:
        draw.text(place, _cut(text, self._font, self._tile), fill=0, font=self._font, anchor="ms")
