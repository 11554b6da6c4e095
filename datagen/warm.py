"""Evaluators that start in a second: forks of a process that has TensorFlow imported already.

Enters: the evaluator's command lines. Leaves: processes like those of `subprocess`. Where the warm
one cannot be had (no Linux, a GPU, no memory), there is no fork, and the caller starts a fresh one.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

ADDRESS: Final = "DATAGEN_WARM_EVALUATOR"
"""The environment variable that tells a process where the warm evaluator listens."""

_MODULE: Final = "fixed_eval.warm"
_SOCKET: Final = "evaluator"


class WarmEvaluator:
    """The warm process of one sweep, started when first asked for, ended by `close`."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End it; evaluations that still run are ended by whoever follows them."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def environment(self, base: Mapping[str, str], threads: int) -> dict[str, str]:
        """Return what a process started with `base` needs to ask the warm evaluator.

        Args:
            base: environment of that process.
            threads: of every evaluation; the first call decides.
        """
        if self._folder is None and sys.platform == "linux":
            with contextlib.suppress(OSError):  # no disk, too long a path, no memory
                self._folder = Path(tempfile.mkdtemp(prefix="datagen-"))  # for us alone
                self._start(self._folder / _SOCKET, base, threads)
        if self._folder is None or self._process is None:
            return dict(base)
        return {**base, ADDRESS: str(self._folder / _SOCKET)}

    def _start(self, address: Path, environment: Mapping[str, str], threads: int) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(address))
            listener.listen(64)  # who asks before it is ready waits
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE, str(listener.fileno()), str(threads)],
                stdin=subprocess.PIPE,  # open as long as we live
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
                pass_fds=(listener.fileno(),),
            )


class Forked:
    """An evaluation in a fork: as much of a `subprocess.Popen` as its followers use."""

    def __init__(self, connection: socket.socket, handle: int, stderr: TextIO) -> None:
        self.stderr = stderr
        self._connection = connection
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
        self._connection.settimeout(timeout)
        try:
            answer = self._connection.recv(16)
        except TimeoutError:
            raise subprocess.TimeoutExpired(_MODULE, timeout or 0) from None
        if not answer:  # the warm process was killed: what it began must not go on alone
            self.kill()
        self._connection.close()
        with self._signalling:
            if self._handle is not None:
                os.close(self._handle)
            self._handle = None
        return int(answer) if answer else -signal.SIGKILL

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with self._signalling, contextlib.suppress(ProcessLookupError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, number)


def fork(arguments: Sequence[str], held: int | None) -> Forked | None:
    """Start an evaluation in a fork of the warm evaluator; None where there is none.

    Args:
        arguments: of `python -m fixed_eval`.
        held: a descriptor that it is to hold open.
    """
    address = os.environ.get(ADDRESS)
    if not address:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reading, writing = os.pipe()
    handles: list[int] = []
    try:
        connection.connect(address)
        message = json.dumps(list(arguments)).encode()
        socket.send_fds(connection, [message], [writing, *([] if held is None else [held])])
        _, handles, _, _ = socket.recv_fds(connection, 16, 1)
    except OSError:
        pass
    finally:
        os.close(writing)
    if not handles:
        connection.close()
        os.close(reading)
        return None
    stderr = open(reading, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115 - a pipe
    return Forked(connection, handles[0], stderr)
