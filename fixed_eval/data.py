"""A dataset directory becomes arrays, in the file order of the published script.

Only file names and bytes enter: no manifest is read or trusted. Only regular files are opened. What
an image means is said in `fixed_eval.decoding`.
"""

import dataclasses
import hashlib
import itertools
import os
import re
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from fixed_eval.errors import InputError, RuleError
from fixed_eval.protocols.base import Protocol, check_budget

# Keras' allow list; other files are not seen by the published script.
IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
MAX_BYTES = 64 * 2**20  # of an image's file
AT_ONCE = 64  # images that a thread takes: small ones cost less than handing them out
SMALL = 4096  # bytes of an average file: smaller ones are read faster by one thread
# Folders that systems and archivers leave behind, in small letters; no image in them is read, nor
# any hidden one: such as __MACOSX/._a.png, the metadata of a.png under the name of an image.
LITTER_FOLDERS = frozenset(
    {
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "@tmp",
        "__macosx",
        "__pycache__",
        "cvs",
        "lost+found",
        "recycler",
        "system volume information",
    }
)
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
NAMED_IN_MESSAGE = 5  # bad files that an error message lists by name


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """One image file of a split: its path, its path below the split's folder, and its label."""

    path: Path
    relative: str
    label: int


@dataclasses.dataclass(frozen=True)
class Split:
    """One split in memory, in the published file order.

    Attributes:
        name: `train`, `val` or `test`.
        files: The files, in the order of the arrays.
        images: N×side×side×3, RGB, 0..255, not yet preprocessed: float32 as resized, or uint8,
            rounded, as the protocol says.
        labels: int32 N, positions in the protocol's classes.
        file_sha256: Hex digest of each file's bytes.
        pixel_sha256: Hex digest of each image's shape and decoded RGB pixels.
    """

    name: str
    files: tuple[ImageFile, ...]
    images: np.ndarray[Any, Any]
    labels: np.ndarray[Any, np.dtype[np.int32]]
    file_sha256: tuple[str, ...]
    pixel_sha256: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.files)


def list_split(folder: Path, protocol: Protocol, shuffle_seed: int | None) -> list[ImageFile]:
    """The image files of one split, in the order the published script reads them.

    Classes come in the protocol's order, within a class the folders and the names below them in
    sorted order; then the whole list is shuffled once (`index_directory` of Keras 2 and 3).

    Args:
        folder: A folder of class folders. A class may be missing: the callers judge that.
        protocol: Names the classes.
        shuffle_seed: Seed of the one global shuffle; None keeps the sorted order (test sets).

    Raises:
        InputError: If `folder` is not a readable folder, or a pipe or device lies among the images.
        RuleError: If it holds a folder that is no class (hidden folders and those of
            `LITTER_FOLDERS` are passed over).
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder; expected one with the class folders "
            f"{' '.join(protocol.classes)} in it"
        )
    unknown = sorted(set(class_folders(folder)) - set(protocol.classes))
    if unknown:
        raise RuleError(
            f"{folder} holds the unknown class folder {', '.join(map(repr, unknown))}; "
            f"the classes are {' '.join(protocol.classes)}"
        )
    files = [
        ImageFile(path, path.relative_to(folder).as_posix(), label)
        for label, name in enumerate(protocol.classes)
        for path in image_files(folder / name)
    ]
    _refuse_special_files(files)
    if shuffle_seed is not None:
        # The legacy generator on purpose: its shuffle is frozen, and is the one Keras uses.
        np.random.RandomState(shuffle_seed).shuffle(files)  # type: ignore[arg-type]
    return files


def class_folders(folder: Path) -> list[str]:
    """Names of the folders in `folder`, but for hidden ones and litter."""
    return [
        entry.name for entry in folder.iterdir() if entry.is_dir() and not _is_litter(entry.name)
    ]


def find_classes(root: Path) -> tuple[str, ...]:
    """The classes of the dataset in `root`: the folders of its `train`, in their natural order.

    Roman numerals i … x come by value, other names by their parts: numbers by value, text by
    letters (`2` before `10`).

    Raises:
        InputError: If there is no `train` folder.
        RuleError: If it holds fewer than two classes.
    """
    _require_splits(root)
    names = class_folders(root / "train")
    if len(names) < 2:
        raise RuleError(
            f"{root / 'train'} holds {len(names)} class folder{'s' * (len(names) != 1)}; "
            "a classifier needs at least 2"
        )
    if set(names) <= set(ROMAN):
        return tuple(sorted(names, key=ROMAN.index))
    return tuple(sorted(names, key=_natural))


def _natural(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    keys = ((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
    return tuple(keys), name


def _is_litter(folder: str) -> bool:
    return folder.startswith(".") or folder.casefold() in LITTER_FOLDERS


def image_files(folder: Path) -> list[Path]:
    """Image files at any depth below `folder`, by folder and then by name, as Keras walks.

    Hidden files and litter are left out, which Keras would take for images.
    """
    found: list[tuple[str, list[str]]] = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_litter(name)]
        found.append((root, names))
    return [
        Path(root) / name
        for root, names in sorted(found, key=lambda entry: entry[0])
        for name in sorted(names)
        if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")
    ]


def _refuse_special_files(files: Sequence[ImageFile]) -> None:
    """Refuse what must not even be opened: that may wait for ever.

    Raises:
        InputError: If one of `files` is a named pipe, a socket or a device.
    """
    for file in files:
        try:
            kind = _special(file.path.stat().st_mode)
        except OSError:  # a link that leads nowhere: reading says so
            continue
        if kind:
            raise InputError(f"{file.path} is {kind}, not a regular file; remove it")


def _special(mode: int) -> str | None:
    """What a file is that is no regular one, by its mode."""
    if stat.S_ISREG(mode):
        return None
    return {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}.get(
        stat.S_IFMT(mode), "a device"
    )


def read_file(path: Path) -> bytes:
    """The bytes of an image file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is no regular file, or larger than `MAX_BYTES`.
    """
    # Without waiting: it may have become a named pipe since it was listed.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        kind = _special(status.st_mode)
        if kind:
            raise ValueError(f"{kind}, not a regular file")
        if status.st_size > MAX_BYTES:
            raise ValueError(f"{status.st_size:,} bytes, more than the {MAX_BYTES:,} allowed")
        return file.read(MAX_BYTES)


def list_dataset(
    root: Path, protocol: Protocol, seed: int, extra: Sequence[Path] = ()
) -> tuple[list[ImageFile], list[ImageFile], list[list[ImageFile]]]:
    """The train and val files of the dataset in `root`, checked against the protocol's rules.

    Further training folders, `extra`, count towards the budget; their files come third.

    Raises:
        InputError: If `root`, `root/train` or `root/val` is missing.
        RuleError: If a class has no training image, val has none at all, or a folder is unknown.
        BudgetError: If there are too many images.
    """
    _require_splits(root)
    train = list_split(root / "train", protocol, seed)
    val = list_split(root / "val", protocol, seed)
    further = [list_split(folder, protocol, seed) for folder in extra]
    check_budget(len(train) + sum(map(len, further)), len(val))
    empty = empty_classes(train, protocol)
    if empty:
        raise RuleError(
            f"{root / 'train'} has no image of class {', '.join(empty)}; "
            f"each of the {len(protocol.classes)} classes needs at least one"
        )
    if not val:
        raise RuleError(
            f"{root / 'val'} has no image; the best epoch is chosen on val, so it needs some"
        )
    return train, val, further


def _require_splits(root: Path) -> None:
    if not root.is_dir():
        raise InputError(f"{root} is not a folder; expected a dataset with train/ and val/ in it")
    missing = [name for name in ("train", "val") if not (root / name).is_dir()]
    if missing:
        raise InputError(
            f"{root} has no {' and no '.join(f'{name}/' for name in missing)} folder; "
            "a dataset holds train/<class>/ and val/<class>/"
        )


def empty_classes(files: Sequence[ImageFile], protocol: Protocol) -> list[str]:
    """Names of the classes that no file belongs to."""
    seen = {file.label for file in files}
    return [name for label, name in enumerate(protocol.classes) if label not in seen]


def load_split(name: str, files: Sequence[ImageFile], protocol: Protocol) -> Split:
    """Read, decode and resize `files`, keeping their order.

    Raises:
        InputError: If any file cannot be read or decoded; the first few are named.
    """
    from fixed_eval.decoding import Decoder  # noqa: PLC0415 - Numba: listing is to be quick

    decode = Decoder(protocol.image_size)
    images = np.empty((len(files), protocol.image_size, protocol.image_size, 3), protocol.pixels)
    file_sha256, pixel_sha256 = [""] * len(files), [""] * len(files)
    failures: list[str] = []

    def load(position: int) -> str | None:
        try:
            data = read_file(files[position].path)
            image, pixel_sha256[position] = decode(data)
            images[position] = np.rint(image) if protocol.pixels == "uint8" else image
        except OSError as error:
            return f"{files[position].path}: {error.strerror}"
        except ValueError as error:
            return f"{files[position].path}: {error}"
        file_sha256[position] = hashlib.sha256(data).hexdigest()
        return None

    def load_some(first: int) -> list[str]:
        some = range(first, min(first + AT_ONCE, len(files)))
        return [message for message in map(load, some) if message]

    with ThreadPoolExecutor(max_workers=_threads(files)) as pool:
        failures = sorted(itertools.chain(*pool.map(load_some, range(0, len(files), AT_ONCE))))
    if failures:
        more = len(failures) - NAMED_IN_MESSAGE
        raise InputError(
            f"{len(failures)} of {len(files):,} {name} images cannot be read; nothing was trained: "
            + "; ".join(failures[:NAMED_IN_MESSAGE])
            + (f"; and {more} more" if more > 0 else "")
        )
    labels = np.array([file.label for file in files], np.int32)
    return Split(name, tuple(files), images, labels, tuple(file_sha256), tuple(pixel_sha256))


def _threads(files: Sequence[ImageFile]) -> int:
    """How many threads read `files`, by the sizes of a few of them.

    Unpacking a large image releases the interpreter lock for long; with small ones the threads
    mostly wait for each other to release it.
    """
    sizes = [_size(file.path) for file in files[:: 1 + len(files) // AT_ONCE]]
    return 1 if sum(sizes) < SMALL * len(sizes) else min(8, os.cpu_count() or 1)


def _size(path: Path) -> int:
    """Of a file, bytes; 0 where reading it will say what is wrong."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
