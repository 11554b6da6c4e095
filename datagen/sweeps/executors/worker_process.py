"""A process of this machine that runs trials, one after the other; see `worker`.

Enters: tasks. Leaves: their events and outcomes. Whatever else it does, dying included, is a trial
that failed.
"""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from datagen.core.errors import StoppedError
from datagen.evaluation.process import Event
from datagen.sweeps.trial import Task, TrialOutcome, failed

_PATIENCE: Final = 90  # seconds an interrupted trial has: its evaluator has 60 of them
_REMEMBERED: Final = 50  # lines


class WorkerProcess:
    """A process that runs trials."""

    def __init__(self, environment: Mapping[str, str], inherited: tuple[int, ...]) -> None:
        """Start it, in a session of its own: Ctrl-C reaches it through `terminate`.

        Raises:
            OSError: the system refuses another process.
        """
        self._process = subprocess.Popen(
            # -P: a file in the user's folder must not shadow a module
            [sys.executable, "-P", "-m", "datagen.sweeps.executors.worker"],
            stdin=subprocess.PIPE,  # stays open: closed, it would tell that we are gone
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            start_new_session=True,
            pass_fds=inherited,
        )
        self._said: list[str] = []
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        """Keep the last lines that it writes to stderr."""
        if self._process.stderr is None:
            return
        with self._process.stderr as stream:
            for line in stream:
                self._said.append(line.strip())
                del self._said[:-_REMEMBERED]

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def run(self, task: Task, tell: Callable[[Event], None]) -> TrialOutcome | None:
        """Run one trial; return None where the process ends without its outcome.

        Raises:
            ValueError: it wrote a line that is none of ours.
        """
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise ValueError("it has no streams")
        try:
            process.stdin.write(task.model_dump_json() + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return None  # it has ended already
        for line in process.stdout:
            record = json.loads(line)
            if "outcome" in record:
                return TrialOutcome.model_validate(record["outcome"])
            tell(record)
        return None

    def terminate(self) -> None:
        """Ask it to end; finished epochs of its trial are on disk."""
        self._process.terminate()

    def end(self) -> int:
        """Wait until it has ended, which one without a trial does at once; return its exit code."""
        process = self._process
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        try:
            code = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self._listener.join()
        if process.stdout is not None:
            process.stdout.close()
        return code

    def failure(self, task: Task, code: int) -> TrialOutcome:
        """Return the outcome of a trial during which the process ended with an exit code."""
        return failed(task, _why(code, self._said))


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
