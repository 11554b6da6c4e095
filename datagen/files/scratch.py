"""Folders for what lasts no longer than a piece of work, below TMPDIR."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from datagen.files.atomic import naming
from datagen.files.leftovers import PARTIAL, clear, temporary


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Yield a new folder that nobody else may read; it goes away with the block.

    Unlike `tempfile.TemporaryDirectory` the next one of that name removes those of killed runs.

    Args:
        name: what it begins with, such as `datagen-arrays`.

    Raises:
        OSError: it cannot be made; where the disk is full, the error names it.
    """
    target = Path(gettempdir()).resolve() / name
    clear(target, PARTIAL)
    with (
        temporary(target, PARTIAL, lambda folder: folder.mkdir(mode=0o700)) as folder,
        naming(folder),
    ):
        yield folder
