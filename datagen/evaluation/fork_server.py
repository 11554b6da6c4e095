"""Evaluators that start at once: forks of a process that has imported what they need already.

Enters: the evaluator's command lines. Leaves: processes like those of `subprocess`. Where there can
be no fork server (no Linux, no pidfd, a GPU, no memory, `DATAGEN_FORK_SERVER=0`) the caller starts
a fresh process instead.

It saves about a second of CPU time of each start. A sweep of 4 trials, 2 epochs on 1,000 images
each, took 54 s with it, and 68 and 68 s without it, on 2 workers of a 2-core machine that was busy
with other work (2026-11-26, the runs alternating; `python tests/benchmarks/bench_sweep.py
--grid-only --epochs 2 --points 4`, and without forks with `--cold`).
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

SWITCH: Final = "DATAGEN_FORK_SERVER"
"""The environment variable that switches the fork server off where it is `0`."""

SOCKET: Final = "DATAGEN_FORK_SERVER_SOCKET"
"""The environment variable with the descriptor of the socket that takes requests."""

_MODULE: Final = "fixed_eval.warm"


class ForkServer:
    """The fork server of one sweep, started when first asked for, ended by `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    def descriptor(self, environment: Mapping[str, str]) -> int | None:
        """Return the descriptor that a process is to inherit for its requests; None without one.

        Args:
            environment: of the evaluations; that of the first call.
        """
        if self._process is None and can_fork():
            self._start(environment)
        return self._requests.fileno() if self._requests else None

    def close(self) -> None:
        """End it. Evaluations that still run end by themselves, or are ended by their callers."""
        if self._requests is not None:
            self._requests.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process = self._requests = None

    def _start(self, environment: Mapping[str, str]) -> None:
        """Start it; where there is no memory for a process there is none."""
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError:
            return
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", _MODULE, str(theirs.fileno())],
                    stdin=subprocess.PIPE,  # open as long as we live
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,
                    pass_fds=(theirs.fileno(),),
                )
            except OSError:
                ours.close()
                return
        self._requests = ours


def gpus() -> list[str]:
    """Return the names of the GPUs' device files: CUDA's, as TensorFlow might see them."""
    return sorted(path.name for path in Path("/dev").glob("nvidia[0-9]*"))


def can_fork() -> bool:
    """Return whether this system can fork evaluations, and that is not switched off."""
    if sys.platform != "linux" or os.environ.get(SWITCH) == "0" or gpus():
        return False
    try:  # some builds of Python lack it, some containers refuse it
        handle = os.pidfd_open(os.getpid())
    except (AttributeError, OSError):
        return False
    try:
        signal.pidfd_send_signal(handle, 0)
    except (AttributeError, OSError):
        return False
    finally:
        os.close(handle)
    return True


class ForkedEvaluation:
    """An evaluation in a fork, with the methods of `subprocess.Popen` that are used here."""

    def __init__(self, answers: socket.socket, handle: int, stderr: TextIO) -> None:
        self.stderr = stderr
        self._answers = answers
        self._handle: int | None = handle
        self._code: int | None = None
        self._waiting = threading.Lock()
        self._signalling = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit code where somebody has waited for it."""
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code: negative where a signal ended it.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        if not self._waiting.acquire(timeout=-1 if timeout is None else timeout):
            raise subprocess.TimeoutExpired(_MODULE, timeout or 0)
        try:
            if self._code is None:
                self._code = self._receive(timeout)
            return self._code
        finally:
            self._waiting.release()

    def _receive(self, timeout: float | None) -> int:
        self._answers.settimeout(timeout)
        try:
            answer = self._answers.recv(16)
        except TimeoutError:
            raise subprocess.TimeoutExpired(_MODULE, timeout or 0) from None
        self._answers.close()
        with self._signalling:
            if self._handle is not None:
                os.close(self._handle)
            self._handle = None
        # no answer: it was killed, and so was the fork server that would have told
        return int(answer) if answer else -signal.SIGKILL

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with self._signalling, contextlib.suppress(ProcessLookupError):
            if sys.platform == "linux" and self._handle is not None:
                signal.pidfd_send_signal(self._handle, number)


def fork(arguments: Sequence[str], held: int | None) -> ForkedEvaluation | None:
    """Start an evaluation as a fork; None where there is no fork server.

    Args:
        arguments: of `python -m fixed_eval`.
        held: a descriptor that it is to hold open.
    """
    if sys.platform != "linux" or SOCKET not in os.environ:
        return None
    with contextlib.ExitStack() as given, contextlib.ExitStack() as unless_begun:
        try:
            requests = given.enter_context(socket.socket(fileno=os.dup(int(os.environ[SOCKET]))))
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            unless_begun.enter_context(ours)
            given.enter_context(theirs)
            reading, writing = os.pipe()
            pipe = open(reading, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
            stderr = unless_begun.enter_context(pipe)
            given.callback(os.close, writing)
            passed = [theirs.fileno(), writing, *([] if held is None else [held])]
            socket.send_fds(requests, [json.dumps(list(arguments)).encode()], passed)
            given.close()  # now the fork alone has the other ends: where they close, it has ended
            _, handles, _, _ = socket.recv_fds(ours, 16, 1)
        except (OSError, ValueError):  # it has ended, or the variable names no socket of ours
            return None
        if not handles:
            return None
        unless_begun.pop_all()
        return ForkedEvaluation(ours, handles[0], stderr)
