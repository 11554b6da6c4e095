"""A team of threads inside compiled code: they share out work, and meet when it is done.

A meeting is a spin barrier: its members look for some hundred pauses whether all have come, then
offer their core to others, so that more members than cores neither hang nor crawl.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from fixed_eval.engines.native.compiled import compiled, inlined
from fixed_eval.engines.native.intrinsics import fetch_add, load, pause, store

LARGEST = 8  # members: there are eight images in a batch to share out
SPINS = 64  # before a member offers its core to others
POLL = 0.1  # seconds between two looks for Ctrl-C

# Places in a gate, each in two lines of the cache of its own: CPUs fetch them in pairs.
_LINES = 16
COME, MEETING, ASKED, STOPPED, BROKEN = range(0, 5 * _LINES, _LINES)

Gate = np.ndarray[Any, np.dtype[np.int64]]

_yield: Any = types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32()
)


@compiled
def meet(gate: Gate, size: int) -> None:
    """Wait for all of the team."""
    wait(gate, size, arrive(gate, size))


@compiled
def arrive(gate: Gate, size: int) -> int:
    """Come to a meeting, but go on with other work; return its number, for `wait`."""
    if size == 1:
        return 0
    meeting: int = load(gate, MEETING)
    if fetch_add(gate, COME, 1) == size - 1:
        store(gate, COME, 0)
        store(gate, MEETING, meeting + 1)
    return meeting


@compiled
def wait(gate: Gate, size: int, meeting: int) -> None:
    """Wait until all have arrived. Where a member has failed nobody waits any more."""
    if size == 1:
        return
    spins = 0
    while load(gate, MEETING) == meeting and load(gate, BROKEN) == 0:
        if spins < SPINS:
            spins += 1
            pause()
        else:
            _yield()


@compiled
def meet_and_ask(gate: Gate, me: int, size: int) -> bool:
    """Wait for all of the team; True for all of them where it was asked to stop, or has failed."""
    if me == 0:  # one looks for all: so they agree
        store(gate, STOPPED, load(gate, ASKED))
    meet(gate, size)
    ended: bool = load(gate, STOPPED) != 0 or load(gate, BROKEN) != 0
    return ended


@inlined
def share(pieces: int, me: int, size: int) -> Any:
    """The first piece of a member of the team, and the one after its last."""
    return pieces * me // size, pieces * (me + 1) // size


def run_team(size: int, member: Callable[[Gate, int, int], None]) -> None:
    """Call `member(gate, me, size)` once for each member, at the same time, until all are done.

    The caller is no member, so that Ctrl-C reaches it: it then asks the team to stop, and raises
    `KeyboardInterrupt` once all have. Where the system gives fewer threads the team is smaller,
    for a member that never comes would keep the others waiting.

    Raises:
        RuntimeError: If the system gives no thread at all.
        BaseException: What a member raised first; the others stop then.
    """
    gate: Gate = np.zeros(5 * _LINES, np.int64)
    begin, failures = threading.Event(), []
    threads: list[threading.Thread] = []

    def follow(me: int) -> None:
        begin.wait()
        try:
            member(gate, me, len(threads))
        except BaseException as error:
            failures.append(error)
            gate[BROKEN] = 1

    for me in range(min(size, LARGEST)):
        thread = threading.Thread(target=follow, args=(me,), daemon=True)
        try:
            thread.start()
        except RuntimeError:
            if not threads:
                raise
            break
        threads.append(thread)
    begin.set()
    interrupted = _wait(threads, gate)
    if failures:
        raise failures[0]
    if interrupted:
        raise KeyboardInterrupt


def _wait(threads: list[threading.Thread], gate: Gate) -> bool:
    """Wait for all threads to end; True where Ctrl-C came meanwhile."""
    interrupted = False
    while any(thread.is_alive() for thread in threads):
        try:
            for thread in threads:
                thread.join(POLL)
        except KeyboardInterrupt:
            interrupted = True
            gate[ASKED] = 1
    return interrupted
