"""What differs between two datasets as pictures: a row for each class and kind of change."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from datagen.core.errors import InputError
from datagen.files.decode import read_gray
from datagen.previews.tile_sheet import Tile, TileRow, tile_sheet
from datagen.viewing.diff import ChangeKind, DatasetDiff, ImageChange
from datagen.viewing.rows import ViewImage, class_order

if TYPE_CHECKING:
    from PIL.Image import Image

ACROSS: Final = 12
"""Images side by side; of more, evenly spaced ones."""

_SHOWN: Final[tuple[ChangeKind, ...]] = ("went", "came", "moved", "changed")


def diff_sheet(diff: DatasetDiff, *, tile: int = 56) -> "Image":
    """Draw what went, came, moved and changed; of what changed, before above after.

    Args:
        diff: of two datasets that are not equal picture by picture.
        tile: side of an image's place, pixels.
    """
    rows = [row for numeral in _classes(diff) for row in _of_class(diff, numeral)]
    return tile_sheet(rows or [TileRow("equal", "no picture differs", ())], tile=tile)


def _classes(diff: DatasetDiff) -> list[str]:
    return sorted({change.image.numeral for change in diff.changes}, key=class_order)


def _of_class(diff: DatasetDiff, numeral: str) -> Iterator[TileRow]:
    for kind in _SHOWN:
        found = [c for c in diff.changes if c.kind == kind and c.image.numeral == numeral]
        if not found:
            continue
        shown = _spaced(found)
        if kind == "changed":
            befores = [_tile(change.before) for change in shown]
            yield TileRow(numeral, f"{len(found):,} changed: before", tuple(befores))
            yield TileRow("", "after", tuple(_tile(change.after) for change in shown))
            continue
        tiles = tuple(_tile(change.image, _from(change)) for change in shown)
        yield TileRow(numeral, f"{len(found):,} {kind}", tiles)


def _from(change: ImageChange) -> str:
    """Return whence a moved image came, as its caption."""
    if change.kind != "moved" or change.before is None or change.after is None:
        return ""
    if change.before.numeral != change.after.numeral:
        return f"was {change.before.numeral}"
    return f"was {change.before.part}"


def _spaced(changes: Sequence[ImageChange]) -> list[ImageChange]:
    many = len(changes)
    return [changes[k * many // min(many, ACROSS)] for k in range(min(many, ACROSS))]


def _tile(image: ViewImage | None, caption: str = "") -> Tile:
    if image is None:
        return Tile(None, caption)
    try:
        return Tile(read_gray(image.file), caption)
    except InputError:
        return Tile(None, "damaged")
