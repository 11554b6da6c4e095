"""What an image file says of itself: its format, its size, and how its pixels are stored.

Enters: the bytes of a file, whatever its name. Leaves: an `ImageHeader`, or `CorruptInputError`. No
pixel is decoded before this has looked at the file.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from datagen.core.errors import CorruptInputError

if TYPE_CHECKING:
    from PIL.Image import Image

ImageFormat = Literal["PNG", "JPEG", "GIF", "BMP", "WEBP", "AVIF", "TIFF"]
"""The formats that are ever decoded. Pillow knows forty more; for one it starts Ghostscript."""

PIXEL_LIMIT: Final = 25_000_000
"""Above a telephone's usual photo (24.5 million). Decoding one takes about 5 bytes a pixel."""

EXPECTED: Final = "PNG, JPEG, GIF, BMP, WebP, AVIF or TIFF"
TRANSPARENT: Final = {"LA", "La", "PA", "RGBA", "RGBa"}
"""Pillow's modes that have an alpha channel."""

_STARTS: Final[tuple[tuple[bytes, ImageFormat], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_OTHERS: Final = (  # what people have under the name of an image, so that they know what to do
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"%PDF", "PDF"),
    (b"\x00\x00\x00\x0cjP", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL", "JPEG XL"),
    (b"8BPS", "Photoshop's format"),
    (b"gimp xcf", "GIMP's format"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
    *((b"P%d\n" % kind, "Netpbm (PBM, PGM, PPM)") for kind in range(1, 8)),
    (b"<svg", "SVG"),
    (b"<?xml", "XML"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
)
_HEIF: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
_ORIENTATION: Final = 0x0112  # EXIF
_BITS_PER_SAMPLE: Final = 258  # TIFF
_PHOTOMETRIC: Final = 262  # TIFF; 0: white is zero
_PLANAR: Final = 284  # TIFF; 2: a plane per channel
_PNG_ALPHA: Final = {4, 6}  # PNG's colour types with an alpha channel

# What Pillow raises for a damaged file differs by format.
_UNREADABLE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """How an image is stored.

    Attributes:
        format: by its bytes, not by its name.
        width, height: pixels, as stored: before the turn that EXIF asks for.
        deep: more than 8 bits a channel.
        alpha: it has an alpha channel or a transparent colour.
        orientation: as EXIF says, 1 … 8; 1 is upright.
    """

    format: ImageFormat
    width: int
    height: int
    deep: bool = False
    alpha: bool = False
    orientation: int = 1


def sniff(data: bytes) -> ImageFormat | None:
    """Return the format that the first bytes name; None for one that is never decoded."""
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and {b"avif", b"avis"} & _brands(data):
        return "AVIF"
    return None


def read_header(data: bytes, name: str) -> ImageHeader:
    """Read how an image is stored.

    Args:
        data: the whole file.
        name: what messages call it.

    Raises:
        CorruptInputError: empty, of no format that is read, damaged, or of over `PIXEL_LIMIT`.
    """
    header = _plain_png(data)
    if header is None:
        with opened(data, name) as image:
            return _header(image, data)
    _check_size(header.width, header.height, name)
    return header


@contextmanager
def opened(data: bytes, name: str) -> Iterator["Image"]:
    """Yield a file as Pillow opens it, its size checked and nothing decoded.

    Raises:
        CorruptInputError: see `read_header`; also for whatever Pillow raises in the `with` block.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - 40 ms at import

    kind = _readable_format(data, name)
    try:
        _check_size(*_early_size(data, kind), name)
        if kind == "PNG":
            _check_png(data)
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            _check_size(image.width, image.height, name)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        number = re.search(r"\d+", str(error))
        size = f"{int(number[0]):,} pixels" if number else "by its header"
        raise _too_large(name, size) from error
    except UnidentifiedImageError as error:
        raise _damaged(name, kind, "its header is broken") from error
    except _UNREADABLE as error:
        raise _damaged(name, kind, str(error) or type(error).__name__) from error


def orientation(image: "Image") -> int:
    """Return what EXIF says, 1 … 8; 1 where it says nothing or is damaged itself."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except _UNREADABLE:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def is_deep(image: "Image", data: bytes) -> bool:
    """Return whether a file has more than 8 bits a channel, whatever Pillow makes of it."""
    if image.format == "PNG":
        return data[24] == 16
    bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (8,))
    return max(bits) > 8 if isinstance(bits, tuple) else int(bits) > 8


def has_white_at_zero(image: "Image") -> bool:
    """Return whether a TIFF says that its levels mean ink, not light."""
    return bool(getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0)


def is_planar(image: "Image") -> bool:
    """Return whether a TIFF has its channels one after the other, not pixel by pixel."""
    return bool(getattr(image, "tag_v2", {}).get(_PLANAR) == 2)


def _header(image: "Image", data: bytes) -> ImageHeader:
    return ImageHeader(
        format=_readable_format(data, ""),
        width=image.width,
        height=image.height,
        deep=is_deep(image, data),
        alpha=image.mode in TRANSPARENT or "transparency" in image.info,
        orientation=orientation(image),
    )


def _plain_png(data: bytes) -> ImageHeader | None:
    """Return the header of a PNG without EXIF, ten times as fast as Pillow; None for others."""
    if sniff(data) != "PNG" or data[12:16] != b"IHDR" or len(data) < 33:
        return None
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    alpha = colour in _PNG_ALPHA
    for kind, _, _ in _png_chunks(data):
        if kind in (b"eXIf", b"iTXt", b"zTXt", b"tEXt"):
            return None  # which may say how the image is turned
        alpha |= kind == b"tRNS"
    return ImageHeader("PNG", width, height, deep=depth == 16, alpha=alpha)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of every chunk; the last may end behind the file."""
    place = 8
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, place + 4, place + 8 + length
        place += 12 + length


def _check_png(data: bytes) -> None:
    """Raise where the evaluator's decoder would and Pillow does not.

    Raises:
        ValueError: a chunk that pixels depend on is damaged, or the file's end is missing.
    """
    for kind, start, end in _png_chunks(data):
        if kind[:1].isupper():  # a chunk that pixels depend on
            found = data[end : end + 4]
            if len(found) < 4:
                raise ValueError("image file is truncated")
            if int.from_bytes(found, "big") != zlib.crc32(memoryview(data)[start:end]):
                raise ValueError("a checksum is wrong")
        if kind == b"IEND":
            return
    raise ValueError("image file is truncated")


def _early_size(data: bytes, kind: ImageFormat) -> tuple[int, int]:
    """Return the size of a WebP, for which Pillow takes memory as it opens; 1×1 for others."""
    if kind != "WEBP" or len(data) < 30:
        return 1, 1
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _readable_format(data: bytes, name: str) -> ImageFormat:
    """Return the format; raise with what the file is where it is of none that is read."""
    if not data:
        raise CorruptInputError(
            f"{name} is empty (0 bytes), expected an image; replace or remove it"
        )
    kind = sniff(data)
    if kind is None:
        other = _other(data)
        is_what = f"holds {other}, not" if other else "is not"
        raise CorruptInputError(
            f"{name} {is_what} an image that can be read; expected {EXPECTED}; convert or remove it"
        )
    return kind


def _other(data: bytes) -> str | None:
    """Name a format that people take for an image."""
    start = data[:64].lstrip().lower()
    for known, what in _OTHERS:
        if data.startswith(known) or start.startswith(known):
            return what
    if data[4:8] == b"ftyp":
        return "HEIC" if _HEIF & _brands(data) else "a film"
    return None


def _brands(data: bytes) -> set[bytes]:
    """Return what an ISO media file says that it is."""
    end = min(int.from_bytes(data[:4], "big"), len(data), 128)
    return {data[8:12]} | {data[k : k + 4] for k in range(16, end, 4)}


def _check_size(width: int, height: int, name: str) -> None:
    if min(width, height) < 1:
        raise CorruptInputError(f"{name} says that it is {width}×{height} pixels; remove it")
    if width * height > PIXEL_LIMIT:
        raise _too_large(name, f"{width}×{height} pixels")


def _too_large(name: str, what: str) -> CorruptInputError:
    return CorruptInputError(
        f"{name} is too large ({what}), expected at most {PIXEL_LIMIT:,} pixels; scale it down or "
        "remove it"
    )


def _damaged(name: str, kind: ImageFormat, why: str) -> CorruptInputError:
    return CorruptInputError(
        f"{name} cannot be decoded as {kind} ({why[:200]}); the file is damaged, replace or "
        "remove it"
    )
