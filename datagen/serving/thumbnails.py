"""Images of a folder as a browser is sent them: PNG, as small as they are needed.

Enters: an image file. Leaves: PNG, decoded by the one rule of `files.decode`.
"""

from pathlib import Path

import cv2
import numpy as np

from datagen.core.evaluator_resize import evaluator_view
from datagen.files.decode import Pixels, decode_colour, decode_gray
from datagen.files.encode import encode_png
from datagen.files.reading import IMAGE, read_bytes


def picture(file: Path, most: int) -> bytes:
    """Return an image in its colours, its longer side at most `most` pixels.

    Raises:
        MissingInputError, CorruptInputError: it is not there, or no image.
    """
    return encode_png(shrunk(decode_colour(read_bytes(file, IMAGE), str(file)), most))


def network_picture(file: Path) -> bytes:
    """Return an image as the evaluator's network sees it, 32×32.

    Raises:
        MissingInputError, CorruptInputError: it is not there, or no image.
    """
    return encode_png(evaluator_view(decode_gray(read_bytes(file, IMAGE), str(file))))


def shrunk(pixels: Pixels, most: int) -> Pixels:
    """Return pixels with the longer side at most `most`; smaller ones as they are."""
    height, width = pixels.shape[:2]
    scale = most / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
