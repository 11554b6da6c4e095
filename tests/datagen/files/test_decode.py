"""One image file in every mode and format that people have."""

import io

import numpy as np
import pytest
from PIL import Image

from datagen.core.errors import CorruptInputError
from datagen.files.decode import decode_gray


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
    "32 bit tiff": encode(Image.fromarray(page().astype(np.int32) * 257), "TIFF"),
    "float tiff": encode(Image.fromarray(page().astype(np.float32) / 255), "TIFF"),
    "float 255 tiff": encode(Image.fromarray(page().astype(np.float32)), "TIFF"),
    "bmp": encode(GRAY, "BMP"),
    "pgm": encode(GRAY, "PPM"),
    "gif": encode(GRAY, "GIF"),
    "webp": encode(GRAY.convert("RGB"), "WEBP", lossless=True),
    "animated gif": encode(
        GRAY, "GIF", save_all=True, append_images=[Image.new("L", (30, 20), 0)], loop=0
    ),
}


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


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpeg_is_near_enough(mode: str) -> None:
    image = decode_gray(encode(GRAY.convert(mode), "JPEG", quality=95), "a.jpg")
    assert np.abs(image.astype(int) - page()).mean() < 5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation: int) -> None:
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
    np.testing.assert_array_equal(decode_gray(encode(stored, exif=exif), "a.png"), page())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", r"a\.png is empty \(0 bytes\)"),
        (b"hello", "not an image that can be read"),
        (FILES["L"][:-30], "cannot be decoded"),
        (FILES["L"][:20], "not an image|cannot be decoded"),
        (FILES["gif"][:-12], "cannot be decoded"),
        (encode(Image.new("1", (20_000, 6_000))), "too large .*at most 89,478,485 pixels"),
        (encode(Image.new("1", (20_000, 20_000))), "too large"),
    ],
    ids=["empty", "text", "cut", "header", "cut gif", "large", "huge"],
)
def test_damaged_files_are_named(data: bytes, said: str) -> None:
    with pytest.raises(CorruptInputError, match=said) as caught:
        decode_gray(data, "a.png")
    assert "a.png" in str(caught.value)


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
