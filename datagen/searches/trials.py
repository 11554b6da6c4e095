"""Trainings of candidates on folds: what is known is looked up, the rest runs, every look counts.

Enters: candidates and how far they train. Leaves: accuracies by fold, lines of `trials.jsonl` and
`looks.jsonl`. A training is a `Task` of sweeps, and runs where theirs do.
"""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datagen.core.errors import UsageError
from datagen.core.evaluator_facts import OFFICIAL_SEED
from datagen.evaluation.process import PARTS, identity
from datagen.files.lines import append_line, cut_torn_line, read_lines
from datagen.files.paths import recorded_place
from datagen.searches.clock import Clock
from datagen.searches.judge import Folds, Values
from datagen.searches.looks import LOOKS, Look, Purpose, append_look, now
from datagen.searches.parts import Part, Parts
from datagen.searches.space import at, has_real
from datagen.searches.spec import SearchSpec
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.executors.local import Executor
from datagen.sweeps.listener import Listener
from datagen.sweeps.records import DATASETS, Scored
from datagen.sweeps.trial import Task, TrialOutcome

TRIALS: Final = "trials.jsonl"
KEPT: Final = "kept"

_Key = tuple[str, int, int | None]


@dataclass(frozen=True, slots=True)
class _Job:
    """One training: a dataset, and the tests that it is scored on, in order."""

    candidate: Candidate
    name: str
    tests: Mapping[int, Part]

    @property
    def point(self) -> str:
        return f"{self.candidate.id}-{self.name}"


def read_outcomes(folder: Path) -> dict[_Key, TrialOutcome]:
    """Return the trainings that a search's folder knows, failed ones too.

    Raises:
        CorruptInputError: a line of the log is damaged.
    """
    found = read_lines(folder / TRIALS, TrialOutcome)
    return {(each.point, each.seed, each.until): each for each in found}


def jobs_of(candidate: Candidate, parts: Parts) -> list[_Job]:
    """Return the trainings of a candidate on the folds: one where no fold decides its images."""
    if not has_real(candidate.recipe):
        return [_Job(candidate, "folds", parts.folds)]
    return [_Job(candidate, f"fold-{k}", {k: part}) for k, part in parts.folds.items()]


def values_at(
    outcomes: Mapping[_Key, TrialOutcome],
    candidates: Sequence[Candidate],
    parts: Parts,
    until: int | None,
) -> dict[str, Folds]:
    """Return the accuracies at a stage, without candidates that failed or did not come there."""
    found: dict[str, Folds] = {}
    for candidate in candidates:
        folds: dict[int, float] = {}
        for job in jobs_of(candidate, parts):
            outcome = outcomes.get((job.point, OFFICIAL_SEED, until))
            if outcome is not None and outcome.error is None:
                scored = zip(job.tests, _scored(outcome), strict=True)
                folds |= {fold: accuracy(each) for fold, each in scored}
        if folds.keys() == parts.folds.keys():
            found[candidate.id] = folds
    return found


def _scored(outcome: TrialOutcome) -> tuple[Scored, ...]:
    return (*((outcome.selection,) if outcome.selection else ()), *outcome.tests)


def accuracy(scored: Scored) -> float:
    """Return an accuracy, without images that the dataset knows."""
    return (scored.leak_free or 0.0) if scored.leaked else scored.accuracy


class Trials:
    """Runs what a search asks for, in a folder that this process alone writes to."""

    def __init__(
        self,
        spec: SearchSpec,
        parts: Parts,
        folder: Path,
        executor: Executor,
        listener: Listener,
        clock: Clock,
    ) -> None:
        """Read what is known.

        Raises:
            UsageError: it was scored by another evaluator.
            CorruptInputError: a log is damaged.
        """
        self._spec = spec
        self._parts = parts
        self._folder = folder
        self._executor = executor
        self._listener = listener
        self._clock = clock
        self._evaluator = identity()
        self.outcomes = read_outcomes(folder)
        cut_torn_line(folder / TRIALS)
        scored = (each.evaluator for each in self.outcomes.values() if each.error is None)
        if set(scored) - {self._evaluator}:
            raise UsageError(
                f"trainings in {folder} were scored by another evaluator ({PARTS}), so more of "
                "them could not be compared; choose another --out"
            )

    def forget_failed(self) -> None:
        """Forget the failures, so that those trainings run again; the log keeps their lines."""
        self.outcomes = {
            key: outcome for key, outcome in self.outcomes.items() if outcome.error is None
        }

    def failure(self, candidate_id: str, *, on_folds: bool = False) -> str | None:
        """Return why the first failed training of a candidate failed; None where none did.

        Args:
            candidate_id: of the candidate.
            on_folds: look at what chooses only, not at the kept part.
        """
        errors = (
            each.error
            for each in self.outcomes.values()
            if each.error is not None
            and each.point.startswith(f"{candidate_id}-")
            and not (on_folds and each.point == f"{candidate_id}-{KEPT}")
        )
        return next(errors, None)

    def run(self, candidates: Sequence[Candidate], until: int | None) -> Values:
        """Train candidates on all folds to a stage; leave out those that failed."""
        jobs = [job for candidate in candidates for job in jobs_of(candidate, self._parts)]
        self._work([(job, OFFICIAL_SEED) for job in jobs], until, "choice")
        return values_at(self.outcomes, candidates, self._parts, until)

    def report(self, candidates: Sequence[Candidate]) -> None:
        """Score candidates on the kept part, with all seeds; nothing is chosen by it."""
        jobs = [_Job(each, KEPT, {0: self._parts.kept}) for each in candidates]
        seeds = self._spec.seed_list
        self._work([(job, seed) for seed in seeds for job in jobs], None, "report")

    def forget(self, candidates: Sequence[Candidate]) -> None:
        """Remove the datasets of candidates that go no further; they can be built again."""
        for candidate in candidates:
            for place in (self._folder / DATASETS).glob(f"{candidate.id}-*"):
                shutil.rmtree(place, ignore_errors=True)

    def _work(self, pairs: Sequence[tuple[_Job, int]], until: int | None, purpose: Purpose) -> None:
        fresh = {
            (job.point, seed): job
            for job, seed in pairs
            if (job.point, seed, until) not in self.outcomes and not self._failed(job, seed)
        }
        if not fresh:
            return
        tasks = [self._task(job, seed, until) for (_, seed), job in fresh.items()]
        self._listener.round(len(tasks), self._spec.length(until))
        outcomes: Any = self._executor.run(
            tasks,
            lambda task, event: self._listener.event(
                fresh[task.point, task.seed].candidate, task, event
            ),
        )
        with closing(outcomes):
            for outcome in outcomes:
                job = fresh[outcome.point, outcome.seed]
                self._take(outcome, job, purpose)
                self._listener.outcome(job.candidate, outcome)

    def _failed(self, job: _Job, seed: int) -> bool:
        return any(
            (each.point, each.seed) == (job.point, seed) and each.error is not None
            for each in self.outcomes.values()
        )

    def _take(self, outcome: TrialOutcome, job: _Job, purpose: Purpose) -> None:
        """Log the looks first: a kill in between counts them twice rather than never."""
        for part, scored in zip(job.tests.values(), _scored(outcome), strict=False):
            append_look(
                self._folder / LOOKS,
                Look(
                    when=now(),
                    test=recorded_place(part.test, self._folder),
                    what=job.candidate.name,
                    seed=outcome.seed,
                    epochs=outcome.epochs,
                    images=scored.images,
                    purpose=purpose,
                ),
            )
        append_line(self._folder / TRIALS, outcome)
        self.outcomes[outcome.point, outcome.seed, outcome.until] = outcome
        self._clock.save()

    def _task(self, job: _Job, seed: int, until: int | None) -> Task:
        spec = self._spec
        first, *others = job.tests.values()
        return Task(
            folder=self._folder,
            point=job.point,
            seed=seed,
            recipe=at(job.candidate.recipe, first.rest).model_dump(mode="json", exclude_none=True),
            until=until,
            tests=tuple(part.test for part in others),
            selection=first.test,
            preview=spec.preview,
            engine=spec.engine,
            threads=spec.threads,
            evaluator=self._evaluator,
        )
