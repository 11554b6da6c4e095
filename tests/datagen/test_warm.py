"""Evaluations forked from a warm process are those of fresh processes, ended as these are."""

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

from datagen.errors import InputError
from datagen.evaluator import Event, Job, Run
from datagen.locks import try_lock
from datagen.scores import Score
from datagen.warm import ADDRESS, Forked, WarmEvaluator, fork

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or any(Path("/dev").glob("nvidia[0-9]*")),
    reason="forks a process with TensorFlow: on Linux without a GPU",
)


@pytest.fixture(scope="module")
def _environment() -> Iterator[dict[str, str]]:
    evaluator = WarmEvaluator()
    yield evaluator.environment(os.environ, threads=1)
    evaluator.close()


@pytest.fixture
def warm(_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process ask a warm evaluator."""
    monkeypatch.setenv(ADDRESS, _environment[ADDRESS])


def job(root: Path, **changes: Any) -> Job:
    plain: dict[str, Any] = {
        "dataset": root / "tiny",
        "tests": (root / "test",),
        "seed": 123,
        "protocol": "cutoff-resnet50",
        "engine": "native",
        "preview": 2,
        "threads": 1,
    }
    return Job(**plain | changes)


def evaluated(job: Job, folder: Path) -> Score:
    folder.mkdir()
    run = Run(job, folder / "score.json", folder / "state")
    run.start()
    return run.listen(lambda _: None)


def content(score: Score) -> dict[str, Any]:
    """Return all of a score but times."""
    plain = score.model_dump(mode="json")
    del plain["seconds"]
    for epoch in plain["history"]:
        del epoch["seconds"], epoch["train_seconds"]
    return plain


@pytest.mark.usefixtures("warm")
def test_a_fork_scores_bit_for_bit_as_a_fresh_process(
    evaluable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = job(evaluable)
    first, again = (evaluated(asked, tmp_path / name) for name in ("first", "again"))
    other = evaluated(job(evaluable, seed=124), tmp_path / "other")
    assert first.seconds["import"] < 1  # else it was no fork
    monkeypatch.delenv(ADDRESS)
    fresh = evaluated(asked, tmp_path / "fresh")
    assert fresh.seconds["import"] > first.seconds["import"]
    assert content(first) == content(again) == content(fresh)
    assert content(other)["history"] != content(fresh)["history"]
    assert (tmp_path / "first" / "state").is_dir()


@pytest.mark.usefixtures("warm")
def test_refusals_and_usage_are_told_as_by_a_fresh_process(evaluable: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(InputError, match=str(missing)):
        evaluated(job(evaluable, tests=(missing,)), tmp_path / "run")
    wrong = fork(["--no-such-option"], None)
    assert wrong is not None
    with wrong.stderr as said:
        assert "usage: python -m fixed_eval" in said.read()
    assert wrong.wait() == wrong.wait() == wrong.poll() == 2


@pytest.mark.usefixtures("warm")
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


def test_without_the_warm_process_a_run_goes_on_as_a_fresh_one(
    evaluable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = WarmEvaluator()
    monkeypatch.setenv(ADDRESS, warm.environment(os.environ, threads=1)[ADDRESS])
    endless = job(evaluable, preview=10_000).arguments(tmp_path / "score", tmp_path / "state")
    forked = fork(endless, None)
    assert forked is not None
    with forked.stderr as lines:
        next(lines)
        warm.close()
        assert forked.wait(60) == -signal.SIGKILL  # nobody would tell how it ended
    folder = Path(os.environ[ADDRESS]).parent
    assert not folder.exists()
    events: list[Event] = []
    run = Run(job(evaluable), tmp_path / "out", tmp_path / "state")
    run.start()
    assert not isinstance(run._process, Forked)
    score = run.listen(events.append)
    assert score.seconds["import"] > 1
    assert events[-1]["event"] == "done"


@pytest.mark.usefixtures("warm")
def test_who_asks_nothing_does_not_stop_it(evaluable: Path, tmp_path: Path) -> None:
    for message in (None, b"no JSON", b"[]"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
            stranger.connect(os.environ[ADDRESS])
            if message is not None:
                stranger.send(message)
    assert evaluated(job(evaluable, preview=1), tmp_path / "run").seconds["import"] < 1


def test_it_ends_when_who_started_it_is_killed() -> None:
    code = (
        "import os, signal\n"
        "from datagen.warm import WarmEvaluator\n"
        "warm = WarmEvaluator()\n"
        "warm.environment(os.environ, threads=1)\n"
        "print(warm._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False
    )
    status = Path(f"/proc/{done.stdout.strip()}/status")
    for _ in range(600):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail("the warm process outlived who started it")
