"""The page as one file: it holds the images, keeps decisions in the browser, hands out the YAML.

Enters: the images of a review. Leaves: HTML that asks nobody for anything.
"""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from datagen.core.data_uri import data_uri
from datagen.core.errors import InputError
from datagen.files.decode import decode_colour
from datagen.images.shrinking import shrunk
from datagen.reviews.page.as_file import as_file
from datagen.reviews.page.messages import plain_change
from datagen.reviews.page.neighbours import Near, Neighbours
from datagen.reviews.page.page import page
from datagen.reviews.page.suspects import Suspect, plain_suspects
from datagen.reviews.page.unchanged import read_unchanged
from datagen.serving.thumbnails import network_picture
from datagen.sources.images.review import LabelCorrection

_SIDE: Final = 256  # pixels: the longer side of an image in the file
_QUALITY: Final = 80  # of WebP
_SMALL: Final = 6  # images of a group of near-duplicates


def page_file(
    root: Path,
    title: str,
    images: Sequence[Suspect],
    decisions: Mapping[str, LabelCorrection],
    neighbours: Neighbours,
    *,
    name: str,
    about: str,
    who: str | None = None,
) -> str:
    """Return the page as HTML.

    Args:
        root: the folder.
        title: what is reviewed.
        images: the most urgent first.
        decisions: to begin with.
        neighbours: of the images.
        name: of the review file that the page hands out.
        about: which collection it is of.
        who: decides.
    """
    data: dict[str, Any] = {
        "key": _key(name, who, images),
        "title": title,
        "file": name,
        "about": about,
        "who": who,
        "items": plain_suspects(images),
        "decisions": plain_change(decisions),
        "ranking": 1,
        "near": _near(root, neighbours, images),
        "pictures": {image.sha256: _pictures(root, image) for image in images},
    }
    return page(title, data).html


def _key(name: str, who: str | None, images: Sequence[Suspect]) -> str:
    """Return what a browser keeps the decisions under: those of one review, for browsers share."""
    of = [name, who, *sorted(image.sha256 for image in images)]
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()[:16]


def _near(root: Path, neighbours: Neighbours, images: Sequence[Suspect]) -> dict[str, Any]:
    """Return what `Sitting.near` does, of every image; the same writing only in small groups.

    Looking at every pair would take minutes, and groups of one writer are large.
    """
    sizes = Counter(image.found.group for image in images if image.found is not None)
    neighbours.describe()
    near: dict[str, Any] = {}
    for image in images:
        paired = image.found is None or 1 < sizes[image.found.group] <= _SMALL
        found = neighbours.of(image.path) if paired else Near(image.alike)
        note = as_file(root, image.path, image.sha256)
        near[image.sha256] = found._asdict() | {"file": note}
    return near


def _pictures(root: Path, image: Suspect) -> tuple[str, str]:
    """Return an image, and what the network sees of it, as addresses that hold their data."""
    try:
        data = read_unchanged(root, image.path, image.sha256)
        pixels = shrunk(decode_colour(data, image.path), _SIDE)
        small = network_picture(data, image.path)
    except InputError:  # the page says that it cannot be shown
        return "data:,", "data:,"
    from PIL import Image  # noqa: PLC0415 - 40 ms at import

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", quality=_QUALITY, method=2)
    return data_uri(stream.getvalue(), "webp"), data_uri(small, "png")
