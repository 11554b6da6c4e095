"""The images of a dataset or test set by content: which bytes lie under which split and class.

Enters: folders of class folders, as the evaluator reads them. Leaves: their `Content`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datagen.core.errors import InputError, MissingInputError
from datagen.core.numerals import CLASSES, SPLITS
from datagen.datasets.format import fingerprint
from datagen.files.class_folders import (
    EVALUATOR_RULES,
    class_files,
    has_classes,
    named_files,
)
from datagen.files.leftovers import is_folder, require_folder
from datagen.files.paths import require_unicode
from datagen.files.reading import IMAGE, read_bytes


@dataclass(frozen=True, slots=True)
class Content:
    """The images of a dataset or test set, by content.

    Attributes:
        fingerprint: as the evaluator computes it.
        files: a file of each SHA-256.
        rows: split, class and SHA-256 of every file.
        paths: SHA-256 of every file by its path below the folder.
    """

    fingerprint: str
    files: dict[str, Path]
    rows: tuple[tuple[str, str, str], ...] = ()
    paths: dict[str, str] = field(default_factory=dict)


def dataset_content(root: Path, *, roman: bool = True) -> Content | None:
    """Hash a dataset's images; None where the evaluator will refuse it.

    Args:
        root: the dataset.
        roman: its classes must be ours; if not, any folder is a class.

    Raises:
        CorruptInputError: a file's name is no Unicode.
    """
    is_folder(root)  # puts back one that a killed run moved aside
    return _or_none(root, {split: root / split for split in SPLITS}, roman=roman)


def test_content(root: Path, *, roman: bool) -> Content | None:
    """Hash a test set's images; see `dataset_content`."""
    return _or_none(root, {"test": root}, roman=roman)


def _or_none(root: Path, folders: Mapping[str, Path], *, roman: bool) -> Content | None:
    try:
        found = _content(root, folders, roman=roman)
    except (InputError, OSError):
        return None  # the evaluator says it better, and with the right exit code
    for name in found.paths:  # a score could not hold it, which the evaluator notices at the end
        require_unicode(root, Path(name))
    return found


def known_content(root: Path) -> Content:
    """Hash the images of a dataset, or of a folder of class folders that stands for one.

    Raises:
        MissingInputError: there are no class folders, or no images in them.
        CorruptInputError: there is a folder that is no class, or a file cannot be read.
    """
    is_folder(root)
    if has_classes(root):
        return _required(root, {"train": root})
    return _required(root, {split: root / split for split in SPLITS if (root / split).is_dir()})


def required_test_content(root: Path) -> Content:
    """Hash the images of a test set.

    Raises:
        MissingInputError: there are no class folders, or no images in them.
        CorruptInputError: there is a folder that is no class, or a file cannot be read.
    """
    return _required(root, {"test": root})


def _required(root: Path, folders: Mapping[str, Path]) -> Content:
    require_folder(root, f"the class folders {' '.join(CLASSES)} with images")
    found = _content(root, folders)
    if not found.files:
        raise MissingInputError(
            f"{root} has no images in class folders; expected some of {' '.join(CLASSES)}"
        )
    return found


def _content(root: Path, folders: Mapping[str, Path], *, roman: bool = True) -> Content:
    walk = class_files if roman else named_files
    rows: list[tuple[str, str, str]] = []
    files: dict[str, Path] = {}
    paths: dict[str, str] = {}
    for split, folder in folders.items():
        for numeral, path in walk(folder, EVALUATOR_RULES):
            digest = hashlib.sha256(read_bytes(path, IMAGE)).hexdigest()
            rows.append((split, numeral, digest))
            files[digest] = path
            paths[path.relative_to(root).as_posix()] = digest
    return Content(fingerprint(rows), files, tuple(rows), paths)
