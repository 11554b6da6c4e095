"""The process ends soon, and tidily, when it is told to, or when who started it is gone.

Whoever is killed can tell nobody; but nobody reads the pipe any more that was standard output.
"""

import os
import select
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

_PATIENCE = 5.0  # seconds to remove what is half-written
_INTERRUPTED = 130


def end_with_reader() -> None:
    """Interrupt this process on SIGTERM, and once nobody reads its standard output.

    Only a pipe is watched, no terminal and no file, and on Windows nothing.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if sys.platform != "win32":
        threading.Thread(target=_watch, daemon=True).start()


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    # Libraries that are just being imported may swallow it.
    late = threading.Timer(_PATIENCE, os._exit, (_INTERRUPTED,))
    late.daemon = True
    late.start()
    raise KeyboardInterrupt


def _watch() -> None:
    watched = select.poll()
    watched.register(1, 0)  # closed by its reader: that is told without being asked for
    told = watched.poll()
    if any(event & select.POLLNVAL for _, event in told):  # there is none
        return
    silence = os.open(os.devnull, os.O_WRONLY)  # nothing that is still said shall fail
    for stream in (1, 2):
        os.dup2(silence, stream)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
