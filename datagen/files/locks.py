"""Locks between processes: one owner of a file at a time, freed by the system when the owner dies.

A lock is held through an open file, so a killed owner leaves nothing stale behind. A child that
inherits the file holds the lock with its parent.
"""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_BEYOND: Final = 1 << 30  # behind whatever the file holds: Windows locks bytes, not files
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_PAUSE: Final = 0.2  # seconds between two looks at a lock that another process holds


def _take(descriptor: int) -> None:
    """Take the lock or raise `OSError`; no system has both of the modules that do it."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        os.lseek(descriptor, _BEYOND, os.SEEK_SET)  # a locked byte cannot be read by others
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def try_lock(path: Path) -> int | None:
    """Take the lock at `path` if nobody holds it.

    Returns:
        The descriptor that holds it until it is closed, or None where another process does.

    Raises:
        OSError: the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except FileNotFoundError:  # its last owner removes the folder at this moment
        return None
    try:
        _take(descriptor)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:  # else: removed by its last owner
            return descriptor
    except (BlockingIOError, PermissionError, FileNotFoundError):  # held, held on Windows, removed
        pass
    os.close(descriptor)
    return None


def try_hold(path: Path) -> int | None:
    """Take the lock on a file or folder itself, which is there, if nobody holds it.

    Nothing is written, and the lock goes along where the file or folder is renamed.

    Returns:
        The descriptor that holds it until it is closed, or None where another process does, or has
        removed it.

    Raises:
        OSError: it is a link, or the system cannot lock it, as Windows or some network disks.
    """
    if sys.platform == "win32":  # it locks no folders, and a file that is open cannot be renamed
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_LINK)
    except FileNotFoundError:
        return None
    try:
        _take(descriptor)
        if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


@contextmanager
def locked(path: Path, wait: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Hold the lock at `path`, once nobody else does; yield its descriptor.

    Args:
        path: of the lock's file, removed at the end.
        wait: called before every further look at a lock that another process holds; what it
            raises ends the waiting.

    Raises:
        OSError: the file cannot be made.
    """
    while (descriptor := try_lock(path)) is None:
        wait()
        time.sleep(_PAUSE)
    try:
        yield descriptor
    finally:
        with suppress(OSError):  # Windows removes no open file: then it stays, unlocked
            path.unlink()
        os.close(descriptor)
