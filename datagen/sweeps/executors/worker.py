"""`python -m datagen.sweeps.executors.worker`: a fresh process that runs one trial and ends.

Enters: a `Task` as the first line of stdin, which then stays open: when it closes, who started us
is gone, and we end too. Leaves: lines of JSON on stdout, each an event, the last one the outcome.
"""

import json
import os
import signal
import sys
import threading

import cv2

from datagen.core.errors import StoppedError
from datagen.evaluation.process import Event
from datagen.files.signals import end_tidily
from datagen.sweeps.trial import Task, run_trial


def main() -> int:
    """Run the trial; return the exit code."""
    end_tidily()
    task = Task.model_validate_json(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(task.threads or 1)
    try:
        outcome = run_trial(task, _tell)
        _say({"outcome": outcome.model_dump(mode="json")})
    except (StoppedError, KeyboardInterrupt, BrokenPipeError):
        return StoppedError.exit_code
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGTERM)  # there `os.kill` ends us at once, with nothing tidied
    else:
        os.kill(os.getpid(), signal.SIGTERM)


def _tell(event: Event) -> None:
    _say(dict(event))


def _say(record: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
