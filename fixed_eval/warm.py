"""`python -m fixed_eval.warm FD THREADS`: TensorFlow imported once, evaluations in forks of it.

Importing is half of what a short evaluation takes. Nothing computes here: TensorFlow's runtime, its
threads and its random numbers begin in the fork, so a score is bit for bit what a fresh process
gives. Linux only; and where TensorFlow sees a GPU there is none of it: CUDA outlives no fork.

Enters: descriptor FD, a listening socket (`SOCK_SEQPACKET`), and the threads of every evaluation,
for libraries that look once, when they are loaded; from each connection one message, the arguments
of `python -m fixed_eval` as JSON, with the descriptors of its standard error and of what it is to
hold open. Leaves, as messages: a pidfd of the evaluation, then its exit code. It ends with its last
evaluation once its standard input closes: who started it is gone.
"""

import contextlib
import json
import os
import selectors
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn

from fixed_eval.__main__ import main as evaluate
from fixed_eval.runtime import start_tensorflow

_MESSAGE: Final = 1 << 20  # bytes at most; paths of test sets are all that is long
_DESCRIPTORS: Final = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input closes; return the exit code."""
    number, threads = map(int, sys.argv[1:] if arguments is None else arguments)
    with socket.socket(fileno=number) as listener:
        if start_tensorflow(threads) == "gpu":
            return 1
        # what every evaluation imports late
        import fixed_eval.native  # noqa: PLC0415
        import fixed_eval.score  # noqa: F401, PLC0415

        _Server(listener).serve()
    return 0


class _Server:
    """Forks an evaluation for every connection, and tells each its exit code."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._running: dict[int, tuple[int, socket.socket]] = {}  # pid and who asked, by pidfd

    def serve(self) -> None:
        """Return once standard input is closed and the last evaluation has ended."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while self._selector.get_map():
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    self._selector.unregister(sys.stdin)
                    self._selector.unregister(self._listener)
                elif key.fileobj is self._listener:
                    self._begin(self._listener.accept()[0])
                else:
                    self._selector.unregister(key.fd)
                    self._end(key.fd)

    def _begin(self, connection: socket.socket) -> None:
        connection.settimeout(10)  # whoever asks sends at once, or is dead
        descriptors: list[int] = []
        try:
            message, descriptors, _, _ = socket.recv_fds(connection, _MESSAGE, _DESCRIPTORS)
            arguments, errors = json.loads(message), descriptors[0]
            pid = os.fork()
            if pid == 0:
                self._forget(connection)
                _evaluate(arguments, errors)
            handle = os.pidfd_open(pid)
        except (OSError, ValueError, IndexError):  # no memory for a fork, or nobody asks any more
            connection.close()
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self._running[handle] = pid, connection
        self._selector.register(handle, selectors.EVENT_READ)
        with contextlib.suppress(OSError):  # it asked, and is gone
            socket.send_fds(connection, [b"begun"], [handle])

    def _forget(self, connection: socket.socket) -> None:
        """Close what is the server's: whoever waits for it must see that it ends."""
        self._selector.close()
        self._listener.close()
        connection.close()
        for handle, (_, other) in self._running.items():
            os.close(handle)
            other.close()

    def _end(self, handle: int) -> None:
        pid, connection = self._running.pop(handle)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(handle)
        with connection, contextlib.suppress(OSError):
            connection.send(str(code).encode())


def _evaluate(arguments: Sequence[str], errors: int) -> NoReturn:
    """Be the process `python -m fixed_eval`, and end without cleaning up what is our parent's."""
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for own, other in ((0, nothing), (1, nothing), (2, errors)):
            os.dup2(other, own)
        code = evaluate(arguments)
    except SystemExit as error:  # argparse has said why
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
