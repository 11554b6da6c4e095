"""How many pixels an image file says it holds, read from its header alone.

A file of a few kilobytes can ask for gigabytes: what decoding would take is known before it begins.
"""

import struct
from collections.abc import Iterator

_FRAME_SIZE = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # JPEG's SOF markers
_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xDA)})  # JPEG's markers without a segment


def pixel_count(data: bytes) -> int | None:
    """Pixels that decoding `data` makes, by its header; None where that does not say.

    Args:
        data: A PNG, JPEG, GIF or BMP file. Of a GIF all frames count: all of them are unpacked,
            although only the first is used.
    """
    try:
        if data.startswith(b"\x89PNG"):
            return _area(data, ">II", 16)
        if data.startswith(b"BM"):
            return _area(data, "<ii", 18)
        if data.startswith(b"GIF8"):
            return max(_area(data, "<HH", 6), sum(_gif_frames(data)))
        return _area(data, ">HH", _jpeg_frame(data) + 5)
    except (struct.error, IndexError):
        return None


def _area(data: bytes, sides: str, position: int) -> int:
    width, height = struct.unpack_from(sides, data, position)
    return abs(int(width) * int(height))


def _jpeg_frame(data: bytes) -> int:
    """Position of the marker before the frame's size; IndexError where there is none."""
    position = 2
    while True:
        while data[position] != 0xFF or data[position + 1] == 0xFF:
            position += 1
        marker = data[position + 1]
        if marker in _FRAME_SIZE:
            return position
        if marker in _NO_LENGTH:
            position += 2
        else:
            position += 2 + max(2, int.from_bytes(data[position + 2 : position + 4], "big"))


def _gif_frames(data: bytes) -> Iterator[int]:
    """Pixels of each frame of a GIF."""
    position = 13 + _palette(data[10])
    while position < len(data):
        if data[position] == 0x2C:
            yield _area(data, "<HH", position + 5)
            position += 11 + _palette(data[position + 9])
        elif data[position] == 0x21:
            position += 2
        else:
            return
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1


def _palette(flags: int) -> int:
    """Bytes of the palette that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
