"""How results show themselves in a notebook: small pieces of HTML that need nothing else."""

import io
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from datagen.core.data_uri import data_uri

if TYPE_CHECKING:
    from PIL.Image import Image


def picture(image: "Image", caption: str) -> str:
    """Return a picture with its caption; the picture stands in the page itself, as PNG."""
    png = io.BytesIO()
    image.save(png, "png")
    source = data_uri(png.getvalue(), "png")
    return (
        f'<figure><img alt="{escape(caption)}" src="{source}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table; its cells are text, no HTML."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
