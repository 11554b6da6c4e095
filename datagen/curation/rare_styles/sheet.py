"""The styles of every class on one sheet: its rarest and its commonest cluster.

Enters: a `Rare` whose folder is there. Leaves: a picture.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from datagen.core.numerals import CLASSES
from datagen.curation.rare_styles.find import Rare, RareImage
from datagen.previews.tile_sheet import Tile, TileRow, tile_sheet
from datagen.sources.images.read import read_numeral

if TYPE_CHECKING:
    from PIL.Image import Image

_ACROSS: Final = 12  # images side by side


def rare_sheet(rare: Rare, *, tile: int = 72) -> "Image":
    """Draw a class's rarest style, and below it the commonest.

    Raises:
        CorruptInputError: an image cannot be read any more.
    """
    rows: list[TileRow] = []
    for numeral in CLASSES:
        images = rare.of(numeral)
        ends = dict.fromkeys(image.style for image in (*images[:1], *images[-1:]))
        rows += [_row(rare, [i for i in images if i.style == style]) for style in ends]
    return tile_sheet(rows, tile=tile)


def _row(rare: Rare, images: list[RareImage]) -> TileRow:
    first = images[0]
    tiles = (
        Tile(read_numeral(Path(rare.folder, image.path), invert="no")) for image in images[:_ACROSS]
    )
    return TileRow(first.numeral, f"{first.alike} alike, weight {first.weight:.2f}", tuple(tiles))
