"""Trials in processes of this machine: who runs them, and what becomes of them."""

import os
import signal
from pathlib import Path

import pytest

from datagen.building.build import build
from datagen.evaluation.process import Event, identity
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sweeps.executors.local import LocalExecutor
from datagen.sweeps.trial import Task

WORKER = "datagen.sweeps.executors.worker"


@pytest.fixture
def tasks(evaluable: Path, pen: Ingredient, tmp_path: Path) -> list[Task]:
    """Four trials of one epoch, each with a recipe of its own."""
    (tmp_path / "spec.yaml").write_text("")
    return [
        Task(
            folder=tmp_path,
            point=f"{k:016}",
            seed=123,
            recipe=_recipe(pen, k).model_dump(mode="json", exclude_none=True),
            until=None,
            tests=(evaluable / "test",),
            selection=None,
            preview=1,
            engine="auto",
            threads=1,
            evaluator=identity(),
        )
        for k in range(4)
    ]


def _recipe(pen: Ingredient, seed: int) -> Recipe:
    return Recipe(mix=(pen,), images=60, seed=seed)


def children(module: str = "") -> set[int]:
    """Return the processes that this one has started, of one module."""
    own = Path(f"/proc/{os.getpid()}/task")
    if not own.is_dir():
        pytest.skip("finds child processes through /proc")
    found = {int(n) for t in own.iterdir() for n in (t / "children").read_text().split()}
    return {pid for pid in found if module in _command_of(pid)}


def _command_of(pid: int) -> str:
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return ""


@pytest.mark.tensorflow
def test_a_process_runs_one_trial_after_the_other(
    tasks: list[Task], pen: Ingredient, tmp_path: Path
) -> None:
    others = children()
    running: list[set[int]] = []

    def note(_: Task, event: Event) -> None:
        if event["event"] == "launch":
            running.append(children(WORKER))

    with LocalExecutor(1) as executor:
        first = list(executor.run(tasks[:2], note))
        first += executor.run(tasks[2:3], note)  # a later round
        (worker,) = set.union(*running)
        os.kill(worker, signal.SIGKILL)  # while it has no trial: nothing is lost
        os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
        first += executor.run(tasks[3:], note)
        (other,) = children(WORKER)
    assert other != worker
    assert children() == others
    assert [outcome.error for outcome in first] == [None] * 4
    for k, outcome in enumerate(first):
        alone = build(_recipe(pen, k), tmp_path / f"alone-{k}")
        assert outcome.fingerprint == alone.info.fingerprint


@pytest.mark.tensorflow
def test_a_trial_that_cannot_be_built_fails_alone(tasks: list[Task]) -> None:
    lost = tasks[0].model_copy(update={"folder": tasks[0].folder / "nowhere"})
    with LocalExecutor(1) as executor:
        failed, good = executor.run([lost, tasks[1]], lambda *_: None)
    assert "cannot be seen from here" in str(failed.error)
    assert good.error is None


@pytest.mark.tensorflow
def test_a_trial_killed_by_the_system_fails_alone(tasks: list[Task]) -> None:
    others = children()
    killed: list[str] = []

    def kill_one(task: Task, event: Event) -> None:
        if event["event"] == "launch" and not killed:
            killed.append(task.point)
            for pid in children(WORKER):
                os.kill(pid, signal.SIGKILL)

    with LocalExecutor(2) as executor:
        outcomes = executor.run(tasks[:2], kill_one)
        first = next(outcomes)
        assert "killed by SIGKILL, perhaps because memory ran out" in str(first.error)
        outcomes.close()  # type: ignore[attr-defined]  # it is a generator
        assert not children(WORKER)
    assert children() == others
