"""Our decoder of PNGs beside TensorFlow's: equal pixels, or left to TensorFlow."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from fixed_eval.png import decode_png

SIGNATURE = b"\x89PNG\r\n\x1a\n"
VALUES = {0: 1, 2: 3, 4: 2, 6: 4}  # of a pixel, by colour type
PALETTE = 3
PLAIN = [
    *((colour, depth) for colour in VALUES for depth in (8, 16)),
    *((0, depth) for depth in (1, 2, 4)),
]
ABOUT_THE_IMAGE = [
    (b"gAMA", struct.pack(">I", 45455)),
    (b"sRGB", b"\0"),
    (b"sBIT", b"\5"),
    (b"sBIT", b"\5\5\5\5\5"),  # the wrong length
    (b"bKGD", b"\0\1"),
    (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
    (b"tEXt", b"Title\0a digit"),
    (b"zTXt", b"Title\0\0" + zlib.compress(b"a digit")),
    (b"iCCP", b"no profile"),
    (b"tIME", b"\1"),
]


def tensorflow(content: bytes) -> np.ndarray | None:
    try:
        return tf.image.decode_image(content, channels=3, expand_animations=False).numpy()
    except tf.errors.InvalidArgumentError:
        return None


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def filtered(rng: np.random.Generator, width: int, height: int, colour: int, depth: int) -> bytes:
    """Rows whose filters are drawn too: any bytes behind a filter are some image."""
    bits = width * VALUES.get(colour, 1) * depth
    rows = rng.integers(0, 256, (height, 1 + (bits + 7) // 8), np.uint8)
    rows[:, 0] = rng.integers(0, 5, height)
    return rows.tobytes()


def image(
    compressed: Sequence[bytes],
    header: tuple[int, ...] = (7, 5, 8, 0, 0, 0, 0),
    before: bytes = b"",
    after: bytes = chunk(b"IEND", b""),
) -> bytes:
    """A PNG of its `IDAT` bodies; the header is width, height, depth, colour type, 3 methods."""
    data = b"".join(chunk(b"IDAT", body) for body in compressed)
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", *header)) + before + data + after


ROWS = filtered(np.random.default_rng(5), 7, 5, 0, 8)
DATA = zlib.compress(ROWS)


@pytest.mark.parametrize(("colour", "depth"), PLAIN)
def test_plain_files_are_what_tensorflow_reads(colour: int, depth: int):
    rng = np.random.default_rng(colour)
    for width, height in [(1, 1), (1, 9), (32, 32), (63, 2), (200, 90)]:
        rows = filtered(rng, width, height, colour, depth)
        content = image([zlib.compress(rows)], (width, height, depth, colour, 0, 0, 0))
        ours, theirs = decode_png(content), tensorflow(content)
        assert ours is not None
        assert ours.dtype == np.uint8
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palettes_are_what_tensorflow_reads(depth: int):
    rng = np.random.default_rng(depth)
    for width, height in [(1, 1), (1, 9), (32, 32), (63, 5)]:
        rows = zlib.compress(filtered(rng, width, height, PALETTE, depth))
        colours = chunk(b"PLTE", rng.bytes(3 << depth))
        content = image([rows], (width, height, depth, PALETTE, 0, 0, 0), before=colours)
        ours = decode_png(content)
        assert ours is not None
        np.testing.assert_array_equal(ours, tensorflow(content))


INDEXED = (7, 5, 8, PALETTE, 0, 0, 0)
FEW = zlib.compress(b"\0\0\0\0\0\0\0\1" * 5)  # the colours 0 and 1


@pytest.mark.parametrize(
    "content",
    [
        image([FEW], INDEXED),
        image([FEW], INDEXED, before=chunk(b"PLTE", b"")),
        image([FEW], INDEXED, before=chunk(b"PLTE", b"rgb")),  # no colour 1
        image([FEW], INDEXED, before=chunk(b"PLTE", b"rgbrgbr")),
        image([FEW], INDEXED, before=chunk(b"PLTE", b"rgb" * 257)),
        image([FEW], INDEXED, before=2 * chunk(b"PLTE", b"rgbrgb")),
        image([FEW], INDEXED, before=chunk(b"PLTE", b"rgbrgb") + chunk(b"tRNS", b"\0")),
        image([FEW], INDEXED, after=chunk(b"PLTE", b"rgbrgb") + chunk(b"IEND", b"")),
        image([FEW], (7, 5, 16, PALETTE, 0, 0, 0), before=chunk(b"PLTE", b"rgbrgb")),
        image([DATA], (7, 5, 8, 0, 0, 0, 0), before=chunk(b"PLTE", b"rgbrgb")),
    ],
)
def test_other_palettes_are_left_to_tensorflow(content: bytes):
    assert decode_png(content) is None
    assert decode_png(image([FEW], INDEXED, before=chunk(b"PLTE", b"rgbrgb"))) is not None


@pytest.mark.parametrize(
    "content",
    [
        image([DATA[:9], b"", DATA[9:]]),
        image([b"", DATA, b""]),
        image([bytes([byte]) for byte in DATA]),
        image([DATA]) + b"more bytes",
        image([zlib.compress(ROWS, 0)]),
        *(image([DATA], before=chunk(*each)) for each in ABOUT_THE_IMAGE),
        *(image([DATA], after=chunk(*each) + chunk(b"IEND", b"")) for each in ABOUT_THE_IMAGE),
    ],
)
def test_chunks_that_change_no_pixel_are_read_by_both(content: bytes):
    ours = decode_png(content)
    assert ours is not None
    np.testing.assert_array_equal(ours, tensorflow(content))


def with_dictionary() -> bytes:
    stream = zlib.compressobj(zdict=b"words")
    return stream.compress(ROWS) + stream.flush()


@pytest.mark.parametrize(
    "content",
    [
        image([DATA], (7, 5, 8, 0, 0, 0, 1)),  # interlaced
        image([DATA], (7, 5, 8, 0, 1, 0, 0)),
        image([DATA], (7, 5, 8, 0, 0, 1, 0)),
        image([DATA], (7, 5, 8, 5, 0, 0, 0)),
        image([DATA], (7, 5, 7, 0, 0, 0, 0)),
        image([DATA], (0, 5, 8, 0, 0, 0, 0)),
        image([DATA], (2**31, 5, 8, 0, 0, 0, 0)),
        image([DATA], (7, 5, 4, 2, 0, 0, 0)),
        image([DATA], (2**20, 5, 8, 0, 0, 0, 0)),
        image([DATA], before=chunk(b"tRNS", b"\0\1")),
        image([DATA], before=chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 5, 8, 0, 0, 0, 0))),
        image([DATA], before=chunk(b"fAIL", b"") + chunk(b"ABCD", b"critical")),
        image([zlib.compress(b"\5" + ROWS[1:])]),  # no such filter
        image([zlib.compress(ROWS[:-1])]),
        image([zlib.compress(ROWS + b"x")]),
        image([DATA[:-1]]),
        image([DATA[:-1] + b"x"]),  # another check sum
        image([DATA + b"x"]),
        image([DATA[:9] + b"\xff" + DATA[10:]]),
        image([with_dictionary()]),
        image([DATA], after=b""),
        image([DATA], after=chunk(b"IEND", b"")[:-1]),
        image([DATA], after=chunk(b"IEND", b"body")),
        image([], before=b""),
        image([DATA[:9]], after=chunk(b"tEXt", b"a\0b") + image([DATA[9:]])[33:]),  # in two pieces
        image([DATA], before=chunk(b"tEXt", b"a\0b")[:-1] + b"x"),  # another check sum
        image([DATA])[:-30],
        image([DATA])[:20],
        SIGNATURE,
        b"GIF89a",
    ],
)
def test_all_else_is_left_to_tensorflow(content: bytes):
    assert decode_png(content) is None


def test_no_byte_can_be_changed_so_that_tensorflow_would_read_other_pixels():
    content = image([DATA], before=chunk(b"gAMA", b"\0\0\0\1"))
    for place in range(len(SIGNATURE), len(content)):
        changed = content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :]
        assert decode_png(changed) is None
        cut = decode_png(content[:place])
        assert cut is None


def test_what_is_drawn_is_equal_to_tensorflows_or_left_to_it():
    """Files with several traits at once, some of them faults."""
    rng, read = np.random.default_rng(7), 0
    for _ in range(150):
        colour, depth = PLAIN[rng.integers(len(PLAIN))]
        width, height = (int(side) for side in rng.integers(1, 40, 2))
        rows = filtered(rng, width, height, colour, depth)
        rows += b"x" * int(rng.random() < 0.1)
        stream = zlib.compressobj(int(rng.integers(10)), wbits=int(rng.choice([9, 12, 15])))
        data = stream.compress(rows) + stream.flush()
        cut = int(rng.integers(len(data)))
        content = image(
            [data[:cut], data[cut:]],
            (width, height, depth, colour, 0, 0, int(rng.random() < 0.1)),
            before=chunk(*ABOUT_THE_IMAGE[rng.integers(len(ABOUT_THE_IMAGE))]),
        )
        ours = decode_png(content)
        if ours is not None:
            read += 1
            np.testing.assert_array_equal(ours, tensorflow(content))
    assert read > 75


def test_a_window_smaller_than_the_data_is_left_to_tensorflow():
    """A decoder that keeps only that much cannot look further back, ours could."""
    rows = filtered(np.random.default_rng(0), 60, 40, 0, 8)
    stream = zlib.compressobj(wbits=9)
    narrow = stream.compress(rows) + stream.flush()
    header = (60, 40, 8, 0, 0, 0, 0)
    assert decode_png(image([narrow], header)) is None
    assert decode_png(image([zlib.compress(rows)], header)) is not None


def test_reading_pngs_imports_no_tensorflow(dataset: Path):
    """Nor do the initial weights and the orders."""
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None  # an import of them fails
from pathlib import Path
from fixed_eval import data, initial_weights, order, score
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as chosen
for files in data.list_dataset(Path(sys.argv[1]), chosen, 123)[:2]:
    data.load_split("train", files, chosen)
initial_weights.initial_weights(chosen, 123)
next(order.epoch_orders(9, chosen.shuffle_buffer, 123))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, dataset], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
