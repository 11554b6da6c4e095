"""Trials on a Ray cluster: the same trial function, each in a fresh process of some node.

Enters: tasks. Leaves: outcomes, as they come. A task whose node dies is run again on another, where
it finds on the shared disk what was finished; its outcome is taken once.
"""

import ipaddress
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

_log = logging.getLogger(__name__)

_RETRIES: Final = 5  # of a task whose node or process died
_TIMEOUT: Final = 5.0  # seconds to wait for an answer
_PASSED: Final = ("DATAGEN_CACHE",)  # environment that decides what is known


class RayExecutor:
    """A cluster. Every node must see the sweep's folder under the same path."""

    def __init__(self, address: str | None) -> None:
        """Connect to a cluster, or start one on this machine where `address` is None.

        A cluster that is started here listens on this machine alone. Of one that was there before
        a warning says, once, that Ray trusts whoever can reach it.

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
        own = address is None and not os.environ.get("RAY_ADDRESS")
        if own:
            _keep_to_this_machine()
        else:
            _log.warning(
                "Ray trusts its network: whoever reaches the cluster at %s can run code there; "
                "keep it behind a firewall, or start it with RAY_AUTH_MODE=token",
                address or os.environ["RAY_ADDRESS"],
            )
        try:
            self._ray.init(
                address=address,
                ignore_reinit_error=True,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={
                    "env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, paths)), **passed}
                },
                **({"include_dashboard": False} if own else {}),
            )
        except Exception as error:
            reason = " ".join(str(error).split())
            raise SweepError(
                f"no Ray cluster answers at {address or 'this machine'} ({reason}); start one with "
                "`ray start --head`, or leave --executor out"
            ) from error

        if own:
            self._check_loopback()

    def _check_loopback(self) -> None:
        """Refuse a cluster of our own that other machines could reach.

        Raises:
            SweepError: this version of Ray does not keep to the machine.
        """
        place = self._ray.util.get_node_ip_address()
        if not ipaddress.ip_address(place).is_loopback:
            self._ray.shutdown()
            raise SweepError(
                f"Ray listens on {place}, where any host may run code, and not on this machine "
                "alone; start a cluster with RAY_AUTH_MODE=token and name it by --address, or "
                "leave --executor out"
            )

    def run(self, tasks: Sequence[Task], tell: Tell) -> Iterator[TrialOutcome]:
        """Yield outcomes as they come; nodes send no events while a trial runs."""
        # max_calls: a process of its own for every trial
        remote = self._ray.remote(max_calls=1, max_retries=_RETRIES)(_run_plain)
        running: dict[Any, Task] = {}
        try:
            for task in tasks:
                place = remote.options(num_cpus=task.threads or 1, name=f"{task.point}-{task.seed}")
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
                "because memory ran out; --retry-failed tries again",
            )


def _run_plain(task: str) -> str:
    """Run a trial on a node, from JSON to JSON."""
    return run_trial(Task.model_validate_json(task)).model_dump_json()


def _keep_to_this_machine() -> None:
    """Let a cluster that is started here listen on loopback: it would run anybody's code.

    On Linux Ray takes the network's address even where it is told 127.0.0.1; what it reads at its
    import, and in its own processes, is a switch made for Windows and macOS.
    """
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    from ray._private import ray_constants  # noqa: PLC0415 - an extra, perhaps imported before

    ray_constants.ENABLE_RAY_CLUSTER = False


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
            "--executor ray needs the package ray; in the clone, run pip install '.[ray]'"
        ) from None
    return ray
