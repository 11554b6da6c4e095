"""The hardest images on one sheet: rows by the class given, below each image what it is taken for.

Enters: a `Hard` whose folder is there. Leaves: a picture.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from datagen.core.numerals import CLASSES
from datagen.curation.hard_examples.record import Hard, HardImage
from datagen.files.decode import read_gray
from datagen.previews.tile_sheet import Group, Tile, TileRow, tile_sheet

if TYPE_CHECKING:
    from PIL.Image import Image

_ACROSS: Final = 12  # images side by side
_ROWS: Final = 3  # of a class, before the rest is left out


def hard_sheet(hard: Hard, *, tile: int = 88) -> "Image":
    """Draw the hardest images of every class, hardest first.

    Raises:
        MissingInputError: an image is not there any more.
        CorruptInputError: it cannot be read.
    """
    across = max(1, min(_ACROSS, max((len(_of(hard, c)) for c in CLASSES), default=1)))
    rows = [row for numeral in CLASSES for row in _rows(hard, numeral, across)]
    heading = "the class given, and below each image: what it is taken for, p of the class given"
    return tile_sheet(rows, tile=tile, groups=[Group(heading, ("",) * across)])


def _of(hard: Hard, numeral: str) -> list[HardImage]:
    return [image for image in hard.hardest if image.numeral == numeral]


def _rows(hard: Hard, numeral: str, across: int) -> list[TileRow]:
    found = _of(hard, numeral)
    shown = found[: across * _ROWS]
    count = f"{len(found)} hard" + (f", {len(shown)} shown" if len(shown) < len(found) else "")
    return [
        TileRow(
            title="" if start else numeral,
            note="" if start else count,
            tiles=tuple(_tile(hard, image) for image in shown[start : start + across]),
        )
        for start in range(0, len(shown), across)
    ]


def _tile(hard: Hard, image: HardImage) -> Tile:
    path = Path(hard.folder) / image.path
    what = image.predicted if image.missed else "right"
    return Tile(read_gray(path), f"{what}  {image.probability:.2f}")
