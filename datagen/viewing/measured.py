"""Every file of a page read once: its hashes, its size, and a small picture to embed.

Enters: images to look at. Leaves: a `Measured` of each, in order. A file that cannot be read says
why instead of stopping the page.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.data_uri import data_uri
from datagen.core.errors import InputError
from datagen.files.decode import decode_gray
from datagen.files.hashing import view_hash
from datagen.files.image_header import sniff
from datagen.files.reading import IMAGE, read_bytes
from datagen.files.threads import look_at_all
from datagen.images.polarity import MIN_CONTRAST, contrast
from datagen.images.shrinking import shrunk

THUMB: Final = 160
"""Pixels: the longer side of an embedded picture."""

_SMALL: Final = 2500  # bytes: a PNG file up to here is embedded as it is
_QUALITY: Final = 80  # of WebP: a thumbnail of a photo has about 1.5 kB
_AT_ONCE: Final = 256  # files given to the threads together: an interrupt waits for no more


@dataclass(frozen=True, slots=True)
class Measured:
    """What a page says of one file.

    Attributes:
        sha256: of its bytes; "" where it cannot be read.
        seen: equal for files that are one picture to the evaluator; "" where it cannot be decoded.
        width, height: pixels of the file.
        thumb: a data URI; None where it cannot be decoded.
        reason: why it cannot be.
        blank: whether it shows nothing; a blank image is compared with none.
    """

    sha256: str
    seen: str = ""
    width: int = 0
    height: int = 0
    thumb: str | None = None
    reason: str | None = None
    blank: bool = False

    @property
    def shrunk(self) -> bool:
        """Whether the file has more pixels than the thumbnail."""
        return max(self.width, self.height) > THUMB


def measure(files: Sequence[Path], tell: Callable[[int], None] = lambda _: None) -> list[Measured]:
    """Read and measure files, several at a time.

    Args:
        files: to read.
        tell: told how many are done.
    """
    return look_at_all(measured, files, tell, _AT_ONCE)


def measured(file: Path) -> Measured:
    """Read and measure one file."""
    digest = ""
    try:
        data = read_bytes(file, IMAGE)
        digest = hashlib.sha256(data).hexdigest()
        pixels = decode_gray(data, str(file))
    except InputError as error:
        return Measured(digest, reason=str(error))
    height, width = pixels.shape
    plain = sniff(data) == "PNG" and len(data) <= _SMALL and max(width, height) <= THUMB
    thumb = data_uri(data, "png") if plain else thumbnail(pixels)
    blank = contrast(pixels) < MIN_CONTRAST
    return Measured(digest, view_hash(pixels), width, height, thumb, blank=blank)


def thumbnail(pixels: GrayImage, side: int = THUMB) -> str:
    """Return an image as a small picture, a data URI.

    Args:
        pixels: `uint8 H×W`.
        side: its longest side, pixels; smaller images keep their size.
    """
    small = shrunk(pixels, side)
    if max(small.shape) <= 48:  # so few pixels shall be seen as they are
        return png_uri(small)
    data = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])[1]
    return data_uri(np.asarray(data).tobytes(), "webp")


def png_uri(pixels: GrayImage) -> str:
    """Return an image without loss, a data URI."""
    return data_uri(np.asarray(cv2.imencode(".png", pixels)[1]).tobytes(), "png")
