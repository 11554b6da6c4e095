"""PNG files to pixels, without an image library: those that are not interlaced and have no fault.

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
_PALETTE: Final = 3  # a colour type; the others are grey, RGB, grey and alpha, RGB and alpha
_CHANNELS: Final = {0: 1, 2: 3, _PALETTE: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), _PALETTE: (1, 2, 4, 8)}  # bits of a value; else 8 or 16
_LONGEST_SIDE: Final = 1_000_000  # libpng's limits
_LONGEST_CHUNK: Final = 8_000_000
# Chunks about the image that change no pixel. Not transparent colours, nor animations.
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
_Chunks = list[tuple[bytes, memoryview]]


@dataclasses.dataclass(frozen=True)
class _Header:
    width: int
    height: int
    depth: int  # bits of a value
    colour: int

    @property
    def pixel_bits(self) -> int:
        return _CHANNELS[self.colour] * self.depth

    @property
    def row_bytes(self) -> int:
        """Of a row of pixels, without the byte for its filter."""
        return (self.width * self.pixel_bits + 7) // 8


def decode_png(data: bytes) -> Pixels | None:
    """The pixels of a plain PNG file: uint8 H×W×3, RGB, 0..255.

    Plain: not interlaced, of no more than opaque colours and an alpha channel, without any fault.
    Grey is repeated; values of less than 8 bits are spread over 0..255, of 16 bits the upper 8 are
    taken; an alpha channel is dropped and not blended.

    Args:
        data: The file's bytes. What comes after the image's end is passed over.

    Returns:
        None where the file is not plain.
    """
    try:
        chunks = list(_chunks(data))
        header = _header(chunks)
        rows = _unpack(header, _image_data(chunks))
        palette = _palette(header, chunks)
    except (ValueError, struct.error, zlib.error):
        return None
    return None if rows is None else _pixels(header, rows, palette)


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


def _header(chunks: _Chunks) -> _Header:
    """What the first chunk says; ValueError where the image is not plain, by it or the others."""
    kind, body = chunks[0]
    width, height, depth, colour, *methods = struct.unpack(">IIBBBBB", body)
    plain = (
        kind == b"IHDR"
        and 0 < width <= _LONGEST_SIDE
        and 0 < height <= _LONGEST_SIDE
        and colour in _CHANNELS
        and depth in _DEPTHS.get(colour, (8, 16))
        and methods == [0, 0, 0]  # deflate, the five filters, not interlaced
        and not chunks[-1][1]  # the end has no body
    )
    others = _PASSED_OVER | {b"IDAT"} | ({b"PLTE"} if colour == _PALETTE else set())
    if not plain or not {kind for kind, _ in chunks[1:-1]} <= others:
        raise ValueError("not plain")
    return _Header(width, height, depth, colour)


def _palette(header: _Header, chunks: _Chunks) -> Pixels | None:
    """The colours, uint8 N×3, of an image that has a palette; it must come before the rows."""
    if header.colour != _PALETTE:
        return None
    kinds = [kind for kind, _ in chunks]
    place = kinds.index(b"PLTE")
    body = chunks[place][1]
    known = kinds.count(b"PLTE") == 1 and place < kinds.index(b"IDAT")
    if not known or len(body) % 3 or not 0 < len(body) // 3 <= 1 << header.depth:
        raise ValueError("no palette, or a damaged one")
    return np.frombuffer(body, np.uint8).reshape(-1, 3)


def _image_data(chunks: _Chunks) -> bytes:
    """The bodies of the `IDAT` chunks, which must follow each other."""
    places = [place for place, (kind, _) in enumerate(chunks) if kind == b"IDAT"]
    if not places or places[-1] - places[0] != len(places) - 1:
        raise ValueError("no image data, or not in one piece")
    return b"".join(chunks[place][1] for place in places)


def _unpack(header: _Header, compressed: bytes) -> Pixels | None:
    """The rows as bytes, uint8 height×`row_bytes`; None where they are not exactly these."""
    size = header.height * (1 + header.row_bytes)
    # Of a smaller window than the data has, decoders may differ.
    if len(compressed) < 2 or 256 << (compressed[0] >> 4) < min(size, 32768):
        return None
    stream = zlib.decompressobj()
    filtered = stream.decompress(compressed, size + 1)
    if len(filtered) != size or not stream.eof or stream.unused_data:
        return None
    rows = np.empty((header.height, header.row_bytes), np.uint8)
    known = _unfilter(
        np.frombuffer(filtered, np.uint8).reshape(header.height, -1),
        rows,
        max(1, header.pixel_bits // 8),
    )
    return rows if known else None


def _pixels(header: _Header, rows: Pixels, palette: Pixels | None) -> Pixels | None:
    """The values of `rows` as RGB; None where one is beyond the palette."""
    values: Pixels
    if header.depth < 8:
        bits = np.unpackbits(rows, axis=1)[:, : header.width * header.depth]
        upper = np.packbits(bits.reshape(header.height, header.width, header.depth), axis=2)
        values = upper >> np.uint8(8 - header.depth)
    else:
        # Of two bytes the upper one comes first.
        values = rows.reshape(header.height, header.width, -1)[:, :, :: header.depth // 8]
    if palette is not None:
        known = int(values.max()) < len(palette)
        return palette[values[:, :, 0]] if known else None
    if header.depth < 8:
        values = values * np.uint8(255 // ((1 << header.depth) - 1))
    return _rgb(values)


def _rgb(values: Pixels) -> Pixels:
    """The first three values of each pixel, or the first of them three times."""
    channels = values.shape[2]
    if channels == 3:
        return np.ascontiguousarray(values)
    pixels = np.empty((*values.shape[:2], 3), np.uint8)
    for channel in range(3):  # one by one: NumPy is slow where the last axis is so short
        pixels[:, :, channel] = values[:, :, channel if channels > 3 else 0]
    return pixels


@compiled
def _unfilter(filtered: Pixels, rows: Pixels, step: int) -> bool:
    """Undo the filters of a PNG's rows; False where a row names none of the five.

    Args:
        filtered: uint8 H×(1 + N); the first byte of a row is its filter.
        rows: uint8 H×N, written.
        step: Bytes from a value to the same one of the next pixel; at least 1.
    """
    above = np.zeros(rows.shape[1], np.uint8)
    for y in range(rows.shape[0]):
        kind, line, row = filtered[y, 0], filtered[y, 1:], rows[y]
        if kind > 4:
            return False
        if kind in (0, 2):
            for x in range(row.shape[0]):
                row[x] = line[x] + (above[x] if kind else 0)
        else:
            # One value of the pixels after the other, so that the last stays in a register.
            for first in range(step):
                left, corner = 0, 0
                for x in range(first, row.shape[0], step):
                    up: Any = np.int64(above[x])
                    left = (line[x] + _guess(kind, left, up, corner)) & 255
                    row[x], corner = left, up
        above = row
    return True


@inlined
def _guess(kind: Any, left: Any, above: Any, corner: Any) -> Any:
    """What filter 1, 3 or 4 expects at a place, from the bytes of the pixels before and above."""
    if kind == 1:
        return left
    if kind == 3:
        return (left + above) // 2
    # Paeth's: the neighbour next to left + above - corner, in this order where they are equal.
    to_left, to_above = abs(above - corner), abs(left - corner)
    to_corner = abs(left + above - 2 * corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner
