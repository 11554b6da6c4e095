"""Trials on this machine: a few processes, each of which runs one trial at a time.

Enters: tasks. Leaves: outcomes, as they come. Whatever ends the iteration early ends the processes.
Where there can be a fork server, their evaluators are forks of it and import nothing again.
"""

import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, Self, runtime_checkable

import datagen
from datagen.core.machine import child_environment
from datagen.evaluation.fork_server import SOCKET, ForkServer
from datagen.evaluation.process import Event
from datagen.sweeps.executors.worker_process import WorkerProcess
from datagen.sweeps.trial import Task, TrialOutcome, failed

Tell = Callable[[Task, Event], None]
"""Told the events of every trial, from the caller's own thread."""

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@runtime_checkable
class Executor(Protocol):
    """What runs trials, here or elsewhere."""

    def run(self, tasks: Sequence[Task], tell: Tell) -> Iterator[TrialOutcome]:
        """Yield the outcome of every task, as they come; closing it early ends all processes."""


class LocalExecutor:
    """A pool of processes on this machine; leaving its context ends them."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._fork_server = ForkServer()
        self._pool: _WorkerPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def run(self, tasks: Sequence[Task], tell: Tell) -> Iterator[TrialOutcome]:
        """Yield outcomes as they come."""
        if not tasks:
            return
        processes = self._started(_environment(tasks[0].threads or 1))  # of all: it is the spec's
        left = len(tasks)
        with ThreadPoolExecutor(min(self._workers, len(tasks))) as threads:
            try:
                for task in tasks:
                    threads.submit(processes.work, task)
                while left:
                    task, message = processes.messages.get()
                    if isinstance(message, TrialOutcome):
                        left -= 1
                        yield message
                    else:
                        tell(task, message)
            finally:
                if left:
                    self._end()  # with the fork server, which a trial may wait for
                threads.shutdown(wait=True, cancel_futures=True)

    def _started(self, environment: Mapping[str, str]) -> "_WorkerPool":
        """Return the processes with an environment; others end."""
        requests = self._fork_server.descriptor(environment)
        if self._pool is None or not self._pool.serves(environment, requests):
            if self._pool is not None:
                self._pool.end()
            self._pool = _WorkerPool(environment, requests)
        return self._pool

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.end()
        self._pool = None
        self._fork_server.close()


class _WorkerPool:
    """The processes that run trials, as many as there are threads that ask for one."""

    def __init__(self, environment: Mapping[str, str], requests: int | None) -> None:
        self._asked = environment, requests
        self.messages: queue.SimpleQueue[tuple[Task, TrialOutcome | Event]] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._guard = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()

    def serves(self, environment: Mapping[str, str], requests: int | None) -> bool:
        """Return whether its processes have this environment and this fork server."""
        return self._asked == (environment, requests)

    def work(self, task: Task) -> None:
        """Run one trial, in a thread that follows it."""
        try:
            outcome = self._follow(task)
        except (OSError, ValueError) as error:  # no memory for a process, a line that is none
            outcome = failed(task, f"the trial's process could not be followed: {error}")
        if outcome is not None:
            self.messages.put((task, outcome))

    def _follow(self, task: Task) -> TrialOutcome | None:
        process = self._take()
        if process is None:
            return None
        outcome: TrialOutcome | None = None
        try:
            outcome = process.run(task, lambda event: self.messages.put((task, event)))
        finally:
            # what failed may have left too little memory
            code = self._give_back(process, reuse=outcome is not None and outcome.error is None)
        if outcome is not None or self._ending.is_set():
            return outcome
        return process.failure(task, code)

    def _take(self) -> WorkerProcess | None:
        """Return a process without a trial; None where the sweep is ending."""
        with self._guard:
            if self._ending.is_set():
                return None
            process = self._waiting() or self._start()
            self._busy.add(process)
            return process

    def _waiting(self) -> WorkerProcess | None:
        """Return a process that waits for a trial, if one does; one may have been killed."""
        while self._idle:
            process = self._idle.pop()
            if process.runs:
                return process
            process.end()
        return None

    def _start(self) -> WorkerProcess:
        environment, requests = self._asked
        if requests is None:
            return WorkerProcess(environment, ())
        return WorkerProcess({**environment, SOCKET: str(requests)}, (requests,))

    def _give_back(self, process: WorkerProcess, *, reuse: bool) -> int:
        """Keep a process for another trial, or end it; return its exit code."""
        with self._guard:
            reuse = reuse and not self._ending.is_set()
            self._busy.discard(process)
            if reuse:
                self._idle.append(process)
        return 0 if reuse else process.end()

    def end(self) -> None:
        """End all; finished epochs of what still runs are on disk."""
        with self._guard:
            self._ending.set()
            for process in self._busy:
                process.terminate()
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()


def _environment(threads: int) -> dict[str, str]:
    """Return the environment of our processes: their number of threads, and this package."""
    root = str(Path(datagen.__file__).parents[1])
    paths = [root, os.environ.get("PYTHONPATH", "")]
    pinned = dict.fromkeys(_THREADS, str(threads))
    return child_environment(**pinned, PYTHONPATH=os.pathsep.join(filter(None, paths)))
