"""The trials of a sweep: what is known is looked up, the rest is run.

Enters: a spec, its candidates, a folder, an executor. Leaves: the lines of `sweep.jsonl`. A
strategy decides which candidates train how far; here its rounds become tasks, and outcomes become
trials.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Any

from datagen.core.errors import StoppedError, UsageError
from datagen.evaluation.process import PARTS, identity
from datagen.files.paths import real_path, recorded_text
from datagen.sweeps.callbacks import Callback
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.executors.local import Executor
from datagen.sweeps.listener import Listener
from datagen.sweeps.records import Reached, State, Trial
from datagen.sweeps.spec import Spec
from datagen.sweeps.store import Store, opened
from datagen.sweeps.strategies import Merit, Values, run_grid_or_halving, run_tpe
from datagen.sweeps.tpe import Proposals
from datagen.sweeps.trial import Task, TrialOutcome


def run_trials(
    spec: Spec,
    candidates: Sequence[Candidate],
    folder: Path,
    executor: Executor,
    listener: Listener,
    *,
    callbacks: Sequence[Callback] = (),
    retry_failed: bool = False,
) -> tuple[Trial, ...]:
    """Run what of a sweep is not known yet.

    Args:
        spec: the sweep.
        candidates: of `spec`.
        folder: made where it is not there; its spec is replaced, unless the sweep is refused: then
            all its files stay as they were.
        executor: where trials run.
        listener: told how it goes.
        callbacks: told of every trial that ends now.
        retry_failed: run failed trials again.

    Returns:
        Every trial of the sweep whose state is final.

    Raises:
        UsageError: another sweep runs in the folder, it cannot be written, or what trials it has
            were scored by another evaluator.
        CorruptInputError: a log in the folder is damaged.
        StoppedError: Ctrl-C; the same call goes on.
    """
    folder = real_path(folder)
    with opened(folder) as store:
        if retry_failed:
            store.forget_failed()
        runner = _StoredTrialRunner(spec, candidates, store, executor, listener, callbacks)
        try:
            if spec.strategy == "tpe":
                run_tpe(spec, candidates, runner, Proposals(spec, candidates, store.journal))
            else:
                run_grid_or_halving(spec, candidates, runner)
        except KeyboardInterrupt:
            raise StoppedError(_where(store, folder)) from None
        store.begin(spec)  # where nothing ran
        wanted = {(candidate.id, seed) for candidate in candidates for seed in spec.seed_list}
        return tuple(trial for key, trial in store.trials.items() if key in wanted)


def _where(store: Store, folder: Path) -> str:
    ended = len(store.trials)
    return (
        f"interrupted: {ended} trial{'s have' if ended != 1 else ' has'} ended, finished epochs of "
        f"the others are kept; the same command resumes in {folder}"
    )


class _StoredTrialRunner:
    """Runs what a strategy asks for, or finds it in the store; see `strategies.TrialRunner`."""

    def __init__(
        self,
        spec: Spec,
        candidates: Sequence[Candidate],
        store: Store,
        executor: Executor,
        listener: Listener,
        callbacks: Sequence[Callback],
    ) -> None:
        self._spec = spec
        self._candidates = {candidate.id: candidate for candidate in candidates}
        self._store = store
        self._executor = executor
        self._listener = listener
        self._callbacks = callbacks
        self._evaluator = identity()

    def run(self, candidates: Sequence[Candidate], until: int | None) -> Values:
        """Train all seeds of the candidates to an epoch, or to the end; leave out failed ones."""
        # seed by seed: several datasets are then built at once, instead of one being waited for
        pairs = [(candidate, seed) for seed in self._spec.seed_list for candidate in candidates]
        tasks = []
        for candidate, seed in pairs:
            known = self._store.outcome(candidate.id, seed, until)
            if known is None:
                tasks.append(self._task(candidate, seed, until))
            else:
                self._settle(candidate, known)
        if tasks:
            self._work(tasks, until or self._spec.epochs)
        return self._merits(candidates, until)

    def _work(self, tasks: Sequence[Task], until: int) -> None:
        self._check_evaluator()
        self._store.begin(self._spec)
        self._listener.round(len(tasks), until)
        tell = self._listener.event
        outcomes: Any = self._executor.run(
            tasks, lambda task, event: tell(self._candidates[task.point], task, event)
        )
        with closing(outcomes):
            for outcome in outcomes:
                self._store.add_outcome(outcome)
                candidate = self._candidates[outcome.point]
                self._listener.outcome(candidate, outcome)
                self._settle(candidate, outcome)

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

    def _settle(self, candidate: Candidate, outcome: TrialOutcome) -> None:
        """Record the trial where its state is final."""
        if outcome.error is not None:
            self._finish(candidate, outcome, "failed")
        elif outcome.complete:
            self._finish(candidate, outcome, "done")

    def stop(self, candidates: Iterable[Candidate]) -> None:
        """Mark candidates as stopped."""
        for candidate in candidates:
            for seed in self._spec.seed_list:
                last = self._store.last(candidate.id, seed)
                if last is not None and last.error is None and not last.complete:
                    self._finish(candidate, last, "stopped")

    def _merits(self, candidates: Sequence[Candidate], until: int | None) -> Values:
        found = {}
        for candidate in candidates:
            ran = [
                (outcome.value, outcome.loss)
                for outcome in self._outcomes(candidate, until)
                if outcome.value is not None
            ]
            if ran:
                found[candidate.id] = ran
        unknown = any(loss is None for ran in found.values() for _, loss in ran)
        return {
            candidate: Merit(
                fmean(value for value, _ in ran),
                0.0 if unknown else -fmean(loss for _, loss in ran if loss is not None),
            )
            for candidate, ran in found.items()
        }

    def _outcomes(self, candidate: Candidate, until: int | None) -> Iterator[TrialOutcome]:
        for seed in self._spec.seed_list:
            outcome = self._store.outcome(candidate.id, seed, until)
            if outcome is not None:
                yield outcome

    def _task(self, candidate: Candidate, seed: int, until: int | None) -> Task:
        spec = self._spec
        return Task(
            folder=self._store.folder,
            point=candidate.id,
            seed=seed,
            recipe=candidate.recipe.model_dump(mode="json", exclude_none=True),
            until=until,
            tests=spec.tests,
            selection=spec.selection,
            preview=spec.preview,
            engine=spec.engine,
            threads=spec.threads,
            evaluator=self._evaluator,
        )

    def _finish(self, candidate: Candidate, last: TrialOutcome, state: State) -> None:
        build, evaluate = self._store.seconds(candidate.id, last.seed)
        reached = last.model_dump(include=set(Reached.model_fields))
        trial = Trial(
            **reached | {"build_seconds": build, "evaluate_seconds": evaluate},
            name=candidate.name,
            ratios=dict(candidate.ratios),
            settings=dict(candidate.settings),
            state=state,
        )
        news = self._store.add_trial(self._as_logged(trial, candidate))
        self._listener.trial(trial, news=news)
        for callback in self._callbacks if news else ():
            callback.trial(trial)

    def _as_logged(self, trial: Trial, candidate: Candidate) -> Trial:
        """Return a trial whose error names paths as the sweep's log does."""
        if trial.error is None:
            return trial
        folder, spec = self._store.folder, self._spec
        places = [folder, *spec.tests, *filter(None, (spec.selection,))]
        places += [part.path for part in candidate.recipe.mix if part.path]
        error = recorded_text(trial.error, places, folder)
        return trial.model_copy(update={"error": error})
