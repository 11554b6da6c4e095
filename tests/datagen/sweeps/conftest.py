"""Trials that cost nothing: an executor that makes outcomes up; and looks at those that run."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from datagen.sweeps.candidates import Candidate, candidates_of
from datagen.sweeps.listener import Listener
from datagen.sweeps.records import Trial
from datagen.sweeps.spec import Spec, validate
from datagen.sweeps.trial import Task, TrialOutcome
from datagen.sweeps.trial_runner import run_trials
from tests.datagen import pretender


class Pretender(pretender.Executor):
    """An executor whose trials reach what `value` says; a text is an error.

    Their losses are those that `loss` says; None as in earlier versions.
    """

    def __init__(
        self,
        value: Callable[[Task], float | str],
        left: int = 10**6,
        loss: Callable[[Task], float | None] = lambda _: None,
    ) -> None:
        super().__init__(left)
        self.value = value
        self.loss = loss

    def outcome(self, task: Task) -> TrialOutcome:
        """Return what `value` says."""
        value = self.value(task)
        keys = {"point", "seed", "until", "evaluator"}
        common = task.model_dump(include=keys)
        if isinstance(value, str):
            return TrialOutcome.model_validate(common | {"error": value})
        return TrialOutcome.model_validate(
            common
            | {
                "epochs": task.until or task.preview or 100,
                "complete": task.until is None,
                "official": task.until is None and task.preview is None,
                "value": value,
                "loss": self.loss(task),
                "val_accuracy": value,
                "build_seconds": 1.0,
                "evaluate_seconds": 2.0,
                "score": task.score_path(task.until).as_posix(),
            }
        )


class Notes(Listener):
    """A listener that remembers.

    Attributes:
        trials: those told, and whether each was news.
        rounds: trials and epoch of every round.
    """

    def __init__(self) -> None:
        self.trials: list[tuple[Trial, bool]] = []
        self.rounds: list[tuple[int, int]] = []

    def round(self, tasks: int, until: int) -> None:
        """Note a round."""
        self.rounds.append((tasks, until))

    def trial(self, trial: Trial, *, news: bool) -> None:
        """Note a trial."""
        self.trials.append((trial, news))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a sweep that is not there yet."""
    return tmp_path / "out"


def make_spec(values: int = 9, **keys: object) -> Spec:
    """Return a sweep over recipe seeds, which needs no source."""
    return validate({"vary": {"seed": list(range(values))}, **keys}, origin="test")


def sweep(
    spec: Spec, out: Path, executor: Pretender, *, retry_failed: bool = False
) -> tuple[tuple[Trial, ...], Notes]:
    """Run a sweep with made-up trials."""
    notes = Notes()
    candidates = candidates_of(spec, out)
    trials = run_trials(spec, candidates, out, executor, notes, retry_failed=retry_failed)
    return trials, notes


def by_seed(candidates: Sequence[Candidate]) -> dict[str, int]:
    """Return the recipe's seed of each candidate."""
    return {candidate.id: candidate.recipe.seed for candidate in candidates}


def state_files(folder: Path) -> list[Path]:
    """Return the kept states of evaluations whose cache is `folder`'s own."""
    return list((folder / "cache" / "runs").glob("*/state-*.bin"))


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until processes have brought something about."""
    for _ in range(900):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited too long")
