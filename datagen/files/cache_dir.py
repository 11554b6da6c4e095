"""The folder that holds caches and fetched archives: its files, read, written and set aside.

A cache is a convenience: what cannot be read is made anew, what cannot be written is a warning.
"""

import functools
import hashlib
import json
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.files.atomic import staged_file
from datagen.files.paths import user_path

CACHE_VARIABLE: Final = "DATAGEN_CACHE"

DAMAGE: Final = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    RecursionError,
    MemoryError,
    CorruptInputError,
)
"""What reading a file that cannot be trusted ends in."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return the folder that holds caches and fetched archives; it may not exist yet.

    The environment variable `DATAGEN_CACHE` names it, else it is `roman-datagen` in the place
    the operating system keeps caches; for a user without a home, a folder of their own among the
    temporary ones.

    Raises:
        UsageError: `DATAGEN_CACHE` is no path, or there is no folder that is the user's alone.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return _named_folder(named)
    import pooch  # noqa: PLC0415 - 0.1 s, and most runs do not come here

    try:
        folder = pooch.os_cache("roman-datagen")
    except RuntimeError:  # `~` is nobody's home
        return _without_home()
    homeless = os.environ.get("HOME") == "" or str(folder).startswith("~")
    return _without_home() if homeless else Path(folder)


def _named_folder(named: str) -> Path:
    try:
        return user_path(named)
    except UsageError as error:
        raise UsageError(f"{CACHE_VARIABLE}: {error}") from error


@functools.cache
def _without_home() -> Path:
    """Return a folder for a user without a home, such as one of a container: said once.

    Raises:
        UsageError: somebody else could write in it.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0  # as `stat` says where there are no numbers
    folder = Path(tempfile.gettempdir(), f"roman-datagen-{user}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != user or status.st_mode & 0o022:
        raise UsageError(
            f"this user has no home folder, and {folder} is not theirs alone; name a folder for "
            f"caches in {CACHE_VARIABLE}"
        )
    _log.warning(
        "this user has no home folder: caches are in %s; %s names another place",
        folder,
        CACHE_VARIABLE,
    )
    return folder


def cache_key(parts: Sequence[object]) -> str:
    """Return 24 hex digits that are equal for equal parts, which JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def read_cached(
    path: Path,
    read: Callable[[Path], T],
    damage: tuple[type[Exception], ...] = DAMAGE,
) -> T | None:
    """Return what `read` makes of a cache file.

    Args:
        path: of the file.
        read: called with the path.
        damage: what `read` raises for a file that cannot be trusted.

    Returns:
        None where there is no file, or a damaged one, which is then set aside.
    """
    try:
        return read(path)
    except (FileNotFoundError, NotADirectoryError, MissingInputError):
        return None
    except damage as error:
        set_aside(path, error)
        return None


def write_cached(path: Path, write: Callable[[Path], object]) -> None:
    """Write a cache file, whole or not at all; where the system refuses, only warn.

    Args:
        path: where the file shall be.
        write: called with the path to write to.
    """
    try:
        with staged_file(path) as temporary:
            write(temporary)
    except OSError as error:
        _log.warning("could not cache %s: %s; the next run works it out again", path, error)


def set_aside(path: Path, reason: object) -> None:
    """Rename a cache file that cannot be trusted to `….corrupt` and warn of it."""
    aside = path.with_name(path.name + ".corrupt")
    _log.warning("cache file %s cannot be read (%s); kept as %s, made anew", path, reason, aside)
    try:
        path.replace(aside)
    except OSError as error:
        _log.warning("could not rename %s: %s", path, error)


Stamp = tuple[int, int, int, int]
"""Of a file: its size in bytes, times of change of content and of inode in ns, and its inode."""


def stamp(file: Path) -> Stamp:
    """Return what tells whether a file is the one that was here before.

    The content's time alone does not: files out of an archive often share one, and their sizes.
    """
    status = file.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
