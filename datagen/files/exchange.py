"""Two paths swapped in one step, where the system can: at no moment is one of them missing."""

import ctypes
import errno
import os
import sys
from pathlib import Path
from typing import Final

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2  # linux/fs.h; the same number as macOS' RENAME_SWAP
# the system call, or what the disk makes of it, is not there
_CANNOT: Final = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV}


def exchange(first: Path, second: Path) -> bool:
    """Swap two paths that are there, on one disk; False where that cannot be done in one step.

    Raises:
        OSError: it can be done, and was refused.
    """
    paths = os.fsencode(first), os.fsencode(second)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            failed = library.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE)
        elif sys.platform == "darwin":
            failed = library.renamex_np(*paths, _RENAME_EXCHANGE)
        else:
            return False
    except (AttributeError, OSError, TypeError):  # no such function, no such library (Windows)
        return False
    if failed and (number := ctypes.get_errno()) not in _CANNOT:
        raise OSError(number, os.strerror(number), str(first), None, str(second))
    return not failed
