"""A dataset in the competition's submission layout."""

import zipfile
from pathlib import Path
from typing import Final

from datagen.core.errors import RuleError, UsageError
from datagen.datasets.class_counts import empty_classes
from datagen.datasets.format import image_files
from datagen.datasets.inspect import inspect
from datagen.files.atomic import file_target, staged_file
from datagen.files.paths import from_here, real_path
from datagen.files.reading import IMAGE, read_bytes

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # zip's earliest time: equal content, equal archive


def export_zip(root: Path, archive: Path, *, overwrite: bool = False) -> int:
    """Write `train/<class>/…` and `val/<class>/…` of a clean dataset into a zip file.

    Args:
        root: the dataset.
        archive: where to write; it appears whole or not at all.
        overwrite: replace an existing file.

    Returns:
        The number of images.

    Raises:
        UsageError: the archive exists or cannot be written.
        RuleError: the dataset breaks a rule, so the competition would refuse it.
        InputError: there is no dataset, or it cannot be read.
    """
    archive = archive.absolute()
    shown = from_here(archive)
    try:
        goes_to = file_target(archive)
    except OSError as error:
        raise UsageError(f"cannot write {shown}: {error.strerror}; choose another name") from error
    if goes_to.is_relative_to(real_path(root)):
        raise UsageError(f"{shown} lies in the dataset; choose another name")
    if not archive.name.lower().endswith(".zip"):
        raise UsageError(f"{shown} does not end in .zip, as what is written does; rename it")
    if not archive.parent.is_dir():
        raise UsageError(f"no folder {shown.parent} to write {archive.name} in; make it first")
    if archive.exists() and not overwrite:
        raise UsageError(f"{shown} exists; --overwrite replaces it, or choose another name")
    found = inspect(root)
    if not found.clean:
        raise RuleError(f"{root} is not fit to submit: {found.problems[0]}; see `datagen inspect`")
    try:
        with staged_file(archive) as staging, zipfile.ZipFile(staging, "w") as target:
            for _, _, path in image_files(root):
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EPOCH)
                entry.external_attr = 0o644 << 16
                target.writestr(entry, read_bytes(path, IMAGE))  # stored: PNG is compressed already
            for folder in empty_classes(found.counts):  # no file makes their folder
                target.writestr(zipfile.ZipInfo(f"{folder}/", _EPOCH), b"")
    except OSError as error:
        raise UsageError(f"cannot write {shown}: {error.strerror}; choose another place") from error
    return found.count.exact
