"""Reading one image file, whatever its format and mode, as ink on white paper.

Enters: the bytes of a file. Leaves: `uint8 H×W`, ink 0 on paper 255, or `CorruptInputError`.
"""

import io
import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError

if TYPE_CHECKING:
    from PIL.Image import Image

PIXEL_LIMIT: Final = 89_478_485
"""Where Pillow begins to warn of a decompression bomb: above any photo of a sheet of paper."""

_TRANSPARENT: Final = {"LA", "La", "PA", "RGBA", "RGBa"}
# What Pillow raises for a damaged file differs by format.
_UNREADABLE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    struct.error,
    zlib.error,
)


def decode_gray(data: bytes, name: str) -> GrayImage:
    """Decode an image file to gray: upright as EXIF says, transparency over white, first frame.

    Args:
        data: the whole file, in any format that Pillow reads.
        name: what messages call it.

    Raises:
        CorruptInputError: empty, of no known format, truncated, or larger than `PIXEL_LIMIT`.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - 40 ms at import

    if not data:
        raise CorruptInputError(
            f"{name} is empty (0 bytes), expected an image; replace or remove it"
        )
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > PIXEL_LIMIT:
                raise Image.DecompressionBombError(f"{image.width}×{image.height} pixels")
            ImageOps.exif_transpose(image, in_place=True)
            return _gray(image)
    except UnidentifiedImageError as error:
        raise CorruptInputError(
            f"{name} is not an image that can be read; expected PNG, JPEG, TIFF, BMP, GIF, WebP or "
            "the like; convert or remove it"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CorruptInputError(
            f"{name} is too large ({error}), expected at most {PIXEL_LIMIT:,} pixels; scale it "
            "down or remove it"
        ) from error
    except _UNREADABLE as error:
        raise CorruptInputError(
            f"{name} cannot be decoded ({error}); the file is damaged, replace or remove it"
        ) from error


def decode_stored(data: bytes, name: str, mode: int) -> GrayImage:
    """Decode an image of a dataset as OpenCV reads it: fast, and near to what trainers see.

    Args:
        data: the whole file.
        name: what messages call it.
        mode: `cv2.IMREAD_GRAYSCALE` or `cv2.IMREAD_COLOR`.

    Returns:
        `uint8 H×W`, or `H×W×3`, blue first.

    Raises:
        CorruptInputError: it is no image, damaged, or too large for OpenCV.
    """
    import cv2  # noqa: PLC0415 - 0.1 s; sources read their images through Pillow

    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), mode) if data else None
    except cv2.error:  # it says in its header that it is huge
        image = None
    if image is None:
        raise CorruptInputError(
            f"{name} is no readable image ({len(data):,} bytes); remove or replace it"
        )
    return image.astype(np.uint8, copy=False)


def _gray(image: "Image") -> GrayImage:
    """Return the pixels of `image` as 8-bit gray."""
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep(np.asarray(image))
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        from PIL import Image as Factory  # noqa: PLC0415

        over = image.convert("RGBA")
        image = Factory.alpha_composite(Factory.new("RGBA", over.size, "white"), over)
    if image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")
    return np.array(image if image.mode == "L" else image.convert("L"), np.uint8)


def _from_deep(pixels: np.ndarray) -> GrayImage:
    """Return pixels of more than 8 bits as 8-bit gray, by the full range of their depth."""
    white = 255 if pixels.max(initial=0) <= 255 else 65535  # 16 bits also arrive as 32-bit "I"
    if pixels.dtype.kind == "f" and pixels.max(initial=0) <= 1:
        white = 1
    if pixels.dtype == np.uint16:
        white = 65535
    scaled = np.clip(pixels.astype(np.float64) / white, 0, 1) * 255
    return np.rint(scaled).astype(np.uint8)
