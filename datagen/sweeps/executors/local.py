"""Trials on this machine: fresh processes, a few at once, one trial each.

Enters: tasks. Leaves: outcomes, as they come. Whatever ends the iteration early ends the processes.
Where there can be a fork server, their evaluators are forks of it and need no second import of
TensorFlow.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol, Self, runtime_checkable

import datagen
from datagen.core.errors import StoppedError
from datagen.core.machine import child_environment
from datagen.evaluation.fork_server import SOCKET, ForkServer
from datagen.evaluation.process import Event
from datagen.sweeps.trial import Task, TrialOutcome, failed

Tell = Callable[[Task, Event], None]
"""Told the events of every trial, from the caller's own thread."""

_PATIENCE: Final = 90  # seconds an interrupted trial has: its evaluator has 60 of them
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@runtime_checkable
class Executor(Protocol):
    """What runs trials, here or elsewhere."""

    def run(self, tasks: Sequence[Task], tell: Tell) -> Iterator[TrialOutcome]:
        """Yield the outcome of every task, as they come; closing it early ends all processes."""


class LocalExecutor:
    """A pool of processes on this machine; leaving its context ends what they share."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._fork_server = ForkServer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._fork_server.close()

    def run(self, tasks: Sequence[Task], tell: Tell) -> Iterator[TrialOutcome]:
        """Yield outcomes as they come."""
        if not tasks:
            return
        threads = tasks[0].threads or 1  # of all: it is the spec's
        environment = _environment(threads)
        workers = _WorkerPool(environment, self._fork_server.descriptor(environment))
        left = len(tasks)
        with ThreadPoolExecutor(min(self._workers, len(tasks))) as pool:
            try:
                for task in tasks:
                    pool.submit(workers.work, task)
                while left:
                    task, message = workers.messages.get()
                    if isinstance(message, TrialOutcome):
                        left -= 1
                        yield message
                    else:
                        tell(task, message)
            finally:
                workers.end()
                if left:  # a trial may wait for the fork server to be ready
                    self._fork_server.close()
                pool.shutdown(wait=True, cancel_futures=True)


class _WorkerPool:
    """The processes of one round."""

    def __init__(self, environment: Mapping[str, str], requests: int | None) -> None:
        self._inherited = () if requests is None else (requests,)
        self._environment = (
            environment if requests is None else {**environment, SOCKET: str(requests)}
        )
        self.messages: queue.SimpleQueue[tuple[Task, TrialOutcome | Event]] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._guard = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()

    def work(self, task: Task) -> None:
        """Run one trial in a process of its own, in a thread that follows it."""
        try:
            outcome = self._follow(task)
        except (OSError, ValueError) as error:  # no memory for a process, a line that is none
            outcome = failed(task, f"the trial's process could not be followed: {error}")
        if outcome is not None:
            self.messages.put((task, outcome))

    def _follow(self, task: Task) -> TrialOutcome | None:
        with self._guard:
            if self._ending.is_set():
                return None
            process = _start(self._environment, self._inherited)
            self._processes.add(process)
        said: list[str] = []
        listener = threading.Thread(target=_collect, args=(process.stderr, said))
        listener.start()
        outcome: TrialOutcome | None = None
        try:
            for line in _lines(process, task):
                record = json.loads(line)
                if "outcome" in record:
                    outcome = TrialOutcome.model_validate(record["outcome"])
                else:
                    self.messages.put((task, record))
        finally:
            code = _reap(process)
            listener.join()
            with self._guard:
                self._processes.discard(process)
        if outcome is not None or self._ending.is_set():
            return outcome
        return failed(task, _why(code, said))

    def end(self) -> None:
        """End what still runs; its finished epochs are on disk."""
        with self._guard:
            self._ending.set()
            for process in self._processes:
                process.terminate()


def _environment(threads: int) -> dict[str, str]:
    """Return the environment of our processes: their number of threads, and this package."""
    root = str(Path(datagen.__file__).parents[1])
    paths = [root, os.environ.get("PYTHONPATH", "")]
    pinned = dict.fromkeys(_THREADS, str(threads))
    return child_environment(**pinned, PYTHONPATH=os.pathsep.join(filter(None, paths)))


def _start(environment: Mapping[str, str], inherited: tuple[int, ...]) -> "subprocess.Popen[str]":
    """Start a process, in a session of its own: Ctrl-C reaches it through `_WorkerPool.end`."""
    return subprocess.Popen(
        # -P: a file in the user's folder must not shadow a module
        [sys.executable, "-P", "-m", "datagen.sweeps.executors.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        start_new_session=True,
        pass_fds=inherited,
    )


def _lines(process: "subprocess.Popen[str]", task: Task) -> Iterator[str]:
    """Send the task; yield the lines that the process writes until it ends."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("it has no streams")
    try:
        process.stdin.write(task.model_dump_json() + "\n")
        process.stdin.flush()  # and stays open: closed, it would tell that we are gone
    except BrokenPipeError:
        return  # it has ended already; its exit code says why
    yield from process.stdout


def _collect(stream: Any, said: list[str]) -> None:
    """Keep the last lines that a process writes to stderr."""
    with stream:
        for line in stream:
            said.append(line.strip())
            del said[:-50]


def _reap(process: "subprocess.Popen[str]") -> int:
    try:
        code = process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    if process.stdout is not None:
        process.stdout.close()
    return code


def _why(code: int, said: Sequence[str]) -> str:
    """Return the reason why a process ended without an outcome."""
    if code < 0:
        return (
            f"the trial's process was killed by {signal.Signals(-code).name}, perhaps because "
            "memory ran out; "
            "fewer --workers need less, --retry-failed tries again"
        )
    if code == StoppedError.exit_code:
        return "the trial's process was interrupted; --retry-failed resumes it"
    last = next((line for line in reversed(said) if line), "it said nothing")
    return f"the trial's process ended with exit code {code}: {last}"
