"""`python -m fixed_eval.warm FD`: the evaluator imported once, evaluations in forks of it.

Importing what the native engine needs takes a second, another half passes until Numba's first
compiled function runs, and the engine's code is loaded in 0.15 s, where it is compiled. No
evaluation computes here, and TensorFlow is not imported: an evaluation that needs it begins it in
the fork. So a score is bit for bit what a fresh process gives. Linux only.

Enters: FD, a socket (`SOCK_SEQPACKET`); then one message per evaluation, the arguments of
`python -m fixed_eval` as JSON, with descriptors: a socket to answer on, its standard error, and
what it is to hold open. Leaves, as answers: a pidfd of the evaluation, then its exit code. It ends
with its last evaluation once its standard input closes: who started it is gone.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn

# What an evaluation imports late, for the forks.
import fixed_eval.decoding
import fixed_eval.engines.native.engine
import fixed_eval.score  # noqa: F401
from fixed_eval.__main__ import main as evaluate
from fixed_eval.engines.native import build
from fixed_eval.png import decode_png

if sys.platform != "linux":
    raise ImportError("the warm evaluator needs Linux")

# One white pixel: to have the compiled code that reads PNG files, and so Numba, run once.
_SMALLEST_PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63"
    "f80f0001010100b138f6140000000049454e44ae426082"
)
_MESSAGE: Final = 1 << 20  # bytes at most; paths of test sets are all that is long
_DESCRIPTORS: Final = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input closes; return the exit code."""
    (number,) = map(int, sys.argv[1:] if arguments is None else arguments)
    decode_png(_SMALLEST_PNG)
    build.load()
    with socket.socket(fileno=number) as requests:
        _Server(requests).serve()
    return 0


class _Server:
    """Forks an evaluation for every request, and tells of those that a signal ended."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._selector = selectors.DefaultSelector()
        self._running: dict[int, tuple[int, socket.socket]] = {}  # pid and who asked, by pidfd

    def serve(self) -> None:
        """Return once standard input is closed and the last evaluation has ended."""
        self._selector.register(self._requests, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while self._selector.get_map():
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    self._selector.unregister(sys.stdin)
                    self._selector.unregister(self._requests)
                elif key.fileobj is self._requests:
                    self._begin()
                else:
                    self._selector.unregister(key.fd)
                    self._end(key.fd)

    def _begin(self) -> None:
        descriptors: list[int] = []
        try:
            message, descriptors, _, _ = socket.recv_fds(self._requests, _MESSAGE, _DESCRIPTORS)
            arguments, (answers, errors, *_) = json.loads(message), descriptors
            followed, follow = os.pipe()
            descriptors += [followed, follow]
            pid = os.fork()
            if pid == 0:
                os.close(follow)
                os.read(followed, 1)  # ends once we close it: a code told earlier would come first
                self._forget()
                _evaluate(arguments, answers, errors)
            self._follow(pid, socket.socket(fileno=os.dup(answers)))
        except (OSError, ValueError):  # no memory for a fork, or nothing that is a request
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _forget(self) -> None:
        """Close what is the server's: whoever waits for it must see that it ends."""
        self._selector.close()
        self._requests.close()
        for handle, (_, answers) in self._running.items():
            os.close(handle)
            answers.close()

    def _follow(self, pid: int, answers: socket.socket) -> None:
        try:
            handle = os.pidfd_open(pid)
        except OSError:  # who asked then starts a fresh process: there must not be two
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            answers.close()
            raise
        self._running[handle] = pid, answers
        self._selector.register(handle, selectors.EVENT_READ)
        with contextlib.suppress(OSError):  # it asked, and is gone
            socket.send_fds(answers, [b"begun"], [handle])

    def _end(self, handle: int) -> None:
        pid, answers = self._running.pop(handle)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(handle)
        with answers:
            if code < 0:  # else it has told by itself
                _tell(answers, code)


def _evaluate(arguments: Sequence[str], answers: int, errors: int) -> NoReturn:
    """Be the process `python -m fixed_eval`, and end without cleaning up what is our parent's.

    It tells its exit code by itself: so it needs nobody once it has begun.
    """
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for own, other in ((0, nothing), (1, nothing), (2, errors)):
            os.dup2(other, own)
        os.close(nothing)
        os.close(errors)
        code = evaluate(arguments)
    except SystemExit as error:  # argparse has said why
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        _tell(socket.socket(fileno=answers), code)
        os._exit(code)


def _tell(answers: socket.socket, code: int) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        answers.send(str(code).encode())


if __name__ == "__main__":
    sys.exit(main())
