"""PNG files to pixels, without an image library: the plain ones, and those without any fault.

The format says exactly what the pixels are, so these are the same on any machine, and what
TensorFlow's decoder gives. Whatever is unusual or damaged is left to that one: it says what is
wrong, or reads it after all.
"""

import dataclasses
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from fixed_eval.engines.native.compiled import compiled, inlined

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {0: 1, 2: 3, 4: 2, 6: 4}  # by colour type: grey, RGB, grey + alpha, RGBA
_LONGEST_SIDE: Final = 1_000_000  # libpng's limits
_LONGEST_CHUNK: Final = 8_000_000
# Chunks about the image that change no pixel. Not transparency, and no palettes or animations.
_PASSED_OVER: Final = frozenset(
    {
        b"bKGD",
        b"cHRM",
        b"eXIf",
        b"gAMA",
        b"iCCP",
        b"iTXt",
        b"pHYs",
        b"sBIT",
        b"sRGB",
        b"tEXt",
        b"tIME",
        b"zTXt",
    }
)


@dataclasses.dataclass(frozen=True)
class _Header:
    width: int
    height: int
    channels: int
    sample_bytes: int

    @property
    def row_bytes(self) -> int:
        """Of a row of pixels, with the byte for its filter before them."""
        return 1 + self.width * self.channels * self.sample_bytes


def decode_png(data: bytes) -> Pixels | None:
    """The pixels of a plain PNG file: uint8 H×W×3, RGB, 0..255.

    Plain: 8 or 16 bits in grey or RGB, with or without an alpha channel, not interlaced. Grey is
    repeated, of 16 bits the upper 8 are taken, alpha is dropped and not blended.

    Args:
        data: The file's bytes. What comes after the image's end is passed over.

    Returns:
        None where the file is not plain, or has a fault anywhere.
    """
    try:
        chunks = list(_chunks(data))
        header = _header(chunks)
        return None if header is None else _pixels(header, _image_data(chunks))
    except (ValueError, struct.error, zlib.error):
        return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and body of each chunk up to the end of the image, their check sums compared."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    view, position, kind = memoryview(data), len(_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        (check,) = struct.unpack_from(">I", data, end)
        if length > _LONGEST_CHUNK or zlib.crc32(view[position + 4 : end]) != check:
            raise ValueError("a damaged chunk")
        yield kind, view[position + 8 : end]
        position = end + 4


def _header(chunks: list[tuple[bytes, memoryview]]) -> _Header | None:
    """What the first chunk says; None where the image is not plain, in it or in the others."""
    kind, body = chunks[0]
    width, height, depth, colour, *methods = struct.unpack(">IIBBBBB", body)
    plain = (
        kind == b"IHDR"
        and 0 < width <= _LONGEST_SIDE
        and 0 < height <= _LONGEST_SIDE
        and depth in (8, 16)
        and colour in _CHANNELS
        and methods == [0, 0, 0]  # deflate, the five filters, not interlaced
        and {kind for kind, _ in chunks[1:-1]} <= _PASSED_OVER | {b"IDAT"}
        and not chunks[-1][1]  # the end has no body
    )
    return _Header(width, height, _CHANNELS[colour], depth // 8) if plain else None


def _image_data(chunks: list[tuple[bytes, memoryview]]) -> bytes:
    """The bodies of the `IDAT` chunks, which must follow each other."""
    places = [place for place, (kind, _) in enumerate(chunks) if kind == b"IDAT"]
    if not places or places[-1] - places[0] != len(places) - 1:
        raise ValueError("no image data, or not in one piece")
    return b"".join(chunks[place][1] for place in places)


def _pixels(header: _Header, compressed: bytes) -> Pixels | None:
    size = header.height * header.row_bytes
    # Of a smaller window than the data has, decoders may differ.
    if len(compressed) < 2 or 256 << (compressed[0] >> 4) < min(size, 32768):
        return None
    stream = zlib.decompressobj()
    rows = stream.decompress(compressed, size + 1)
    if len(rows) != size or not stream.eof or stream.unused_data:
        return None
    filtered = np.frombuffer(rows, np.uint8).reshape(header.height, header.row_bytes)
    pixels = np.empty((header.height, header.width, 3), np.uint8)
    known = _unfilter(filtered, pixels, header.channels, header.sample_bytes)
    return pixels if known else None


@compiled
def _unfilter(filtered: Pixels, pixels: Pixels, channels: int, sample_bytes: int) -> bool:
    """Undo the filters of a PNG's rows; False where a row names none of the five.

    Args:
        filtered: uint8 H×bytes; the first byte of a row is its filter, whole numbers follow, the
            upper byte first.
        pixels: uint8 H×W×3, written: RGB.
        channels: Values of a pixel: grey, grey and alpha, RGB, or RGB and alpha.
        sample_bytes: 1 or 2, of a value.
    """
    height, width, _ = pixels.shape
    step = channels * sample_bytes
    # With a pixel of zeros to the left.
    above, row = np.zeros((2, step + width * step), np.int64)
    green, blue = (sample_bytes, 2 * sample_bytes) if channels >= 3 else (0, 0)
    for y in range(height):
        if filtered[y, 0] > 4:
            return False
        for x in range(step, len(row)):
            guess = _guess(filtered[y, 0], row[x - step], above[x], above[x - step])
            row[x] = (filtered[y, 1 + x - step] + guess) & 255
        for x in range(width):
            pixels[y, x, 0] = row[(x + 1) * step]
            pixels[y, x, 1] = row[(x + 1) * step + green]
            pixels[y, x, 2] = row[(x + 1) * step + blue]
        above, row = row, above
    return True


@inlined
def _guess(kind: int, left: int, above: int, corner: int) -> int:
    """What a filter expects at a place, from the bytes of the pixels before it and above."""
    if kind == 0:
        return 0
    if kind == 1:
        return left
    if kind == 2:
        return above
    if kind == 3:
        return (left + above) // 2
    # Paeth's: the neighbour next to left + above - corner, in this order where they are equal.
    to_left, to_above = abs(above - corner), abs(left - corner)
    to_corner = abs(left + above - 2 * corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner
