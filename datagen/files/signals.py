"""Signals that end a run: one becomes a `KeyboardInterrupt`, so that everything is tidied up.

What is half-done is removed while that exception rises; nothing here knows what that is.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, `kill`, a closed terminal."""

_SOON: Final = 0.02  # seconds


def end_tidily() -> None:
    """Let the first ending signal interrupt the run, and further ones wait for it to tidy up.

    One that is ignored already, as under `nohup`, stays ignored.
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt_once)


def _interrupt_once(_number: int, frame: FrameType | None) -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    if _is_importing(frame) and hasattr(signal, "setitimer"):
        # Libraries that are just being imported swallow it, or make another error of it.
        signal.signal(signal.SIGALRM, _interrupt_once)
        signal.setitimer(signal.ITIMER_REAL, _SOON)
        return
    raise KeyboardInterrupt


def disarm() -> None:
    """Drop an interrupt that waits for an import to end; Python, as it ends, would not catch it."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def ignore_ctrl_c() -> None:
    """Leave Ctrl-C to the parent process, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back ending signals while processes start; one that comes is raised afterwards.

    Interrupted half-way, an executor forgets a worker that then waits for ever. The processes
    inherit the mask, so a Ctrl-C in the terminal never reaches them and the parent alone ends the
    work; on Windows, which has no masks, they call `ignore_ctrl_c` themselves. The mask alone would
    not do: another thread of the parent still takes the signal, and Python then raises in the main
    thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python raises in the main thread only
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in ENDING}
    for ending in before:
        signal.signal(ending, lambda got, _: came.append(got))
    try:
        with _masked(signal.SIGINT):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


@contextmanager
def _masked(number: signal.Signals) -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
