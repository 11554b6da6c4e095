"""The file of an image as it was when the page was opened: a decision is about its content.

Enters: an image of the review. Leaves: the bytes of its file, whose hash is decided on.
"""

import hashlib
from pathlib import Path

from datagen.core.errors import CorruptInputError
from datagen.files.reading import IMAGE, read_bytes


def read_unchanged(root: Path, path: str, sha256: str) -> bytes:
    """Return what a file holds.

    Args:
        root: the folder.
        path: of the file below it.
        sha256: of what it held.

    Raises:
        MissingInputError: it is not there any more.
        CorruptInputError: it cannot be read, or holds something else now.
    """
    data = read_bytes(root / path, IMAGE)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CorruptInputError(
            f"{root / path} has changed since the page was opened; start `datagen review` again"
        )
    return data
