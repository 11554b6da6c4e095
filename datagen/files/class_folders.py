"""Class folders on disk: which file lies under which class, by name alone.

Enters: a folder that holds folders `i … x`, or `train/` and `val/` that do, and the rules by which
it is read. Every command that reads class folders does so through `class_files`; no file is opened.
"""

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import CLASSES, SPLITS, Numeral

IMAGE_SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
"""Endings of the names that the evaluator reads, whatever their case."""

_LITTER: Final = {"Thumbs.db", "desktop.ini"}  # written by file managers
_NUMERALS: Final[tuple[Numeral, ...]] = get_args(Numeral)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRules:
    """Which files in class folders count, and what is refused.

    Attributes:
        suffixes: endings of the names that count, in lower case; None: names of any ending.
        deep: files at any depth below a class folder count, not only those directly in it.
        strangers: what is refused: "none" nothing; "folders" folders beside the class folders;
            "all" whatever else lies beside the class folders or in them, and a class without a
            folder.
        hidden: beginnings of the names of folders that are never strangers.
        skip_hidden: files that are hidden, lie in a hidden folder, or are a file manager's do not
            count.
        existing: only files that are there count, so no link that leads nowhere.
    """

    suffixes: tuple[str, ...] | None
    deep: bool
    strangers: Literal["none", "folders", "all"]
    hidden: tuple[str, ...] = ()
    skip_hidden: bool = False
    existing: bool = True


EVALUATOR_RULES: Final = FolderRules(
    suffixes=IMAGE_SUFFIXES, deep=True, strangers="folders", hidden=(".",), existing=False
)
"""What the evaluator reads (`fixed_eval/data.py`): the same files, so the same fingerprint."""

DATASET_RULES: Final = FolderRules(suffixes=IMAGE_SUFFIXES, deep=False, strangers="all")
"""One split of a dataset as `datagen build` writes it: the ten class folders and only images."""

SOURCE_RULES: Final = FolderRules(
    suffixes=None, deep=True, strangers="folders", hidden=(".", "__"), skip_hidden=True
)
"""Images of the user's own: any file is taken for an image, and refused later if it is none."""

SAMPLE_RULES: Final = FolderRules(
    suffixes=(*IMAGE_SUFFIXES, ".tif", ".tiff", ".webp"),
    deep=False,
    strangers="none",
    hidden=(".",),
    skip_hidden=True,
)
"""Images to look at: whatever can be decoded, directly in a folder."""


def class_files(root: Path, rules: FolderRules) -> Iterator[tuple[Numeral, Path]]:
    """Yield class and path of every file that counts, in class order, then by path.

    Args:
        root: the folder of the class folders; one split of a dataset.
        rules: which files count, and what is refused.

    Raises:
        OSError: `root` cannot be listed; rules that refuse no strangers find nothing there.
        MissingInputError: a class has no folder, if the rules refuse that.
        CorruptInputError: there is something that the rules refuse.
    """
    _refuse_strangers(root, rules)
    for numeral in _NUMERALS:
        for path in files_in(root / numeral, rules):
            yield numeral, path


def files_in(folder: Path, rules: FolderRules) -> list[Path]:
    """Return the files in one folder that count, sorted by path; none where there is no folder.

    Raises:
        CorruptInputError: there is something else in it, if the rules refuse that.
    """
    found: list[str] = []
    others: list[str] = []
    for place, folders, names in os.walk(folder):
        if rules.skip_hidden:
            folders[:] = [name for name in folders if not name.startswith(rules.hidden)]
        paths = [os.path.join(place, name) for name in names if _counts(name, rules)]  # noqa: PTH118 - faster
        if rules.existing:
            paths = [path for path in paths if os.path.isfile(path)]  # noqa: PTH113 - faster
        found += paths
        if not rules.deep:
            others = sorted({*folders, *names} - set(map(os.path.basename, paths)))
            break
    if others and rules.strangers == "all":
        raise CorruptInputError(
            f"{folder / others[0]} is not an image file; expected {', '.join(rules.suffixes or ())}"
        )
    # by "/" on every system, so that an order that a build depends on is the same on all of them
    return [Path(path) for path in sorted(found, key=lambda path: path.replace(os.sep, "/"))]


def _counts(name: str, rules: FolderRules) -> bool:
    if rules.skip_hidden and (name in _LITTER or name.startswith(rules.hidden)):
        return False
    return rules.suffixes is None or name.lower().endswith(rules.suffixes)


def _refuse_strangers(root: Path, rules: FolderRules) -> None:
    """Refuse what lies beside the class folders and may not; see `class_files`."""
    if rules.strangers == "none":
        return
    with os.scandir(root) as entries:
        beside = sorted(
            entry.name
            for entry in entries
            if entry.name not in CLASSES and (rules.strangers == "all" or entry.is_dir())
        )
    unknown = [name for name in beside if not name.startswith(rules.hidden)]
    if unknown:
        near = difflib.get_close_matches(unknown[0].lower(), CLASSES, n=1, cutoff=0.0)[0]
        raise CorruptInputError(
            f"{root / unknown[0]} is not one of the class folders {' '.join(CLASSES)}; rename it "
            f"(nearest: {near!r}) or move it elsewhere"
        )
    for numeral in CLASSES if rules.strangers == "all" else ():
        if not (root / numeral).is_dir():
            raise MissingInputError(f"{root} has no folder {numeral}/; each class needs one")


def list_numerals(root: Path, *, partial: bool = False) -> dict[str, str]:
    """Return path below `root` → class, in the evaluator's class order, then by path.

    Where `root` has no class folders itself but `train/` or `val/` below it have, both are read
    as one collection; no other sibling is.

    Args:
        root: a folder of the user's own images.
        partial: some of the ten class folders may be missing or empty.

    Raises:
        MissingInputError: no class folders, or not all of them.
        CorruptInputError: a folder that is no class, or a file name that is no Unicode.
    """
    found: dict[str, list[str]] = {numeral: [] for numeral in CLASSES}
    for part in _parts(root):
        for numeral, path in class_files(part, SOURCE_RULES):
            name = path.relative_to(root)
            require_unicode(root, name)
            found[numeral].append(name.as_posix())
    missing = [numeral for numeral in CLASSES if not found[numeral]]
    if missing and (not partial or len(missing) == len(CLASSES)):
        raise MissingInputError(
            f"{root} has no images of class {', '.join(missing)}; expected all of "
            f"{' '.join(CLASSES)}; add them, or set the option partial to go without"
        )
    return {name: numeral for numeral in CLASSES for name in found[numeral]}


def _parts(root: Path) -> list[Path]:
    """Return the folders that hold class folders: `root`, or else its train and val."""
    if has_classes(root):
        return [root]
    parts = [root / split for split in SPLITS if has_classes(root / split)]
    if not parts:
        raise MissingInputError(
            f"{root} has none of the class folders {' '.join(CLASSES)}{_hint(root)}"
        )
    return parts


def has_classes(folder: Path) -> bool:
    """Return whether a folder holds a class folder."""
    return any((folder / numeral).is_dir() for numeral in CLASSES)


def require_unicode(root: Path, name: Path | None = None) -> None:
    """Refuse a path that no record can hold.

    Args:
        root: a folder.
        name: a file below it, if only that part of the path is recorded.

    Raises:
        CorruptInputError: the path is no Unicode.
    """
    try:
        str(name or root).encode()
    except UnicodeEncodeError as error:
        raise CorruptInputError(
            f"{str(root / (name or ''))!r} has a name that is no Unicode, which a manifest cannot "
            "hold; rename it"
        ) from error


def _hint(root: Path) -> str:
    below = [c.name for c in sorted(root.iterdir()) if c.is_dir() and (c / CLASSES[0]).is_dir()]
    if below:
        return f"; did you mean {' or '.join(below)} below it?"
    return "; put the images into such folders"
