"""Class folders on disk: which file lies under which class, by name alone.

Enters: a folder that holds folders `i … x`, or `train/` and `val/` that do, and the rules by which
it is read. Every command that reads class folders does so through `class_files`; no file is opened,
and litter (`datagen.files.litter`) is passed over everywhere.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datagen.core.class_names import meant_class
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import CLASSES, PARTS, SPLITS, Numeral
from datagen.core.text import how_many
from datagen.files.leftovers import require_folder
from datagen.files.litter import is_litter, say_litter
from datagen.files.paths import require_unicode

IMAGE_SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
"""Endings of the names that the evaluator reads, whatever their case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRules:
    """Which files in class folders count, and what is refused.

    Attributes:
        suffixes: endings of the names that count, in lower case; None: names of any ending.
        strangers: whether folders that are no class may lie beside the class folders.
        existing: only files that are there count, so no link that leads nowhere.
    """

    suffixes: tuple[str, ...] | None
    strangers: bool = False
    existing: bool = False


EVALUATOR_RULES: Final = FolderRules(suffixes=IMAGE_SUFFIXES)
"""What the evaluator reads (`fixed_eval/data.py`): the same files, so the same fingerprint."""

SOURCE_RULES: Final = FolderRules(suffixes=None, existing=True)
"""Images of the user's own: any file is taken for an image, and refused later if it is none."""

SAMPLE_RULES: Final = FolderRules(
    suffixes=(*IMAGE_SUFFIXES, ".avif", ".tif", ".tiff", ".webp"), strangers=True, existing=True
)
"""Images to look at: whatever can be decoded."""


def class_files(
    root: Path, rules: FolderRules, litter: list[Path] | None = None
) -> Iterator[tuple[Numeral, Path]]:
    """Yield class and path of every file that counts, at any depth, in class order, then by path.

    Args:
        root: the folder of the class folders; one split of a dataset.
        rules: which files count, and what is refused.
        litter: gets the files and folders that were passed over; None: a warning says how many.

    Raises:
        OSError: `root` cannot be listed; rules that refuse no strangers find nothing there.
        CorruptInputError: there is a folder that the rules refuse.
    """
    passed: list[Path] = []
    _look_beside(root, rules, passed)
    for numeral in CLASSES:
        for path in _files_below(root / numeral, rules, passed, deep=True):
            yield numeral, path
    if litter is None:
        say_litter(root, passed)
    else:
        litter += passed


def named_files(root: Path, rules: FolderRules) -> Iterator[tuple[str, Path]]:
    """Yield folder name and path of every file that counts, whatever the class folders are called.

    Raises:
        OSError: `root` cannot be listed.
    """
    for entry in _listed(root):
        if entry.is_dir() and not is_litter(entry.name, folder=True):
            for path in _files_below(Path(entry), rules, [], deep=True):
                yield entry.name, path


def files_in(folder: Path, rules: FolderRules) -> list[Path]:
    """Return the files directly in one folder that count, by name; none if there is no folder."""
    return _files_below(folder, rules, [], deep=False)


def files_below(folder: Path, rules: FolderRules) -> list[Path]:
    """Return the files at any depth below a folder that count, by path."""
    return _files_below(folder, rules, [], deep=True)


def _files_below(folder: Path, rules: FolderRules, litter: list[Path], *, deep: bool) -> list[Path]:
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        for name in sorted(name for name in folders if is_litter(name, folder=True)):
            litter.append(Path(place, name))
            folders.remove(name)
        for name in names:
            if is_litter(name, folder=False):
                litter.append(Path(place, name))
            elif rules.suffixes is None or name.lower().endswith(rules.suffixes):
                found.append(os.path.join(place, name))  # noqa: PTH118 - faster
        if not deep:
            break
    if rules.existing:
        found = [path for path in found if os.path.isfile(path)]  # noqa: PTH113 - faster
    # by "/" on every system, so that an order that a build depends on is the same on all of them
    return [Path(path) for path in sorted(found, key=lambda path: path.replace(os.sep, "/"))]


def _look_beside(root: Path, rules: FolderRules, litter: list[Path]) -> None:
    """Refuse folders beside the class folders that may not be there, and note litter."""
    if rules.strangers and not root.is_dir():
        return
    beside = [entry for entry in _listed(root) if entry.name not in CLASSES]
    litter += [Path(e) for e in beside if is_litter(e.name, folder=e.is_dir())]
    unknown = [e.name for e in beside if e.is_dir() and not is_litter(e.name, folder=True)]
    if unknown and not rules.strangers:
        raise CorruptInputError(_strangers(root, unknown))


def _strangers(root: Path, unknown: Sequence[str]) -> str:
    """Return why folders may not be there, and what to do."""
    parts = [name for name in unknown if name in PARTS and has_classes(root / name)]
    if parts and not has_classes(root):
        return (
            f"{root} has no class folders itself, but {' and '.join(parts)} there; "
            f"give {' or '.join(str(root / name) for name in parts)}"
        )
    first, *others = unknown
    more = f", nor {how_many(len(others), 'more folder')} there" if others else ""
    return (
        f"{root / first} is not one of the class folders {' '.join(CLASSES)}{more}; "
        f"{advice(root / first)}"
    )


def _listed(root: Path) -> list["os.DirEntry[str]"]:
    with os.scandir(root) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def class_meant_by(folder: Path) -> Numeral | None:
    """Return the class that a folder beside the class folders surely stands for, or None."""
    if folder.name.isdecimal() and any(c.name.strip("0") == "" for c in _listed(folder.parent)):
        return None  # counted from 0: is 4 then iv or v?
    return meant_class(folder.name)


def advice(folder: Path) -> str:
    """Return what to do with a folder that is no class."""
    meant = class_meant_by(folder)
    if meant is None:
        return "move it elsewhere"
    there = folder.with_name(meant)
    if there.is_dir() and not there.samefile(folder):
        return f"move its images into {meant}/"
    return f"rename it to {meant}"


def list_numerals(root: Path, *, partial: bool = False, test: bool = False) -> dict[str, str]:
    """Return path below `root` → class, in the evaluator's class order, then by path.

    Where `root` has no class folders itself but `train/` or `val/` below it have, both are read
    as one collection; no other sibling is.

    Args:
        root: a folder of the user's own images.
        partial: some of the ten class folders may be missing or empty.
        test: read `test/` too where it stands beside them.

    Raises:
        MissingInputError: no folder, no class folders, or not all of them.
        CorruptInputError: a folder that is no class, or a file name that is no Unicode.
    """
    found: dict[str, list[str]] = {numeral: [] for numeral in CLASSES}
    require_folder(root, f"the class folders {' '.join(CLASSES)}, or train/ and val/ with them")
    for part in _parts(root, test=test):
        for numeral, path in class_files(part, SOURCE_RULES):
            name = path.relative_to(root)
            require_unicode(root, name)
            found[numeral].append(name.as_posix())
    missing = [numeral for numeral in CLASSES if not found[numeral]]
    if missing and (not partial or len(missing) == len(CLASSES)):
        raise MissingInputError(
            f"{root} has no images of class {', '.join(missing)}; expected all of "
            f"{' '.join(CLASSES)}; add them, or, where it is a source, go without "
            "(--option images.partial=true)"
        )
    return {name: numeral for numeral in CLASSES for name in found[numeral]}


def _parts(root: Path, *, test: bool) -> list[Path]:
    """Return the folders that hold class folders: `root`, or else its train and val."""
    if has_classes(root):
        return [root]
    parts = [root / split for split in SPLITS if has_classes(root / split)]
    if not parts:
        raise MissingInputError(
            f"{root} has none of the class folders {' '.join(CLASSES)}{_hint(root)}"
        )
    others = [root / part for part in PARTS if part not in SPLITS] if test else []
    return parts + [part for part in others if has_classes(part)]


def has_classes(folder: Path) -> bool:
    """Return whether a folder holds a class folder."""
    return any((folder / numeral).is_dir() for numeral in CLASSES)


def _hint(root: Path) -> str:
    folders = [c for c in sorted(root.iterdir()) if c.is_dir()]
    below = [c.name for c in folders if has_classes(c) and not is_litter(c.name, folder=True)]
    if below:
        return f"; did you mean {' or '.join(below)} below it?"
    misspelt = [(c.name, class_meant_by(c)) for c in folders if class_meant_by(c)]
    if misspelt:
        return f"; rename {misspelt[0][0]} to {misspelt[0][1]}, and the others likewise"
    return "; put the images into such folders"
