"""The pictures of the page: made when first asked for, kept while there is room.

Enters: an image of the folder and how it is to be shown. Leaves: PNG.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from datagen.reviews.page.unchanged import read_unchanged
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
        self.root = root
        self._small = lru_cache(_THUMBS)(self._make)
        self._large = lru_cache(64)(self._make)

    def png(self, path: str, sha256: str, kind: Kind) -> bytes:
        """Return one picture: of the content with this hash, and of no other.

        Raises:
            MissingInputError, CorruptInputError: see `read_unchanged`; or it is no image.
        """
        return (self._large if kind == "large" else self._small)(path, sha256, kind)

    def _make(self, path: str, sha256: str, kind: Kind) -> bytes:
        data, name = read_unchanged(self.root, path, sha256), str(self.root / path)
        if kind == "network":
            return network_picture(data, name)
        return picture(data, name, SIZES[kind])
