"""Evaluations forked from a fork server are those of fresh processes, ended as these are."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datagen.core.errors import InputError
from datagen.evaluation.fork_server import (
    SOCKET,
    SWITCH,
    ForkedEvaluation,
    ForkServer,
    can_fork,
    fork,
)
from datagen.evaluation.process import EvaluationJob, EvaluatorProcess
from datagen.evaluation.records import Score
from datagen.files.locks import try_lock
from tests.datagen.conftest import untimed

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(
        sys.platform != "linux" or any(Path("/dev").glob("nvidia[0-9]*")),
        reason="forks a process with TensorFlow: on Linux without a GPU",
    ),
]


@pytest.fixture(scope="module")
def _descriptor() -> Iterator[int]:
    evaluator = ForkServer()
    descriptor = evaluator.descriptor(os.environ)
    assert descriptor == evaluator.descriptor(os.environ)
    assert descriptor is not None
    yield descriptor
    evaluator.close()


@pytest.fixture
def fork_server(_descriptor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process ask a fork server."""
    monkeypatch.setenv(SOCKET, str(_descriptor))


def job(root: Path, **changes: Any) -> EvaluationJob:
    plain: dict[str, Any] = {
        "dataset": root / "tiny",
        "tests": (root / "test",),
        "seed": 123,
        "protocol": "cutoff-resnet50",
        "engine": "native",
        "preview": 2,
        "threads": 1,
    }
    return EvaluationJob(**plain | changes)


def evaluated(job: EvaluationJob, folder: Path, *, forked: bool = True) -> Score:
    """Evaluate in a fork or, where there can be none, in a fresh process."""
    folder.mkdir()
    run = EvaluatorProcess(job, folder / "score.json", folder / "state")
    run.start()
    assert isinstance(run._process, ForkedEvaluation) == forked
    return run.listen(lambda _: None)


@pytest.mark.usefixtures("fork_server")
def test_a_fork_scores_bit_for_bit_as_a_fresh_process(
    evaluable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = job(evaluable)
    first, again = (evaluated(asked, tmp_path / name) for name in ("first", "again"))
    other = evaluated(job(evaluable, seed=124), tmp_path / "other")
    monkeypatch.delenv(SOCKET)
    fresh = evaluated(asked, tmp_path / "fresh", forked=False)
    assert untimed(first) == untimed(again) == untimed(fresh)
    assert untimed(other)["history"] != untimed(fresh)["history"]
    assert (tmp_path / "first" / "state").is_dir()


@pytest.mark.usefixtures("fork_server")
def test_refusals_and_usage_are_told_as_by_a_fresh_process(evaluable: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(InputError, match=str(missing)):
        evaluated(job(evaluable, tests=(missing,)), tmp_path / "run")
    wrong = fork(["--no-such-option"], None)
    assert wrong is not None
    with wrong.stderr as said:
        assert "usage: python -m fixed_eval" in said.read()
    assert wrong.wait() == wrong.wait() == wrong.poll() == 2


def test_a_fork_that_ends_at_once_is_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It told its exit code before the server told that it had begun, and passed for none."""
    slow = (
        "import os, sys, time\n"
        "from fixed_eval import warm\n"
        "opened = os.pidfd_open\n"
        "os.pidfd_open = lambda pid: (time.sleep(0.5), opened(pid))[1]\n"
        "sys.exit(warm.main())"
    )
    (tmp_path / "slow_to_follow.py").write_text(slow, encoding="utf-8")
    monkeypatch.setattr("datagen.evaluation.fork_server._MODULE", "slow_to_follow")
    with contextlib.closing(ForkServer()) as server:
        descriptor = server.descriptor({**os.environ, "PYTHONPATH": str(tmp_path)})
        monkeypatch.setenv(SOCKET, str(descriptor))
        ended = fork(["--no-such-option"], None)
        assert ended is not None
        ended.stderr.close()
        assert ended.wait() == 2


@pytest.mark.usefixtures("fork_server")
def test_a_fork_is_ended_by_signals_and_holds_its_lock_until_then(
    evaluable: Path, tmp_path: Path
) -> None:
    lock = try_lock(tmp_path / "lock")
    assert lock is not None
    endless = job(evaluable, preview=10_000).arguments(tmp_path / "score", tmp_path / "state")
    forked = fork(endless, lock)
    assert forked is not None
    os.close(lock)
    with forked.stderr as lines:
        while '"event": "epoch"' not in next(lines):
            pass
        with pytest.raises(subprocess.TimeoutExpired):
            forked.wait(0.01)
        assert try_lock(tmp_path / "lock") is None
        forked.terminate()
        assert forked.wait(60) == -signal.SIGTERM
    forked.kill()  # nothing left to end
    again = try_lock(tmp_path / "lock")
    assert again is not None
    os.close(again)


def test_a_fork_needs_the_fork_server_no_more(
    evaluable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ForkServer()
    monkeypatch.setenv(SOCKET, str(server.descriptor(os.environ)))
    run = EvaluatorProcess(job(evaluable, preview=3), tmp_path / "score.json", tmp_path / "state")
    run.start()
    assert isinstance(run._process, ForkedEvaluation)
    endless = fork(job(evaluable, preview=10_000).arguments(tmp_path / "a", tmp_path / "b"), None)
    assert endless is not None
    server.close()
    assert run.listen(lambda _: None).complete
    with endless.stderr as lines:
        next(lines)
        endless.kill()
        assert endless.wait(60) == -signal.SIGKILL
    # without it: a fresh process
    assert evaluated(job(evaluable, preview=1), tmp_path / "out", forked=False).complete


@pytest.mark.usefixtures("fork_server")
def test_what_is_no_request_does_not_stop_it(evaluable: Path, tmp_path: Path) -> None:
    with socket.socket(fileno=os.dup(int(os.environ[SOCKET]))) as requests:
        for message in (b"no JSON", b"[]"):
            requests.send(message)
    assert evaluated(job(evaluable, preview=1), tmp_path / "run").complete


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "999"])
def test_a_variable_that_is_no_sweeps_is_passed_over(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET, value)
    assert fork(["--help"], None) is None


@pytest.mark.parametrize("refusal", [AttributeError, PermissionError])
def test_a_system_without_pidfds_has_no_fork_server(
    refusal: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> int:
        raise refusal

    monkeypatch.setattr("os.pidfd_open", refuse)
    server = ForkServer()
    assert server.descriptor(os.environ) is None
    server.close()


def test_it_is_switched_off_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "1")
    assert can_fork()
    monkeypatch.setenv(SWITCH, "0")
    server = ForkServer()
    assert server.descriptor(os.environ) is None
    server.close()


def test_it_ends_when_who_started_it_is_killed() -> None:
    code = (
        "import os, signal\n"
        "from datagen.evaluation.fork_server import ForkServer\n"
        "server = ForkServer()\n"
        "server.descriptor(os.environ)\n"
        "print(server._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False
    )
    status = Path(f"/proc/{done.stdout.strip()}/status")
    for _ in range(600):
        try:
            if "State:\tZ" in status.read_text():
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.1)
    pytest.fail("the fork server outlived who started it")
