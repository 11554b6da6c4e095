"""A sweep from its spec to its last trial: what is known is looked up, the rest is run.

Enters: a spec, its points, a folder, an executor. Leaves: the lines of `sweep.jsonl`. A strategy
decides who goes how far; here its rounds become tasks, and outcomes become trials.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Any

from datagen.core.errors import StoppedError, UsageError
from datagen.evaluation.process import PARTS, Event, identity
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.executors.local import Executor
from datagen.sweeps.records import Reached, State, Trial
from datagen.sweeps.spec import Spec
from datagen.sweeps.store import Store, opened
from datagen.sweeps.strategies import Values, run_grid_or_halving, run_tpe
from datagen.sweeps.tpe import Proposals, note_points
from datagen.sweeps.trial import Task, TrialOutcome


class Listener:
    """Is told how a sweep goes, from the caller's own thread; this one does not care."""

    def round(self, tasks: int, until: int) -> None:
        """Hear that so many trials now run to an epoch."""

    def event(self, point: Candidate, task: Task, event: Event) -> None:
        """Hear what a running evaluation says."""

    def outcome(self, point: Candidate, outcome: TrialOutcome) -> None:
        """Hear that a trial came to a rung, to the end, or failed."""

    def trial(self, trial: Trial, *, news: bool) -> None:
        """Hear that the state of a trial is final, and whether it was not before."""


def run_sweep(
    spec: Spec,
    points: Sequence[Candidate],
    folder: Path,
    executor: Executor,
    listener: Listener,
    *,
    retry_failed: bool = False,
) -> tuple[Trial, ...]:
    """Run what of a sweep is not known yet.

    Args:
        spec: the sweep.
        points: of `spec`.
        folder: made where it is not there; its spec is replaced, unless the sweep is refused: then
            all its files stay as they were.
        executor: where trials run.
        listener: told how it goes.
        retry_failed: run failed trials again.

    Returns:
        Every trial of the sweep whose state is final.

    Raises:
        UsageError: another sweep runs in the folder, it cannot be written, or what trials it has
            were scored by another evaluator.
        CorruptInputError: a log in the folder is damaged.
        StoppedError: Ctrl-C; the same call goes on.
    """
    folder = folder.resolve()
    with opened(folder) as store:
        if retry_failed:
            store.forget_failed()
        runner = _StoredTrialRunner(spec, points, store, executor, listener)
        try:
            if spec.strategy == "tpe":
                run_tpe(spec, points, runner, Proposals(spec, points, store.journal))
            else:
                run_grid_or_halving(spec, points, runner)
        except KeyboardInterrupt:
            raise StoppedError(_where(store, folder)) from None
        store.begin(spec)  # where nothing ran
        if runner.ran and spec.strategy != "tpe":
            note_points(store.journal, points, runner.values, spec.epochs)
        wanted = {(point.id, seed) for point in points for seed in spec.seed_list}
        return tuple(trial for key, trial in store.trials.items() if key in wanted)


def _where(store: Store, folder: Path) -> str:
    ended = len(store.trials)
    return (
        f"interrupted: {ended} trial{'s have' if ended != 1 else ' has'} ended, finished epochs of "
        f"the others are kept; the same command goes on in {folder}"
    )


class _StoredTrialRunner:
    """Runs what a strategy asks for, or finds it in the store; see `strategies.TrialRunner`.

    Attributes:
        ran: tasks that were run.
        values: what decided, by point and epoch.
    """

    def __init__(
        self,
        spec: Spec,
        points: Sequence[Candidate],
        store: Store,
        executor: Executor,
        listener: Listener,
    ) -> None:
        self._spec = spec
        self._points = {point.id: point for point in points}
        self._store = store
        self._executor = executor
        self._listener = listener
        self._evaluator = identity()
        self.ran = 0
        self.values: dict[str, dict[int, float]] = defaultdict(dict)

    def run(self, points: Sequence[Candidate], until: int | None) -> Values:
        """Bring all seeds of the points to an epoch, or to the end; failed points are left out."""
        # seed by seed: several datasets are then built at once, instead of one being waited for
        pairs = [(point, seed) for seed in self._spec.seed_list for point in points]
        tasks = []
        for point, seed in pairs:
            known = self._store.outcome(point.id, seed, until)
            if known is None:
                tasks.append(self._task(point, seed, until))
            else:
                self._settle(point, known)
        if tasks:
            self._work(tasks, until or self._spec.epochs)
        return self._means(points, until)

    def _work(self, tasks: Sequence[Task], until: int) -> None:
        self._check_evaluator()
        self._store.begin(self._spec)
        self._listener.round(len(tasks), until)
        tell = self._listener.event
        outcomes: Any = self._executor.run(
            tasks, lambda task, event: tell(self._points[task.point], task, event)
        )
        with closing(outcomes):
            for outcome in outcomes:
                self.ran += 1
                self._store.add_outcome(outcome)
                point = self._points[outcome.point]
                self._listener.outcome(point, outcome)
                self._settle(point, outcome)

    def _check_evaluator(self) -> None:
        """Refuse to add to trials that another evaluator scored.

        Raises:
            UsageError: it was updated since, or sees another GPU.
        """
        scored = (o for o in self._store.outcomes.values() if o.error is None)
        if {outcome.evaluator for outcome in scored} - {None, self._evaluator}:
            raise UsageError(
                f"trials in {self._store.folder} were scored by another evaluator ({PARTS}), so "
                "more of them could not be compared; choose another --out"
            )

    def _settle(self, point: Candidate, outcome: TrialOutcome) -> None:
        """Write the trial down where nothing can change it any more."""
        if outcome.error is not None:
            self._finish(point, outcome, "failed")
        elif outcome.complete:
            self._finish(point, outcome, "done")

    def stop(self, points: Iterable[Candidate]) -> None:
        """Say of points that they go no further."""
        for point in points:
            for seed in self._spec.seed_list:
                last = self._store.last(point.id, seed)
                if last is not None and last.error is None and not last.complete:
                    self._finish(point, last, "stopped")

    def _means(self, points: Sequence[Candidate], until: int | None) -> dict[str, float]:
        means = {}
        for point in points:
            found = [
                outcome.value
                for outcome in self._outcomes(point, until)
                if outcome.error is None and outcome.value is not None
            ]
            if found:
                means[point.id] = fmean(found)
                self.values[point.id][until or self._spec.epochs] = means[point.id]
        return means

    def _outcomes(self, point: Candidate, until: int | None) -> Iterator[TrialOutcome]:
        for seed in self._spec.seed_list:
            outcome = self._store.outcome(point.id, seed, until)
            if outcome is not None:
                yield outcome

    def _task(self, point: Candidate, seed: int, until: int | None) -> Task:
        spec = self._spec
        return Task(
            folder=self._store.folder,
            point=point.id,
            seed=seed,
            recipe=point.recipe.model_dump(mode="json", exclude_none=True),
            until=until,
            tests=spec.tests,
            selection=spec.selection,
            preview=spec.preview,
            engine=spec.engine,
            threads=spec.threads,
            evaluator=self._evaluator,
        )

    def _finish(self, point: Candidate, last: TrialOutcome, state: State) -> None:
        build, evaluate = self._store.seconds(point.id, last.seed)
        reached = last.model_dump(include=set(Reached.model_fields))
        trial = Trial(
            **reached | {"build_seconds": build, "evaluate_seconds": evaluate},
            name=point.name,
            ratios=dict(point.ratios),
            settings=dict(point.settings),
            state=state,
        )
        self._listener.trial(trial, news=self._store.add_trial(trial))
