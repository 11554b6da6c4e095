"""Trials on a Ray cluster: the same trial function, each in a fresh process of some node.

Enters: tasks. Leaves: outcomes, as they come. A task whose node dies is run again on another, where
it finds on the shared disk what was finished; its outcome is taken once.
"""

import importlib
import ipaddress
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Self

import datagen
from datagen.core.errors import SweepError, UsageError
from datagen.sweeps.executors.local import Tell
from datagen.sweeps.trial import Task, TrialOutcome, failed, run_trial

_log = logging.getLogger(__name__)

_RETRIES: Final = 5  # of a task whose node or process died
_TIMEOUT: Final = 5.0  # seconds to wait for an answer
_PASSED: Final = ("DATAGEN_CACHE",)  # environment that decides what is known
_SWITCH: Final = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
_OWN: Final = "local"  # Ray's name of a cluster that it starts here and now


class RayExecutor:
    """A cluster. Every node must see the sweep's folder under the same path.

    As a context manager it ends, at the end, the cluster that it started, if it did.
    """

    def __init__(self, address: str | None) -> None:
        """Connect to a cluster, or start one on this machine where `address` is None.

        Where this process has initialised Ray already, that is the cluster, and it stays as it is.
        A cluster that is started here listens on this machine alone. Of another that other machines
        reach, a warning says that Ray trusts whoever can reach it.

        Raises:
            UsageError: Ray is not installed, or is connected to another cluster already.
            SweepError: no cluster answers.
        """
        self._ray = _needed()
        self._own = False
        if self._ray.is_initialized():
            self._join(address)
        else:
            self._connect(address or os.environ.get("RAY_ADDRESS") or _OWN)

    def _join(self, address: str | None) -> None:
        """Take the cluster that this process is connected to: it is whoever's who did that.

        Raises:
            UsageError: `address` is that of another one.
        """
        here = self._here()
        if address is not None and not self._is_here(address):
            raise UsageError(
                f"this process has initialised Ray already, at {here}, and not at {address}; leave "
                "the address out, or call ray.shutdown() first"
            )
        if not self._keeps_to_this_machine():
            _warn_of(here)

    def _here(self) -> str:
        if self._through_gate():
            return ", ".join(self._nodes())
        return str(self._ray.get_runtime_context().gcs_address)

    def _is_here(self, address: str) -> bool:
        if address in ("auto", _OWN):
            return True
        if "://" in address or self._through_gate():  # the cluster's own address is not known
            return "://" in address and self._through_gate()
        return _is_same(address, self._here())

    def _through_gate(self) -> bool:
        """Return whether the cluster was reached by ray://HOST."""
        return bool(self._ray.util.client.ray.is_connected())

    def _connect(self, address: str) -> None:
        _check_answers(address)
        self._own = address == _OWN
        if not self._own:
            _warn_of(address)
        try:
            with _own_signals(), _kept_to_this_machine() if self._own else nullcontext():
                self._ray.init(
                    address=address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    **({"include_dashboard": False} if self._own else {}),
                )
        except Exception as error:
            place, reason = "this machine" if self._own else address, " ".join(str(error).split())
            raise SweepError(
                f"no Ray cluster answers at {place} ({reason}); start one with "
                "`ray start --head`, or leave --executor out"
            ) from error
        if self._own and not self._keeps_to_this_machine():
            place = self._here()
            self.close()
            raise SweepError(
                f"Ray listens on {place}, where any host may run code, and not on this machine "
                "alone; start a cluster with RAY_AUTH_MODE=token and name it by --address, or "
                "leave --executor out"
            )

    def close(self) -> None:
        """End the cluster, where it was started here; any other stays as it is."""
        if self._own:
            self._ray.shutdown()
            self._own = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keeps_to_this_machine(self) -> bool:
        """Return whether no other machine can reach a node."""
        return all(ipaddress.ip_address(place).is_loopback for place in self._nodes())

    def _nodes(self) -> list[str]:
        return [node["NodeManagerAddress"] for node in self._ray.nodes() if node["Alive"]]

    def run(self, tasks: Sequence[Task], tell: Tell) -> Iterator[TrialOutcome]:
        """Yield outcomes as they come; nodes send no events while a trial runs."""
        # max_calls: a process of its own for every trial
        remote = self._ray.remote(
            max_calls=1, max_retries=_RETRIES, runtime_env={"env_vars": _environment()}
        )(_run_plain)
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


def _environment() -> dict[str, str]:
    """Return what a trial's process is told: of each task, for a cluster may be another's."""
    paths = [str(Path(datagen.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths)), **passed}


def _warn_of(address: str) -> None:
    _log.warning(
        "Ray trusts its network: whoever reaches the cluster at %s can run code there; keep it "
        "behind a firewall, or start it with RAY_AUTH_MODE=token",
        address,
    )


def _is_same(address: str, here: str) -> bool:
    """Return whether an address, as people give it, is that of the cluster at `here`."""
    host, _, port = address.rpartition(":")
    own_host, _, own_port = here.rpartition(":")
    try:
        found = socket.gethostbyname(host)
    except OSError:
        return False
    return port == own_port and (found == own_host or ipaddress.ip_address(found).is_loopback)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep this process's SIGTERM: Ray makes it an exit without a word."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _kept_to_this_machine() -> Iterator[None]:
    """Let a cluster that is started here listen on loopback: it would run anybody's code.

    On Linux Ray takes the network's address even where it is told 127.0.0.1; what it reads at its
    import, and in its own processes, is a switch made for Windows and macOS.
    """
    from ray._private import ray_constants  # noqa: PLC0415 - an extra, perhaps imported before

    before = os.environ.get(_SWITCH), ray_constants.ENABLE_RAY_CLUSTER
    os.environ[_SWITCH], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:  # a cluster that the process starts later is as it would be without this one
        ray_constants.ENABLE_RAY_CLUSTER = before[1]
        del os.environ[_SWITCH]
        if before[0] is not None:
            os.environ[_SWITCH] = before[0]


def _check_answers(address: str) -> None:
    """Refuse a cluster that does not answer at once: Ray itself would try for minutes.

    Raises:
        SweepError: it does not answer.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
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
        return importlib.import_module("ray")  # an extra
    except ImportError:
        raise UsageError(
            "--executor ray needs the package ray; in the clone, run pip install '.[ray]'"
        ) from None
