"""A Ctrl-C that Python swallows is noticed at the next event.

`KeyboardInterrupt` that comes up in a callback of a library, a finaliser or an import can be lost
there, and the run would go on to its end.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from fixed_eval.progress import Say


@contextmanager
def interrupts_noticed(say: Say) -> Iterator[Say]:
    """Yield a `say` that raises `KeyboardInterrupt` where one was lost before.

    Changes nothing outside the main thread, or where somebody else handles SIGINT.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield say
        return
    noted = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        noted.set()
        signal.default_int_handler(number, frame)

    def told(event: str, **fields: Any) -> None:
        say(event, **fields)
        if noted.is_set():
            noted.clear()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
