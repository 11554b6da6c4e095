"""The pictures of the page: made when first asked for, kept while there is room.

Enters: an image of the folder and how it is to be shown. Leaves: PNG.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from datagen.serving.thumbnails import network_picture, picture

Kind = Literal["thumb", "large", "network"]

SIZES: Final = {"thumb": 160, "large": 1000}
"""The longer side, in pixels, at most. `network` is what the evaluator's network sees: 32×32."""

_THUMBS: Final = 12_000  # kept, each of a few kB


class Pictures:
    """The pictures of one folder; safe to be shared by threads.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._small = lru_cache(_THUMBS)(self._make)
        self._large = lru_cache(64)(self._make)

    def png(self, path: str, kind: Kind) -> bytes:
        """Return one picture.

        Raises:
            MissingInputError, CorruptInputError: the file is not there any more, or no image.
        """
        return (self._large if kind == "large" else self._small)(path, kind)

    def _make(self, path: str, kind: Kind) -> bytes:
        file = self._root / path
        return network_picture(file) if kind == "network" else picture(file, SIZES[kind])
