"""How many threads an evaluation takes: its share of the cores, looked at again for every epoch.

Evaluations that name the same folder share the cores of this machine: many take one each, and the
last ones more. A share sets the speed, and no bit of a score.
"""

import contextlib
import importlib
import os
import tempfile
from pathlib import Path
from typing import Any

fcntl: Any = None
with contextlib.suppress(ImportError):  # Windows: each takes all cores
    fcntl = importlib.import_module("fcntl")

LARGEST = 8  # threads: a batch has eight images to share out


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Cores:
    """The threads of one evaluation.

    Args:
        threads: A fixed number, or None for this evaluation's share.
        folder: Where evaluations that share the cores leave a locked file each; None shares with
            nobody.
    """

    def __init__(self, threads: int | None = None, folder: Path | None = None) -> None:
        self._fixed = threads
        self._folder = folder if threads is None and fcntl is not None else None
        self._own: Any = None

    def threads(self) -> int:
        """Threads for the next epoch, 1 to `LARGEST`."""
        if self._fixed is not None:
            return min(self._fixed, LARGEST)
        return max(1, min(LARGEST, cores() // max(1, self._running())))

    def _running(self) -> int:
        """Evaluations that share, this one included; a file that nobody locks is left over."""
        if self._folder is None:
            return 1
        running = 0
        with contextlib.suppress(OSError):  # no such folder any more, or no locks there
            if self._own is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._own = tempfile.NamedTemporaryFile(dir=self._folder, prefix="run-")  # noqa: SIM115 - open while we run
                fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in self._folder.glob("run-*"):
                running += _is_locked(path)
        return running


def _is_locked(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        path.unlink(missing_ok=True)  # of a run that was killed
    return False
