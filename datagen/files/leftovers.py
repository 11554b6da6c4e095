"""Files and folders that stand beside a target while it is made, and what a kill leaves of them.

`.NAME.<32 digits>` becomes the file NAME, `.NAME.<32 digits>.partial` the folder NAME, and
`.NAME.….old` is a folder NAME that was moved aside to be replaced. Whoever makes one holds a lock
on it, which the system takes from a process that dies; so what nobody holds is a dead process's.
"""

import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from datagen.core.errors import MissingInputError
from datagen.files.locks import try_hold
from datagen.files.paths import named_refusals
from datagen.files.reading import what_is

PARTIAL: Final = ".partial"
OLD: Final = ".old"

_DIGITS: Final = r"[0-9a-f]{32}"
_EARLIER: Final = r"[0-9a-z_]{8}\.old"  # of earlier versions: a folder that holds `old`
_DAY: Final = 86_400.0  # seconds
_UNHELD: Final = -1  # in the place of a descriptor, where the system has no such lock


@contextmanager
def temporary(target: Path, suffix: str, make: Callable[[Path], object]) -> Iterator[Path]:
    """Make a file or folder beside `target`, and hold it; whatever of it is there later goes away.

    Args:
        target: what it shall become; a real path, no link.
        suffix: `PARTIAL` for a folder, none for a file.
        make: makes it at a path that is free.

    Raises:
        OSError: see `make`.
    """
    path, descriptor = target, None
    try:
        while descriptor is None:
            # Named before it is made, so that an interrupt at any moment finds what is to go.
            path = target.with_name(f".{target.name}.{uuid.uuid4().hex}{suffix}")
            make(path)
            descriptor = _hold(path)  # None: another run took it for a dead one's, and cleared it
        yield path
    finally:
        if path != target:
            remove(path)
        if descriptor not in (None, _UNHELD):
            os.close(descriptor)


def _hold(path: Path) -> int | None:
    try:
        return try_hold(path)
    except OSError:
        return _UNHELD


def recover(target: Path) -> None:
    """Put back a folder that a run moved aside and was killed before it put another in its place.

    Nothing is done where `target` is there, and what the disk refuses is left as it is.
    """
    if os.path.lexists(target):
        return
    for path in _beside(target, rf"{_DIGITS}\.old|{_EARLIER}"):
        with suppress(OSError), _dead(path):
            whole = path / "old" if _is_earlier(path) else path
            whole.rename(target)
            return


def is_folder(path: Path) -> bool:
    """Say whether a folder is there, once one that a killed run moved aside is put back."""
    with suppress(OSError, RuntimeError, ValueError):  # links in a circle, a name of no file
        recover(path.resolve())
    return os.path.isdir(path)  # noqa: PTH112 - `Path.is_dir` raises for a name that is too long


def require_folder(path: Path, expected: str, name: str = "folder") -> None:
    """Refuse what is no folder, once one that a killed run moved aside is put back.

    Args:
        path: where it should be.
        expected: what it should hold, for the message.
        name: what it is, for the message.

    Raises:
        MissingInputError: nothing is there, or something else is.
        CorruptInputError: the system refuses to look.
    """
    if is_folder(path):
        return
    try:
        there = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # or a name that none can have
        raise MissingInputError(f"no {name} at {path}; expected {expected}") from None
    except OSError:
        with named_refusals():
            raise
    found = what_is(there.st_mode) or "a file"
    raise MissingInputError(f"{path} is {found}, no {name}; expected {expected}")


def clear(target: Path, suffix: str) -> None:
    """Remove what runs that were killed have left beside `target`; never what a live one makes.

    A folder that was moved aside, and nothing put in its place, is put back.

    Args:
        target: a real path, no link.
        suffix: `PARTIAL` for a folder, none for a file.
    """
    if not suffix:
        pattern = _DIGITS
    else:
        recover(target)
        pattern = rf"{_DIGITS}\.(partial|old)|{_EARLIER}"
    for path in _beside(target, pattern):
        with suppress(OSError), _dead(path):
            remove(path)


def remove(path: Path) -> None:
    """Remove a file or folder if it is there; what the disk refuses to remove stays."""
    if path.is_symlink() or not path.is_dir():
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return
    for _ in range(2):  # again where somebody who is just ending has put something into it
        shutil.rmtree(path, ignore_errors=True)


def _beside(target: Path, pattern: str) -> list[Path]:
    """Return what lies beside `target` under its name, hidden, and what `pattern` matches."""
    name = re.compile(rf"{re.escape(f'.{target.name}')}\.({pattern})")
    try:
        found = sorted(path for path in target.parent.iterdir() if name.fullmatch(path.name))
        return [path for path in found if not _is_earlier(path) or _holds_old(path)]
    except OSError:
        return []


def _is_earlier(path: Path) -> bool:
    return re.fullmatch(rf".*\.{_EARLIER}", path.name) is not None


def _holds_old(path: Path) -> bool:
    return {entry.name for entry in path.iterdir()} <= {"old"}


@contextmanager
def _dead(path: Path) -> Iterator[None]:
    """Hold what a dead process left while the block runs.

    Raises:
        OSError: a live process holds it, or may.
    """
    descriptor = None
    try:
        descriptor = try_hold(path)
    except OSError:  # nothing tells whose it is; nobody works a day without a trace
        if time.time() - _last_change(path) < _DAY:
            raise
    else:
        if descriptor is None:
            raise BlockingIOError(f"{path} is another run's")
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _last_change(path: Path) -> float:
    """Return when a file, or a folder of class folders, was last changed."""
    return max(place.lstat().st_mtime for place in (path, *path.glob("*"), *path.glob("*/*/")))
