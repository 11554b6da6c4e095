"""Pixels become the bytes of an image file that means the same to everybody: PNG of 8 bits."""

import io

from datagen.files.decode import Pixels


def encode_png(pixels: Pixels) -> bytes:
    """Return a PNG file of gray or coloured pixels, `uint8 H×W` or `H×W×3`, red first."""
    from PIL import Image  # noqa: PLC0415 - 40 ms at import

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
