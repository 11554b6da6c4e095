"""One image file in every mode and format that people have."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, features

from datagen.core.errors import CorruptInputError
from datagen.files.decode import decode_as_evaluator, decode_colour, decode_gray
from datagen.files.image_header import read_header


def page() -> np.ndarray:
    """Return a 20×30 sheet with one black bar, unlike its mirror images."""
    sheet = np.full((20, 30), 255, np.uint8)
    sheet[2:6, 3:20] = 0
    return sheet


def encode(image: Image.Image, fmt: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, fmt, **options)
    return stream.getvalue()


GRAY = Image.fromarray(page())


def rgba() -> Image.Image:
    """Return black ink on transparent black paper: alpha alone tells them apart."""
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[..., 3] = 255 - page()
    return Image.fromarray(pixels)


def palette_with_transparency() -> bytes:
    image = Image.new("P", (30, 20), 1)
    image.putpalette([0, 0, 0, 0, 0, 0])
    image.paste(0, (3, 2, 20, 6))
    return encode(image, transparency=1)


def deep(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    """Return a file of 16 bits a channel, as OpenCV writes it."""
    return cv2.imencode(suffix, pixels)[1].tobytes()


DEEP = page().astype(np.uint16) * 257  # 0 … 65535
CLEAR = np.dstack([np.zeros_like(DEEP)] * 3 + [65535 - DEEP])  # black ink on clear black

FILES = {
    "1": encode(GRAY.convert("1")),
    "L": encode(GRAY),
    "L tRNS": encode(GRAY, transparency=7),
    "LA": encode(rgba().convert("LA")),
    "P": encode(GRAY.convert("P")),
    "P transparent": palette_with_transparency(),
    "RGB": encode(GRAY.convert("RGB")),
    "RGBA": encode(rgba()),
    "CMYK tiff": encode(GRAY.convert("CMYK"), "TIFF"),
    "YCbCr tiff": encode(GRAY.convert("YCbCr"), "TIFF"),
    "16 bit png": encode(Image.fromarray(page().astype(np.uint16) * 257)),
    "16 bit tiff": encode(Image.fromarray(page().astype(np.uint16) * 257), "TIFF"),
    "10 bits in 16": encode(Image.fromarray(DEEP // 64)),
    "12 bits in 16": encode(Image.fromarray(DEEP // 16)),
    "14 bits in 16": encode(Image.fromarray(DEEP // 4)),
    "8 bits in 16": encode(Image.fromarray(DEEP // 256)),
    "12 bits in 16 tiff": encode(Image.fromarray(DEEP // 16), "TIFF"),
    "12 bits shifted up": encode(Image.fromarray(DEEP // 16 * 16)),
    "16 bit png with a clear value": encode(Image.fromarray(DEEP), transparency=65535),
    "16 bit colour": deep(np.dstack([DEEP] * 3)),
    "12 bits in 16 bit colour": deep(np.dstack([DEEP // 16] * 3)),
    "12 bits in 16 bit colour tiff": deep(np.dstack([DEEP // 16] * 3), ".tif"),
    "16 bit colour and alpha": deep(CLEAR),
    "12 bits in colour and alpha": deep(np.dstack([DEEP // 16] * 3 + [np.full_like(DEEP, 4095)])),
    "16 bit alpha tiff": deep(CLEAR, ".tif"),
    "32 bit tiff": encode(Image.fromarray(page().astype(np.int32) * 257), "TIFF"),
    "float tiff": encode(Image.fromarray(page().astype(np.float32) / 255), "TIFF"),
    "float 255 tiff": encode(Image.fromarray(page().astype(np.float32)), "TIFF"),
    "float a little above 1": encode(Image.fromarray(page().astype(np.float32) / 253), "TIFF"),
    "bmp": encode(GRAY, "BMP"),
    "1 bit bmp": encode(GRAY.convert("1"), "BMP"),
    "gif": encode(GRAY, "GIF"),
    "webp": encode(GRAY.convert("RGB"), "WEBP", lossless=True),
    "clear webp": encode(rgba(), "WEBP", lossless=True, exact=True),
    "clear gif": encode(rgba(), "GIF"),
    "clear tiff": encode(rgba(), "TIFF"),
    "PNG of two frames": encode(GRAY, save_all=True, append_images=[Image.new("L", (30, 20))]),
    "tiff of two pages": encode(
        GRAY, "TIFF", save_all=True, append_images=[Image.new("L", (30, 20))]
    ),
    "animated gif": encode(
        GRAY, "GIF", save_all=True, append_images=[Image.new("L", (30, 20), 0)], loop=0
    ),
}


def with_text(text: bytes) -> bytes:
    """Return a PNG whose compressed comment is `text`."""
    chunk = b"Comment\0\0" + zlib.compress(text)
    checked = b"zTXt" + chunk
    inserted = struct.pack(">I", len(chunk)) + checked + struct.pack(">I", zlib.crc32(checked))
    return FILES["L"][:33] + inserted + FILES["L"][33:]


def huge_gif() -> bytes:
    data = FILES["gif"]
    return data[:6] + struct.pack("<HH", 65_000, 65_000) + data[10:]


def huge_webp() -> bytes:
    data = encode(
        rgba(), "WEBP", lossless=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"
    )  # so it has a VP8X chunk
    assert data[12:16] == b"VP8X"
    return data[:24] + b"\xff\x3f\0\xff\x3f\0" + data[30:]


def pillow_reads(data: bytes) -> bool:
    """Return whether Pillow itself opens an image."""
    try:
        Image.open(io.BytesIO(data)).load()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("kind", FILES)
def test_every_mode_becomes_ink_on_paper(kind: str) -> None:
    if kind == "YCbCr tiff" and not pillow_reads(FILES[kind]):
        pytest.skip("this Pillow, older than 13, cannot read the YCbCr file it writes")
    image = decode_gray(FILES[kind], kind)
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image, page(), atol=1)
    image[0, 0] = 3  # the caller's own


LOSSY = {
    "gray jpeg": encode(GRAY, "JPEG", quality=95),
    "CMYK jpeg": encode(GRAY.convert("CMYK"), "JPEG", quality=95),
    "progressive jpeg": encode(GRAY.convert("RGB"), "JPEG", quality=95, progressive=True),
    "two photos in one": encode(
        GRAY.convert("RGB"), "MPO", save_all=True, append_images=[Image.new("RGB", (30, 20))]
    ),
}


@pytest.mark.parametrize("kind", LOSSY)
def test_jpeg_is_near_enough(kind: str) -> None:
    image = decode_gray(LOSSY[kind], "a.jpg")
    assert np.abs(image.astype(int) - page()).mean() < 5


def test_avif_is_near_enough() -> None:
    if not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    for image in (GRAY.convert("RGB"), rgba()):
        decoded = decode_gray(encode(image, "AVIF", quality=95), "a.png")
        assert np.abs(decoded.astype(int) - page()).mean() < 5


def test_a_dark_picture_of_16_bits_is_not_stretched_to_its_own_range() -> None:
    """Paper at 40 % of white stays there; only below a quarter can it be one of fewer bits."""
    dark = (page() * (0.4 * 257)).astype(np.uint16)
    assert decode_gray(encode(Image.fromarray(dark)), "a.png").max() == 102
    darker = np.where(page() > 0, np.uint16(1100), 0).astype(np.uint16)  # of 12 bits: a quarter
    assert decode_gray(encode(Image.fromarray(darker)), "a.png").max() == 68


def test_colours_are_kept_where_there_are_some() -> None:
    red = np.dstack([np.full((4, 5), level, np.uint8) for level in (200, 10, 30)])
    np.testing.assert_array_equal(decode_colour(encode(Image.fromarray(red)), "a.png"), red)
    wide = red.astype(np.uint16)[..., ::-1] * 16 + 15
    assert np.abs(decode_colour(deep(wide), "a.png").astype(int) - red).max() <= 1
    np.testing.assert_array_equal(decode_colour(FILES["P transparent"], "a.png"), page())
    np.testing.assert_array_equal(decode_colour(FILES["16 bit colour"], "a.png"), page())


def test_a_large_picture_is_converted_in_strips_without_a_seam() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (1500, 1100, 4), np.uint8)  # more than one strip
    image = Image.fromarray(pixels)
    over = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    whole = np.asarray(over.convert("RGB").convert("L"))
    np.testing.assert_array_equal(decode_gray(encode(image), "a.png"), whole)


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("RGBA", 0),  # paper and ink alike
        ("P transparent", 0),
        ("16 bit png", 255),
        ("12 bits in 16", 15),
        ("12 bits in 16 bit colour", 15),
        ("clear gif", 0),
        ("bmp", 255),
    ],
)
def test_the_evaluator_sees_another_picture(kind: str, level: int) -> None:
    image = decode_as_evaluator(FILES[kind], kind)
    assert image.shape == (20, 30, 3)
    assert image[0, 0].tolist() == [level] * 3


@pytest.mark.tensorflow
@pytest.mark.slow
def test_the_evaluators_decoder_is_tensorflows() -> None:
    import tensorflow as tf

    compared = 0
    for kind, data in {**FILES, **LOSSY}.items():
        try:
            seen = decode_as_evaluator(data, kind)
        except CorruptInputError:
            continue
        expected = tf.io.decode_image(data, channels=3, expand_animations=False).numpy()
        differ = np.abs(seen.astype(int) - expected)
        assert differ.max() <= (16 if kind in LOSSY else 0), kind
        assert differ.mean() < 2, kind
        compared += 1
    assert compared >= 20


@pytest.mark.parametrize("kind", ["bmp", "webp", "16 bit tiff", "1 bit bmp"])
def test_what_the_evaluator_cannot_read_is_said(kind: str) -> None:
    if kind == "bmp":
        assert decode_as_evaluator(FILES[kind], kind).shape == (20, 30, 3)
        return
    with pytest.raises(CorruptInputError, match="which the evaluator cannot read.*--flatten"):
        decode_as_evaluator(FILES[kind], "a.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation: int, kind: str) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # shown turned by 270° anticlockwise, so stored by 90°
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = GRAY.transpose(undo[orientation]) if orientation in undo else GRAY
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored.convert("RGB"), kind, exif=exif, quality=95)
    turned = decode_gray(data, "a.png")
    assert turned.shape == page().shape
    assert np.abs(turned.astype(int) - page()).mean() < 5
    assert read_header(data, "a.png").orientation == orientation


@pytest.mark.filterwarnings("ignore")  # Pillow remarks on it
@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*\0\0\0\x08\xff", b"Exif\0\0nonsense", b"\0"])
def test_damaged_exif_counts_as_none(exif: bytes) -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        image = decode_gray(encode(GRAY.convert("RGB"), kind, exif=exif, quality=95), "a.png")
        assert np.abs(image.astype(int) - page()).mean() < 5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", r"a\.png is empty \(0 bytes\)"),
        (b"hello", "not an image that can be read"),
        (FILES["L"][:-30], "cannot be decoded"),
        (FILES["L"][:20], "cannot be decoded as PNG"),
        (FILES["L"][:29] + b"\0" + FILES["L"][30:], "cannot be decoded as PNG"),
        (FILES["L"][:50] + b"\0\0\0" + FILES["L"][53:], "cannot be decoded as PNG"),
        (with_text(b"x" * (5 << 20)), "cannot be decoded as PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage", "holds PostScript, not an"),
        (b"%PDF-1.4", "holds PDF, not an image"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "holds HEIC, not an image"),
        (encode(GRAY, "PPM"), "holds Netpbm"),
        (encode(GRAY, "PCX"), "is not an image that can be read; expected PNG, JPEG, GIF"),
        (encode(GRAY, "ICO"), "holds an icon"),
        (b"\n<svg xmlns='http://www.w3.org/2000/svg'/>", "holds SVG"),
        (encode(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF"), "no numbers"),
        (encode(Image.fromarray(np.full((4, 4), -5, np.int32)), "TIFF"), "pixels below 0"),
        (huge_gif(), "too large .4,225,000,000 pixels"),
        (huge_webp(), "too large .16384×16384 pixels"),
        (FILES["gif"][:-12], "cannot be decoded"),
        (encode(Image.new("1", (5_001, 5_000))), "too large .*at most 25,000,000 pixels"),
        (encode(Image.new("1", (20_000, 20_000))), "too large"),
    ],
    ids=str,
)
def test_damaged_files_are_named(data: bytes, said: str) -> None:
    with pytest.raises(CorruptInputError, match=said) as caught:
        decode_gray(data, "a.png")
    assert str(caught.value).startswith("a.png ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    with pytest.raises(CorruptInputError):
        decode_as_evaluator(data, "a.png")


@pytest.mark.filterwarnings("ignore")  # as a user's run has it
def test_large_image_is_refused_even_where_pillow_only_warns() -> None:
    with pytest.raises(CorruptInputError, match="20000×6000 pixels"):
        decode_gray(encode(Image.new("1", (20_000, 6_000))), "a.png")


@pytest.mark.filterwarnings("ignore")  # Pillow remarks on odd tags
def test_every_truncation_is_an_input_error() -> None:
    for kind in ("L", "gif", "CMYK tiff", "bmp", "webp", "16 bit png"):
        data = FILES[kind]
        for size in range(0, len(data), max(1, len(data) // 40)):
            try:
                decode_gray(data[:size], kind)
            except CorruptInputError:
                continue


def test_a_png_that_lacks_its_end_or_whose_checksum_is_wrong_is_damaged() -> None:
    """The evaluator's decoder refuses both; Pillow alone would read the pixels."""
    data = FILES["L"]
    damaged = [data[:-cut] for cut in range(1, 40)]
    idat = data.index(b"IDAT")
    damaged += [data[:k] + bytes([data[k] ^ 16]) + data[k + 1 :] for k in range(idat, len(data))]
    for copy in damaged:
        with pytest.raises(CorruptInputError, match="truncated|checksum|broken|cannot be decoded"):
            decode_gray(copy, "a.png")


def tiff(pixels: npt.NDArray[Any], photometric: int, *, planar: int = 1) -> bytes:
    """Write a TIFF of the kinds that neither Pillow nor OpenCV writes, little-endian."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    planes = np.split(pixels, channels, axis=2) if planar == 2 else [pixels]
    data = [plane.astype(plane.dtype.newbyteorder("<")).tobytes() for plane in planes]
    size, ends = len(data[0]), 8 + sum(map(len, data))
    long, short = ("I", 4), ("H", 3)
    tags = {
        256: (short, [width]),
        257: (short, [height]),
        258: (short, [8 * pixels.itemsize] * channels),
        259: (short, [1]),
        262: (short, [photometric]),
        273: (long, [8 + k * size for k in range(len(data))]),
        277: (short, [channels]),
        278: (short, [height]),
        279: (long, [size] * len(data)),
        284: (short, [planar]),
        339: (short, [3 if pixels.dtype.kind == "f" else 1] * channels),
    }
    place = ends + 2 + 12 * len(tags) + 4  # of values that do not fit into four bytes
    directory, further = struct.pack("<H", len(tags)), b""
    for tag, ((letter, kind), values) in tags.items():
        raw = struct.pack(f"<{len(values)}{letter}", *values)
        if len(raw) > 4:
            raw, further = struct.pack("<I", place + len(further)), further + raw
        directory += struct.pack("<HHI", tag, kind, len(values)) + raw.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", ends) + b"".join(data) + directory + bytes(4) + further


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_levels_of_ink_are_turned_into_levels_of_light(kind: Any) -> None:
    light = page().astype(np.float64) / 255
    scale = 1 if kind == np.float32 else 65_535
    as_light, as_ink = ((scale * part).astype(kind) for part in (light, 1 - light))
    expected = decode_gray(tiff(as_light, 1), "a")
    found = decode_gray(tiff(as_ink, 0), "a")
    np.testing.assert_allclose(found.astype(int), expected, atol=1)
    assert (found.max() > 200, found.min() < 100) == (True, True)


def test_deep_channels_one_after_the_other_are_refused_not_mixed_up() -> None:
    colours = np.dstack([page().astype(np.uint16) * factor for factor in (257, 200, 90)])
    together = decode_gray(tiff(colours, 2), "a")
    assert together.shape == page().shape
    with pytest.raises(CorruptInputError, match="in separate planes"):
        decode_gray(tiff(colours, 2, planar=2), "a")
