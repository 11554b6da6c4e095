"""What lies in a folder, by names and kinds of files alone: nothing is opened.

Enters: a folder that holds class folders, or `train/` and `val/` that do, and perhaps `test/`.
Leaves: a `FolderLayout`.
It takes the same files for images of a class as `class_folders.class_files`, and lists the rest.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from datagen.core.errors import MissingInputError
from datagen.core.numerals import CLASSES, SPLITS, Numeral
from datagen.datasets.format import TEST
from datagen.files.class_folders import (
    IMAGE_SUFFIXES,
    SAMPLE_RULES,
    class_meant_by,
    has_classes,
)
from datagen.files.leftovers import require_folder
from datagen.files.litter import is_litter
from datagen.files.reading import what_is

DECODABLE: Final = SAMPLE_RULES.suffixes or ()
"""Endings of the names of images in general."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a class.

    Attributes:
        part: "train", "val" or "test"; "" where the class folders lie in the folder itself.
        numeral: the class of its folder, or the one that its folder's name surely means.
        name: its path below the folder, with `/`.
    """

    part: str
    numeral: Numeral
    name: str


@dataclass(slots=True)
class FolderLayout:
    """What lies in a folder; all paths below it, with `/`.

    Attributes:
        root: the folder.
        parts: where class folders lie: ("train", "val"), one of them, or ("",). "test" follows
            where it holds class folders beside them.
        folders: part and class → the folders of it, the misspelt ones too.
        images: what the evaluator takes for images, and such files in misspelt folders.
        others: files in class folders that it passes over.
        outside: images that lie in no class folder.
        misspelt: folder → the class that it surely means.
        unknown: folders that are no class.
        litter: files and folders that every command passes over.
        links: link → where it leads; None: nowhere.
        special: path → what it is instead of a file.
    """

    root: Path
    parts: tuple[str, ...]
    folders: dict[tuple[str, Numeral], list[str]] = field(default_factory=dict)
    images: list[Listed] = field(default_factory=list)
    others: list[Listed] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    misspelt: dict[str, Numeral] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)
    links: dict[str, str | None] = field(default_factory=dict)
    special: dict[str, str] = field(default_factory=dict)

    @property
    def role(self) -> Literal["dataset", "images"]:
        """What it may serve as: a dataset with both sides, or images of one's own or to test on."""
        return "dataset" if {*SPLITS} <= {*self.parts} else "images"

    def below(self, path: str) -> str:
        """Return a path as names below the folder."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def look(root: Path) -> FolderLayout:
    """List what lies in a folder.

    Raises:
        MissingInputError: there is no such folder, or no class folders in it.
    """
    require_folder(root, f"the class folders {' '.join(CLASSES)}, or train/ and val/ with them")
    layout = FolderLayout(root, _parts(root))
    if layout.parts != ("",):
        for entry in _entries(root):
            name = layout.below(entry.path)
            if is_litter(entry.name, folder=entry.is_dir()):
                layout.litter.append(name)
            elif not entry.is_dir() and entry.name.lower().endswith(DECODABLE):
                layout.outside.append(name)
    for part in layout.parts:
        _look_at_part(layout, part)
    layout.images.sort(key=lambda listed: (listed.part, CLASSES.index(listed.numeral), listed.name))
    return layout


def _parts(root: Path) -> tuple[str, ...]:
    if has_classes(root):
        return ("",)
    parts = tuple(split for split in SPLITS if _may_hold_classes(root / split))
    if parts:
        return (*parts, TEST) if _may_hold_classes(root / TEST) else parts
    if _may_hold_classes(root):
        return ("",)
    near = [c.name for c in sorted(root.iterdir()) if c.is_dir() and _may_hold_classes(c)]
    hint = f"; did you mean {' or '.join(near[:3])} below it?" if near else ""
    raise MissingInputError(f"{root} has none of the class folders {' '.join(CLASSES)}{hint}")


def _may_hold_classes(folder: Path) -> bool:
    return folder.is_dir() and any(
        entry.name in CLASSES or class_meant_by(Path(entry.path))
        for entry in _entries(folder)
        if entry.is_dir() and not is_litter(entry.name, folder=True)
    )


def _look_at_part(layout: FolderLayout, part: str) -> None:
    for entry in _entries(layout.root / part):
        name = layout.below(entry.path)
        if is_litter(entry.name, folder=entry.is_dir()):
            layout.litter.append(name)
        elif not entry.is_dir():
            if entry.name.lower().endswith(DECODABLE):
                layout.outside.append(name)
        else:
            numeral = _class_of(layout, entry)
            if numeral is not None:
                layout.folders.setdefault((part, numeral), []).append(name)
                for path, mode in _files_below(layout, Path(entry.path)):
                    _sort_in(layout, part, numeral, path, mode)


def _class_of(layout: FolderLayout, entry: "os.DirEntry[str]") -> Numeral | None:
    """Return the class of a folder beside the class folders, or note that it is none."""
    for numeral in CLASSES:
        if entry.name == numeral:
            return numeral
    meant = class_meant_by(Path(entry.path))
    name = layout.below(entry.path)
    if meant is None:
        layout.unknown.append(name)
    else:
        layout.misspelt[name] = meant
    return meant


def _files_below(layout: FolderLayout, folder: Path) -> Iterator[tuple[str, int]]:
    """Yield path and mode of every file in a class folder that is no litter."""

    def note(error: OSError) -> None:
        layout.special[layout.below(str(error.filename))] = "a folder that cannot be listed"

    for place, folders, names in os.walk(folder, onerror=note):
        for name in sorted(folders):
            path = os.path.join(place, name)  # noqa: PTH118 - faster, here and below
            if is_litter(name, folder=True):
                layout.litter.append(layout.below(path))
                folders.remove(name)
            elif os.path.islink(path):  # noqa: PTH114
                layout.links[layout.below(path)] = f"the folder {os.readlink(path)}"  # noqa: PTH115
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118
            if is_litter(name, folder=False):
                layout.litter.append(layout.below(path))
            else:
                yield path, os.lstat(path).st_mode


def _sort_in(layout: FolderLayout, part: str, numeral: Numeral, path: str, mode: int) -> None:
    name = layout.below(path)
    if stat.S_ISLNK(mode):
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except OSError:
            layout.links[name] = None
            return
        layout.links[name] = os.readlink(path)  # noqa: PTH115
    special = what_is(mode)
    if special is not None:
        layout.special[name] = special
    elif name.lower().endswith(IMAGE_SUFFIXES):
        layout.images.append(Listed(part, numeral, name))
    else:
        layout.others.append(Listed(part, numeral, name))


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)
