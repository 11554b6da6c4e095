"""Pictures inside the page, as data URIs."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from datagen.core.data_uri import data_uri
from datagen.core.errors import DatagenError, InputError
from datagen.files.decode import read_gray
from datagen.previews.contact_sheet import contact_sheet
from datagen.previews.contents import preview_dataset
from datagen.reports.html.markup import Markup, html, tag

if TYPE_CHECKING:
    from PIL.Image import Image

_THUMB: Final = 112  # pixels: shown at 88, so that it stays sharp on dense screens
_SHEET_CELLS: Final = 12  # images side by side on the contact sheet, over all columns


def thumbnail(path: Path | None, alt: str) -> Markup:
    """Return an image file as a small `<img>`; a placeholder where it cannot be read."""
    from PIL import Image  # noqa: PLC0415 - 40 ms

    try:
        picture = Image.fromarray(read_gray(path)) if path else None
    except InputError:
        picture = None
    if picture is None:
        return tag("div", "not readable", style="thumb missing")
    picture.thumbnail((_THUMB, _THUMB))
    return _img(picture, alt, "thumb")


def dataset_sheet(dataset: Path) -> Markup:
    """Return the dataset's contact sheet, or the reason why there is none."""
    try:
        images = preview_dataset(dataset, _SHEET_CELLS)
    except (DatagenError, OSError) as error:
        return tag("p", f"No contact sheet: {error}.")
    per_cell = max(3, _SHEET_CELLS // max(1, len(images.columns)))
    sheet = contact_sheet(images, per_cell=per_cell, tile=56)
    return _img(sheet, "Contact sheet: rows by class, columns by source", "sheet")


def _img(picture: "Image", alt: str, style: str) -> Markup:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    source = data_uri(buffer.getvalue(), "png")
    size = f'width="{picture.width}" height="{picture.height}"'
    return Markup(f'<img class="{style}" {size} alt="{html(alt)}" src="{source}">')
