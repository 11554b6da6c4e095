"""What an image means: plain PNGs without TensorFlow, all else as TensorFlow reads it."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from fixed_eval.decoding import Decoder

KEEP_SIZE = 32


def decoded(content: bytes) -> np.ndarray:
    """A 32×32 image as the network would see it: the resize then changes nothing."""
    return Decoder(KEEP_SIZE)(content)[0]


def png(header: tuple[int, int], rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A 32×32 PNG of (bit depth, colour type), its filtered rows, and chunks before them."""
    depth, colour = header
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 32, 32, depth, colour, 0, 0, 0)), *chunks]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def test_sixteen_bits_keep_the_high_byte(encode):
    pixels = np.full((32, 32, 1), 0xABCD, np.uint16)
    assert np.unique(decoded(encode(pixels))).tolist() == [0xAB]


def test_a_palette_becomes_its_colours():
    content = png((8, 3), (b"\0" + b"\1" * 32) * 32, (b"PLTE", bytes([0, 0, 0, 10, 20, 30])))
    assert decoded(content)[5, 5].tolist() == [10, 20, 30]


def test_an_alpha_channel_is_dropped_not_blended(encode):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[..., :3] = 77
    assert np.unique(decoded(encode(pixels))).tolist() == [77]


def test_cmyk_jpegs_become_rgb(tmp_path: Path):
    image = pytest.importorskip("PIL.Image", reason="Pillow writes the CMYK file")
    image.new("CMYK", (32, 32), (255, 0, 0, 0)).save(tmp_path / "cyan.jpg", quality=95)
    red, green, blue = decoded((tmp_path / "cyan.jpg").read_bytes())[16, 16]
    assert red < 60
    assert min(green, blue) > 190


def test_an_animated_gif_gives_its_first_frame(tmp_path: Path):
    image = pytest.importorskip("PIL.Image", reason="Pillow writes the animation")
    frames = [image.new("L", (32, 32), level) for level in (40, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert np.unique(decoded((tmp_path / "a.gif").read_bytes())).tolist() == [40]


def test_resizing_is_bilinear_without_antialiasing_and_unrounded():
    cv2 = pytest.importorskip("cv2")
    pixels = np.random.default_rng(0).integers(0, 256, (61, 47), dtype=np.uint8)
    content = cv2.imencode(".png", pixels)[1].tobytes()
    other = cv2.resize(pixels.astype(np.float32), (32, 32), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(decoded(content)[..., 0], other, atol=1e-3)
