"""Images of a folder as a browser is sent them: PNG, as small as they are needed.

Enters: an image file. Leaves: PNG, decoded by the one rule of `files.decode`.
"""

from pathlib import Path

from datagen.core.evaluator_resize import evaluator_view
from datagen.files.decode import read_colour, read_gray
from datagen.files.encode import encode_png
from datagen.images.shrinking import shrunk


def picture(file: Path, most: int) -> bytes:
    """Return an image in its colours, its longer side at most `most` pixels.

    Raises:
        MissingInputError, CorruptInputError: it is not there, or no image.
    """
    return encode_png(shrunk(read_colour(file), most))


def network_picture(file: Path) -> bytes:
    """Return an image as the evaluator's network sees it, 32×32.

    Raises:
        MissingInputError, CorruptInputError: it is not there, or no image.
    """
    return encode_png(evaluator_view(read_gray(file)))
