"""From an image file's bytes to what the network is given: decoded, and resized to its input.

This is what Keras' `image_dataset_from_directory` does, `decode_image(channels=3,
expand_animations=False)` then `resize(bilinear)`, so an image means here what it meant there:
16-bit PNGs keep their high byte, palettes are expanded, an alpha channel is dropped, CMYK JPEGs are
converted, and an animated GIF gives its first frame. No image of more than `MAX_PIXELS` is decoded.

What is promised: plain PNG files (see `fixed_eval.png`) give the same bits on any machine and for
ever, as resizing does; no TensorFlow is needed. All other files are decoded by the installed
TensorFlow, which is imported at the first of them: the same bits only with the same version of it.
(Of a JPEG, another version may well give other pixels.)
"""

import hashlib
import re
import threading
from typing import Any, Final

import numpy as np

from fixed_eval.image_size import pixel_count
from fixed_eval.png import decode_png
from fixed_eval.resize import resize
from fixed_eval.runtime import running_tensorflow

# What the published script could decode; today's TensorFlow reads more.
MAGIC: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")
MAX_PIXELS: Final = 25_000_000  # of an image: 75 MB once decoded
BIG: Final = 2_000_000  # pixels; of larger images one at a time is decoded

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Image = np.ndarray[Any, np.dtype[np.float32]]


class Decoder:
    """A function from a file's bytes to its network-sized image, for several threads at once."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._alone = threading.Lock()

    def __call__(self, data: bytes) -> tuple[Image, str]:
        """The image, float32 size×size×3 in 0..255, and the hash of its shape and uint8 pixels.

        Raises:
            ValueError: With the reason in one line, where TensorFlow cannot decode `data`, or its
                header asks for more than `MAX_PIXELS`.
        """
        if not data:
            raise ValueError("the file is empty (0 bytes)")
        if not data.startswith(MAGIC):
            raise ValueError("not a PNG, JPEG, GIF or BMP image, whatever its name says")
        pixels = pixel_count(data) or 0
        if pixels > MAX_PIXELS:
            raise ValueError(
                f"{pixels:,} pixels, more than the {MAX_PIXELS:,} allowed; scale it down"
            )
        if pixels > BIG:
            with self._alone:
                return self._read(data)
        return self._read(data)

    def _read(self, data: bytes) -> tuple[Image, str]:
        pixels = decode_png(data)
        if pixels is None:
            pixels = _decode_with_tensorflow(data)
        digest = hashlib.sha256(repr(pixels.shape).encode())
        digest.update(pixels.data)
        return resize(pixels, self._size), digest.hexdigest()


def _decode_with_tensorflow(data: bytes) -> Pixels:
    """uint8 H×W×3 of any image that TensorFlow reads.

    Raises:
        ValueError: With TensorFlow's reason, where it cannot decode `data`.
    """
    tf = running_tensorflow()
    try:
        with tf.device("CPU:0"):
            image = tf.image.decode_image(data, channels=3, expand_animations=False)
    except tf.errors.InvalidArgumentError as error:
        raise ValueError(_reason(str(error.message))) from None
    pixels: Pixels = image.numpy()
    return pixels


def _reason(message: str) -> str:
    """What TensorFlow says of an image it cannot decode, without the names of its operations."""
    return re.sub(r"\{\{.*?\}\}|\[Op:.*?\]", "", message).strip().splitlines()[0]
