"""Trials on a Ray cluster: the same trial function, each in a fresh process of some node.

Enters: tasks. Leaves: outcomes, as they come. A task whose node dies is run again on another, where
it finds on the shared disk what was finished; its outcome is taken once.
"""

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import datagen
from datagen.core.errors import SweepError, UsageError
from datagen.sweeps.executors.local import Tell
from datagen.sweeps.trial import Task, TrialOutcome, failed, run_trial

_RETRIES: Final = 5  # of a task whose node or process died
_TIMEOUT: Final = 5.0  # seconds to wait for an answer
_PASSED: Final = ("DATAGEN_CACHE",)  # environment that decides what is known


class RayExecutor:
    """A cluster. Every node must see the sweep's folder under the same path."""

    def __init__(self, address: str | None) -> None:
        """Connect to a cluster, or start one on this machine where `address` is None.

        Raises:
            UsageError: Ray is not installed.
            SweepError: no cluster answers.
        """
        self._ray = _needed()
        self._connect(address)

    def _connect(self, address: str | None) -> None:
        root = str(Path(datagen.__file__).parents[1])
        paths = [root, os.environ.get("PYTHONPATH", "")]
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        _check_answers(address)
        try:
            self._ray.init(
                address=address,
                ignore_reinit_error=True,
                include_dashboard=False if address is None else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={
                    "env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, paths)), **passed}
                },
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise SweepError(
                f"no Ray cluster answers at {address or 'this machine'} ({reason}); start one with "
                "`ray start --head`, or leave --executor out"
            ) from error

    def run(self, tasks: Sequence[Task], tell: Tell) -> Iterator[TrialOutcome]:
        """Yield outcomes as they come; nodes send no events while a trial runs."""
        # max_calls: a process of its own for every trial
        remote = self._ray.remote(max_calls=1, max_retries=_RETRIES)(_run_plain)
        running: dict[Any, Task] = {}
        try:
            for task in tasks:
                place = remote.options(num_cpus=task.threads, name=f"{task.point}-{task.seed}")
                running[place.remote(task.model_dump_json())] = task
                tell(task, {"event": "launch"})
            while running:
                (ready,), _ = self._ray.wait(list(running), num_returns=1)
                yield self._outcome(ready, running.pop(ready))
        finally:
            for reference in running:  # by force: Ray then ends what runs below its process, too
                self._ray.cancel(reference, force=True)

    def _outcome(self, reference: Any, task: Task) -> TrialOutcome:
        try:
            return TrialOutcome.model_validate_json(self._ray.get(reference))
        except self._ray.exceptions.RayError as error:
            last = [line for line in str(error).splitlines() if line.strip()]
            return failed(
                task,
                f"the trial's process was lost ({last[-1].strip() if last else error}), perhaps "
                "for memory; --retry-failed tries again",
            )


def _run_plain(task: str) -> str:
    """Run a trial on a node, from JSON to JSON."""
    return run_trial(Task.model_validate_json(task)).model_dump_json()


def _check_answers(address: str | None) -> None:
    """Refuse a cluster that does not answer at once: Ray itself would try for minutes.

    Raises:
        SweepError: it does not answer.
    """
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # "auto", "local": Ray looks it up
    try:
        socket.create_connection((host, int(port)), timeout=_TIMEOUT).close()
    except OSError as error:
        raise SweepError(
            f"no Ray cluster answers at {address} ({error}); start one with `ray start --head`, or "
            "leave --executor out"
        ) from error


def check_installed() -> None:
    """Refuse where Ray is missing.

    Raises:
        UsageError: it is.
    """
    _needed()


def _needed() -> ModuleType:
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "--executor ray needs the package ray; install roman-datagen[ray]"
        ) from None
    return ray
