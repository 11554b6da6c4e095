"""Class folders on disk: which file lies under which class, by name alone.

Enters: a folder that holds folders `i … x`, or `train/` and `val/` that do. No file is opened.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import CLASSES, SPLITS

_LITTER: Final = {"Thumbs.db", "desktop.ini"}  # of file managers; hidden files are passed over too


def list_numerals(root: Path, *, partial: bool = False) -> dict[str, str]:
    """Return path below `root` → class, in the evaluator's class order, then by path.

    Where `root` has no class folders itself but `train/` or `val/` below it have, both are read
    as one collection; no other sibling is.

    Args:
        root: a folder.
        partial: some of the ten class folders may be missing or empty.

    Raises:
        MissingInputError: no class folders, or not all of them.
        CorruptInputError: a folder that is no class, or a file name that is no Unicode.
    """
    found: dict[str, list[str]] = {numeral: [] for numeral in CLASSES}
    for part in _parts(root):
        for numeral in CLASSES:
            found[numeral] += _files(root, part / numeral)
    missing = [numeral for numeral in CLASSES if not found[numeral]]
    if missing and (not partial or len(missing) == len(CLASSES)):
        raise MissingInputError(
            f"{root} has no images of class {', '.join(missing)}; expected all of "
            f"{' '.join(CLASSES)}; add them, or set the option partial to go without"
        )
    return {name: numeral for numeral in CLASSES for name in found[numeral]}


def _parts(root: Path) -> Iterator[Path]:
    """Yield the folders that hold class folders: `root`, or else its train and val."""
    folders = _folders(root)
    if folders & set(CLASSES):
        _refuse_strangers(root, folders)
        yield root
        return
    splits = [root / split for split in SPLITS if split in folders]
    parts = [split for split in splits if _folders(split) & set(CLASSES)]
    if not parts:
        raise MissingInputError(
            f"{root} has none of the class folders {' '.join(CLASSES)}{_hint(root)}"
        )
    for part in parts:
        _refuse_strangers(part, _folders(part))
        yield part


def _folders(root: Path) -> set[str]:
    return {child.name for child in root.iterdir() if child.is_dir() and not _hidden(child)}


def _refuse_strangers(root: Path, folders: set[str]) -> None:
    for unknown in sorted(folders - set(CLASSES)):
        near = difflib.get_close_matches(unknown.lower(), CLASSES, n=1, cutoff=0.0)[0]
        raise CorruptInputError(
            f"{root / unknown} is not one of the class folders {' '.join(CLASSES)}; rename it "
            f"(nearest: {near!r}) or move it elsewhere"
        )


def _files(root: Path, folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    names = [file.relative_to(root) for file in files if file.name not in _LITTER]
    for name in names:
        require_unicode(root, name)
    return sorted(name.as_posix() for name in names if not any(map(_hidden, map(Path, name.parts))))


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


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "__"))


def _hint(root: Path) -> str:
    below = [c.name for c in sorted(root.iterdir()) if c.is_dir() and (c / CLASSES[0]).is_dir()]
    if below:
        return f"; did you mean {' or '.join(below)} below it?"
    return "; put the images into such folders"
