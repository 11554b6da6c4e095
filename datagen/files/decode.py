"""The one rule by which an image file becomes pixels: for every source, command and sheet.

Enters: the bytes of a file. Leaves: `uint8`, black 0, white 255, or `CorruptInputError`.

- A file is what its bytes say, not its name: PNG, JPEG, GIF, BMP, WebP, AVIF, TIFF; nothing else is
  tried. Its size is checked before a pixel is decoded (`image_header.PIXEL_LIMIT`).
- It is turned upright as EXIF says. Damaged EXIF counts as none.
- Transparent pixels lie over white paper, whatever colour they have underneath.
- Palettes and 1-bit pixels are expanded; CMYK becomes RGB; RGB becomes gray by 0.299 R + 0.587 G +
  0.114 B.
- More than 8 bits become 8 by the depth that the values use; see `depth`.
- Of an animation, or of a file with several pages, the first picture counts.
- Colour profiles (ICC) and gamma are not applied: pixels count as they are stored.
- Ink is not made dark: `images.polarity` tells light ink on dark paper.

The published protocol decodes as Keras does: EXIF and transparency are ignored, of 16 bits the
upper 8 count, and no WebP, AVIF or TIFF is read. `decode_as_evaluator` gives what its network sees;
`datasets.traps` finds the files for which the two differ, `datagen export --flatten` corrects them.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError
from datagen.files.depth import to_eight_bits
from datagen.files.image_header import (
    TRANSPARENT,
    has_white_at_zero,
    is_deep,
    is_planar,
    opened,
    orientation,
    sniff,
)
from datagen.files.reading import IMAGE, read_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = npt.NDArray[np.uint8]
"""`uint8 H×W`, or `H×W×3`, red first."""

Paper = Literal["white", "black"]
Prepare = Callable[["Image"], "Image"]

DECODER: Final = 2
"""Number of the rule: raised whenever it changes, so that hashes of another rule are not used."""
EVALUATOR_FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP")
"""What the published protocol decodes; see `fixed_eval/data.py`."""

_BIG: Final = 2_000_000  # pixels; of larger images one at a time is decoded, as the evaluator does
_one_big = threading.Lock()
_log_level = threading.Lock()
_STRIP: Final = 1 << 20  # pixels converted at once: a photo takes little more than its own memory
_BMP_BITS: Final = (8, 24, 32)  # a pixel, in the BMP files that the evaluator's decoder knows


def decode_gray(data: bytes, name: str, *, paper: Paper = "white") -> GrayImage:
    """Decode an image file to gray, by the rule above.

    Args:
        data: the whole file.
        name: what messages call it.
        paper: what transparent pixels lie over; black shows white ink that has no paper.

    Raises:
        CorruptInputError: empty, of no format that is read, damaged, or too large.
    """
    return _decode(data, name, "L", paper)


def read_gray(file: Path) -> GrayImage:
    """Read an image file as gray, by the rule above; messages call it by its path.

    Raises:
        MissingInputError: there is no such file.
        CorruptInputError: it is no image file that can be read.
    """
    return decode_gray(read_bytes(file, IMAGE), str(file))


def read_colour(file: Path) -> Pixels:
    """Read an image file and keep its colours; errors as of `read_gray`."""
    return decode_colour(read_bytes(file, IMAGE), str(file))


def decode_colour(data: bytes, name: str, *, paper: Paper = "white") -> Pixels:
    """Decode an image file by the rule above, and keep its colours.

    Args:
        data: the whole file.
        name: what messages call it.
        paper: see `decode_gray`.

    Returns:
        `uint8 H×W×3`, red first; `H×W` where every pixel is gray.

    Raises:
        CorruptInputError: see `decode_gray`.
    """
    pixels = _decode(data, name, "RGB", paper)
    return pixels[..., 0].copy() if _is_gray(pixels) else pixels


def decode_as_evaluator(data: bytes, name: str) -> Pixels:
    """Decode an image file as the published protocol does, to what its network sees.

    Equal to TensorFlow's decoder, but for JPEG: that rounds otherwise, by up to 16 at a hard edge.

    Args:
        data: the whole file.
        name: what messages call it.

    Returns:
        `uint8 H×W×3`, red first.

    Raises:
        CorruptInputError: see `decode_gray`; also for what only the evaluator cannot read.
    """
    refuse_unlike_evaluator(data, name)
    with opened(data, name) as image, _in_turn(image):
        tiles = getattr(image, "tile", None) if image.format == "GIF" else None
        frame = tiles[0][1] if tiles else None
        image.load()
        image.info.pop("transparency", None)
        if frame is not None:  # it takes the first frame alone, whatever canvas that lies on
            image = image.crop(frame)  # noqa: PLW2901
        if image.mode.startswith("I"):
            high = (np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)
            return np.repeat(high[..., None], 3, axis=2)
        return _in_strips(image, "RGB", lambda part: part)


def refuse_unlike_evaluator(data: bytes, name: str) -> None:
    """Refuse a file of a format that the published protocol cannot decode.

    Raises:
        CorruptInputError: it is a WebP, AVIF or TIFF, or a BMP of an unusual kind.
    """
    kind = sniff(data)
    if kind is not None and kind not in EVALUATOR_FORMATS:
        raise CorruptInputError(
            f"{name} is {kind} inside, which the evaluator cannot read, expected "
            f"{', '.join(EVALUATOR_FORMATS)}; `datagen export --flatten` writes it as PNG"
        )
    bits = int.from_bytes(data[28:30], "little")
    if kind == "BMP" and bits not in _BMP_BITS:
        raise CorruptInputError(
            f"{name} is a BMP of {bits} bits a pixel, which the evaluator cannot read, expected 8, "
            "24 or 32; `datagen export --flatten` writes it as PNG"
        )


def _decode(data: bytes, name: str, mode: Literal["L", "RGB"], paper: Paper) -> Pixels:
    over = partial(_over, paper=paper)
    with opened(data, name) as image, _in_turn(image):
        image.load()
        turn = orientation(image)  # only now: what a TIFF says is done by loading it
        if image.mode.startswith("I") or image.mode == "F":
            pixels = _expanded(_gray_of_deep(image, paper), mode)
        elif is_deep(image, data):
            pixels = _of_deep_colour(data, image, mode, over)
        else:
            pixels = _in_strips(image, mode, over)
    return _upright(pixels, turn)


def _in_turn(image: "Image") -> AbstractContextManager[object]:
    return _one_big if image.width * image.height > _BIG else nullcontext()


def _gray_of_deep(image: "Image", paper: Paper) -> GrayImage:
    """Return one channel of more than 8 bits as 8; a transparent value is as the paper."""
    stored = np.asarray(image)
    pixels = to_eight_bits(stored)
    if has_white_at_zero(image):  # Pillow turns only levels of 8 bits
        pixels = np.asarray(255 - pixels, np.uint8)
    clear = image.info.get("transparency")
    if clear is None:
        return pixels
    return np.where(stored == clear, 255 if paper == "white" else 0, pixels).astype(np.uint8)


def _of_deep_colour(
    data: bytes, image: "Image", mode: Literal["L", "RGB"], over: Prepare
) -> Pixels:
    """Return a file of several deep channels, of which Pillow keeps only the upper 8 bits.

    Raises:
        ValueError: OpenCV, which keeps all bits, cannot read it, or not rightly.
    """
    if is_planar(image):  # OpenCV mixes the planes up
        raise ValueError(f"{image.mode} of more than 8 bits a channel, in separate planes")
    import cv2  # noqa: PLC0415 - 0.1 s, for a rare kind of file

    with _log_level:  # of the whole process, and images are decoded in threads
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # it remarks on odd tags
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        cv2.utils.logging.setLogLevel(level)
    if stored is None or stored.shape[:2] != (image.height, image.width):
        raise ValueError(f"{image.mode} of more than 8 bits a channel")
    if stored.ndim == 2:
        return _expanded(to_eight_bits(stored), mode)
    alpha = to_eight_bits(stored[..., 3]) if stored.shape[2] == 4 else None
    colours = stored[..., 2::-1]
    if alpha is not None:
        colours = np.where(alpha[..., None] > 0, colours, 0)  # what nobody sees tells no depth
    from PIL import Image as Factory  # noqa: PLC0415

    flat = Factory.fromarray(np.ascontiguousarray(to_eight_bits(colours)))
    if alpha is not None:
        flat.putalpha(Factory.fromarray(alpha))
    return _in_strips(flat, mode, over)


def _in_strips(image: "Image", mode: Literal["L", "RGB"], prepare: Prepare) -> Pixels:
    """Convert an image a few rows at a time, so that no second copy of it is ever whole."""
    width, height = image.size
    out = np.empty((height, width) if mode == "L" else (height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        end = min(height, top + rows)
        part = image if rows >= height else image.crop((0, top, width, end))
        out[top:end] = np.asarray(_eight_bits(prepare(part)).convert(mode))
    return out


def _over(image: "Image", paper: Paper) -> "Image":
    if image.mode not in TRANSPARENT and "transparency" not in image.info:
        return image
    from PIL import Image as Factory  # noqa: PLC0415

    above = image.convert("RGBA")
    return Factory.alpha_composite(Factory.new("RGBA", above.size, paper), above)


def _eight_bits(image: "Image") -> "Image":
    return image if image.mode in ("1", "L", "RGB") else image.convert("RGB")


def _expanded(pixels: GrayImage, mode: Literal["L", "RGB"]) -> Pixels:
    return pixels if mode == "L" else np.repeat(pixels[..., None], 3, axis=2)


def _is_gray(pixels: Pixels) -> bool:
    red, green, blue = (pixels[..., k] for k in range(3))
    return bool(np.array_equal(red, green) and np.array_equal(green, blue))


def _upright(pixels: Pixels, turn: int) -> Pixels:
    """Undo the turn that EXIF orientation `turn` names."""
    if turn >= 5:  # rows and columns are exchanged
        pixels = pixels.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
