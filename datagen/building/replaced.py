"""What replacing a dataset would remove that `datagen` has not written: files of a person."""

import os
from pathlib import Path

from datagen.core.errors import InputError, UsageError
from datagen.core.numerals import PARTS
from datagen.datasets.format import INFO, MANIFEST, RECIPE, read_manifest
from datagen.files.litter import is_litter
from datagen.files.paths import from_here


def refuse_added_files(root: Path) -> None:
    """Refuse to replace a dataset that holds files of a person: they would be gone.

    Where its manifest cannot be read, whatever lies in `train/`, `val/` and `test/` counts as the
    dataset's own.

    Args:
        root: a folder that a build may replace.

    Raises:
        UsageError: it holds a file that is no part of the dataset.
    """
    try:
        own = {entry.path for entry in read_manifest(root)}
    except InputError:
        own = None
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_litter(name, folder=True))
        for name in sorted(files):
            path = Path(place, name)
            if not is_litter(name, folder=False) and not _is_own(path.relative_to(root), own):
                raise UsageError(
                    f"{from_here(root)} holds {path.relative_to(root).as_posix()}, which is not "
                    "part of the dataset; --overwrite would remove it: move it away, or choose "
                    "another --out"
                )


def _is_own(path: Path, images: set[str] | None) -> bool:
    """Return whether `path`, below the dataset's folder, is a file that a build writes."""
    if path.as_posix() in (INFO, MANIFEST, RECIPE):
        return True
    if images is None:
        return path.parts[0] in PARTS
    return path.as_posix() in images
