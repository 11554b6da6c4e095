"""`python -m datagen.sweeps.executors.worker`: a process that runs trials, one after the other.

Enters: a `Task` per line of stdin. Where that closes, who started us is gone or needs us no more,
and we end too. Leaves: lines of JSON on stdout, events of a trial, then its outcome. A trial leaves
nothing behind that another could meet: what is kept between them are caches of pure functions.
"""

import json
import os
import queue
import signal
import sys
import threading

import cv2

from datagen.core.errors import StoppedError
from datagen.evaluation.process import Event
from datagen.files.signals import end_tidily
from datagen.sweeps.trial import Task, run_trial


def main() -> int:
    """Run trials until stdin closes; return the exit code."""
    end_tidily()
    tasks = _Tasks()
    try:
        while (line := tasks.next()) is not None:
            task = Task.model_validate_json(line)
            cv2.setNumThreads(task.threads or 1)
            outcome = run_trial(task, _tell)
            tasks.done()
            _say({"outcome": outcome.model_dump(mode="json")})
    except (StoppedError, KeyboardInterrupt, BrokenPipeError):
        return StoppedError.exit_code
    return 0


class _Tasks:
    """The lines of stdin; where it closes during a trial, that is interrupted."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._running = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> str | None:
        """Wait for a line; return None where none comes any more."""
        return self._lines.get()

    def done(self) -> None:
        """Say that the trial of the last line is over."""
        self._running.clear()

    def _read(self) -> None:
        for line in sys.stdin:
            self._running.set()
            self._lines.put(line)
        self._lines.put(None)
        if not self._running.is_set():
            return
        if sys.platform == "win32":
            signal.raise_signal(signal.SIGTERM)  # there `os.kill` ends us with nothing tidied
        else:
            os.kill(os.getpid(), signal.SIGTERM)


def _tell(event: Event) -> None:
    _say(dict(event))


def _say(record: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
