"""What the evaluator makes of an image's file itself, where that is not what the page shows.

Enters: an image of the review. Leaves: a phrase. The page shows an image as `datagen build` stores
it: upright, on white. Of a folder that was not built, such as a test set, the evaluator reads the
files without their transparency and their orientation.
"""

from pathlib import Path

from datagen.core.errors import InputError
from datagen.datasets.traps import read_otherwise
from datagen.files.image_header import read_header
from datagen.reviews.page.unchanged import read_unchanged


def as_file(root: Path, path: str, sha256: str) -> str | None:
    """Return what a person has to know of a file; None where the evaluator sees what is shown.

    Args:
        root: the folder.
        path: of the file below it.
        sha256: of its content.
    """
    try:
        data = read_unchanged(root, path, sha256)
        traps = read_otherwise(data, root / path, read_header(data, path))
    except InputError:  # the page says that it cannot be shown
        return None
    return f"as `datagen build` stores it; the file itself {traps[0].detail}" if traps else None
