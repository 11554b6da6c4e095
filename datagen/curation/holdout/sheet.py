"""What each fold holds out, on one sheet: a row for each of its styles, near ones together.

Enters: a `Holdout` whose source is there. Leaves: a picture. Sheets are drawn to one scale, for
size is a part of style.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.record import Holdout, Placed
from datagen.previews.tile_sheet import BACKGROUND, Tile, TileRow, tile_sheet
from datagen.sources.images.read import read_numeral

if TYPE_CHECKING:
    from PIL.Image import Image

_ACROSS: Final = 24  # images side by side
_ROOM: Final = 95  # percent of the pictures that fit their tile at the common scale


def holdout_sheet(record: Holdout, *, tile: int = 56) -> "Image":
    """Draw up to 24 pictures of every style that is held out, or of every class if by random.

    Raises:
        CorruptInputError: an image cannot be read any more.
    """
    rows = [
        (title, note, [read_numeral(Path(record.source, file.source)) for file in files])
        for title, note, files in _rows(record)
    ]
    sides = [max(image.shape) for _, _, images in rows for image in images]
    scale = tile / float(np.percentile(sides, _ROOM)) if sides else 1.0
    return tile_sheet(
        [
            TileRow(title, note, tuple(Tile(_scaled(image, scale, tile)) for image in images))
            for title, note, images in rows
        ],
        tile=tile,
    )


def _rows(record: Holdout) -> list[tuple[str, str, list[Placed]]]:
    """Return title, note and pictures of every row."""
    found: dict[tuple[int, int], list[Placed]] = {}
    for file in record.files:
        if file.side == "holdout":
            row = CLASSES.index(file.was) if file.style is None else file.style
            found.setdefault((file.fold or 1, row), []).append(file)
    return [
        (
            f"fold {fold}" if record.folds > 1 else "",
            f"{_name(record, row)}: {len(files):,} image{'s' * (len(files) != 1)}",
            _some(files),
        )
        for (fold, row), files in sorted(found.items())
    ]


def _name(record: Holdout, row: int) -> str:
    return f"style {row}" if record.by == "style" else CLASSES[row]


def _some(files: Sequence[Placed]) -> list[Placed]:
    """Return some pictures, mixed by content."""
    mixed = sorted(files, key=lambda file: hashlib.sha256(file.sha256.encode()).digest())
    return mixed[:_ACROSS]


def _scaled(image: GrayImage, scale: float, tile: int) -> GrayImage:
    """Return the picture in a tile of `tile` pixels, at `scale` or as large as fits."""
    scale = min(scale, tile / max(image.shape))
    height, width = (max(1, round(side * scale)) for side in image.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    frame: GrayImage = np.full((tile, tile), BACKGROUND, np.uint8)
    top, left = (tile - height) // 2, (tile - width) // 2
    frame[top : top + height, left : left + width] = cv2.resize(
        image, (width, height), interpolation=how
    )
    return frame
