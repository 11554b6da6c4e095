"""Images of a folder as a browser is sent them: PNG, as small as they are needed.

Enters: what an image file holds. Leaves: PNG, decoded by the one rule of `files.decode`.
"""

from datagen.core.evaluator_resize import evaluator_view
from datagen.files.decode import decode_colour, decode_gray
from datagen.files.encode import encode_png
from datagen.images.shrinking import shrunk


def picture(data: bytes, name: str, most: int) -> bytes:
    """Return an image in its colours, its longer side at most `most` pixels.

    Args:
        data: what its file holds.
        name: of the file, for messages.
        most: see above.

    Raises:
        CorruptInputError: it is no image.
    """
    return encode_png(shrunk(decode_colour(data, name), most))


def network_picture(data: bytes, name: str) -> bytes:
    """Return an image as the evaluator's network sees it, 32×32; see `picture`."""
    return encode_png(evaluator_view(decode_gray(data, name)))
