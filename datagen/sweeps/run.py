"""A sweep in one call: spec → candidates → plan → trials → answer.

All that `datagen sweep` does is done here. The command parses its flags, calls `sweep` and prints.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datagen.building.fetch_missing import FetchMissing
from datagen.core.errors import UsageError
from datagen.core.limits import MOST_PROCESSES, require
from datagen.core.machine import cores
from datagen.files.atomic import require_writable_folder
from datagen.files.paths import are_nested, from_here, real_path
from datagen.sweeps import counting, estimate, timing
from datagen.sweeps.callbacks import Callback
from datagen.sweeps.candidates import Candidate, candidates_of
from datagen.sweeps.estimate import CostEstimate
from datagen.sweeps.executors.local import Executor, LocalExecutor
from datagen.sweeps.folder import check_folder
from datagen.sweeps.listener import Listener
from datagen.sweeps.page import write_page
from datagen.sweeps.records import TRIALS, read_trials
from datagen.sweeps.results.ranking import Answer, read
from datagen.sweeps.spec import Spec, read_spec_file, validate_located
from datagen.sweeps.tracker import Tracker
from datagen.sweeps.trial import SPEC
from datagen.sweeps.trial_runner import run_trials
from pipelines.text import quoted

DEFAULT_OUT: Final = Path("sweeps")
"""Sweeps without a folder of their own go below this one, by name."""

SpecLike = Spec | Mapping[str, Any] | Path | str
"""A spec, its keys as plain data, or the file that holds it."""


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """A sweep that may run: every check has passed.

    Attributes:
        spec: what is asked.
        candidates: the recipes of the sweep, each once.
        folder: where it runs, absolute; it may not be there yet.
        cost: what it will cost.
    """

    spec: Spec
    candidates: tuple[Candidate, ...]
    folder: Path
    cost: CostEstimate


def sweep(
    spec: SpecLike,
    folder: Path | str | None = None,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    listener: Listener | None = None,
    callbacks: Sequence[Callback] = (),
    timed: bool = False,
    extend: bool = False,
    retry_failed: bool = False,
    fetch: FetchMissing | None = None,
) -> Answer:
    """Find the best recipe: build and evaluate every candidate of a sweep, nothing twice.

    A sweep that was stopped goes on with the same call. Its page is `sweep.html` in the folder.

    Args:
        spec: what to try: a `Spec`, its keys, or the path of a `SPEC.yaml`.
        folder: of the sweep, made where it is not there; `sweeps/NAME` without one.
        executor: where trials run; a `LocalExecutor` with `workers` processes without one.
        workers: trials at once; one per core without a number. It counts for the estimated hours,
            and for trials on this machine.
        listener: told how it goes.
        callbacks: told of every trial that ends, and closed at the end; see
            `datagen.sweeps.callbacks`.
        timed: time the evaluator first, so that the plan has hours (once per machine, some 20 s).
        extend: the spec may say more than the one in the folder.
        retry_failed: run failed trials again.
        fetch: fetches an archive that is missing; None: that is an error.

    Returns:
        The answer: all candidates, best first. `Answer.failed` has the trials that failed.

    Raises:
        UsageError: nothing varies, or the folder holds another sweep, or one that runs.
        RecipeError: the spec, or a recipe that it makes, does not validate.
        InputError: a source, a test set or the selection set is missing or damaged.
        RuleError: a candidate is over its budget, or a source has too little for it.
        PipelineError: a pipeline is unknown, or would make a label wrong.
        BuildError: the disk is too small.
        StoppedError: Ctrl-C; finished epochs are kept.

    Example:
        >>> from datagen.sweeps.run import sweep
        >>> answer = sweep(
        ...     {"mix": [{"source": "pen", "ratio": "0:1:0.5"},
        ...              {"source": "emnist", "ratio": "0:1:0.5"}],
        ...      "tests": ["label_book"]},
        ...     "sweeps/pen-emnist",
        ... )  # doctest: +SKIP
        >>> answer.best.name  # doctest: +SKIP
        'pen=0.5 emnist=0.5'
    """
    listener = listener or Listener()
    planned = plan_sweep(
        spec,
        folder,
        workers=workers,
        listener=listener,
        timed=timed,
        extend=extend,
        fetch=fetch,
    )
    with ExitStack() as ended:
        for callback in callbacks:
            ended.callback(callback.close)
        trials = run_trials(
            planned.spec,
            planned.candidates,
            planned.folder,
            executor or ended.enter_context(LocalExecutor(workers or cores())),
            listener,
            callbacks=callbacks,
            retry_failed=retry_failed,
        )
        for callback in callbacks:
            if isinstance(callback, Tracker):
                callback.catch_up(trials)
    answer = read_sweep(planned.folder)
    write_page(answer)
    return answer


def plan_sweep(
    spec: SpecLike,
    folder: Path | str | None = None,
    *,
    workers: int | None = None,
    listener: Listener | None = None,
    timed: bool = False,
    extend: bool = False,
    fetch: FetchMissing | None = None,
) -> SweepPlan:
    """Check that a sweep can run, and say what it will cost; nothing is built or written.

    The arguments and the errors are those of `sweep`.
    """
    require("workers", workers, 1, MOST_PROCESSES)
    listener = listener or Listener()
    asked = load_spec(spec)
    place = Path(folder or default_folder(asked)).absolute()
    _refuse_halving_at_no_rung(asked, place)
    candidates = candidates_of(asked, place)
    check_folder(place, asked, extend=extend)
    _refuse_among_tests(place, asked)
    require_writable_folder(place)
    cost = _cost(asked, candidates, place, workers or cores(), listener, fetch, timed=timed)
    estimate.check_disk(cost, place)
    planned = SweepPlan(asked, candidates, place, cost)
    listener.plan(planned)
    return planned


def _refuse_halving_at_no_rung(spec: Spec, place: Path) -> None:
    """Refuse halving that would stop nobody, but for sweeps that an earlier version has begun.

    Raises:
        UsageError: no rung lies before the end.
    """
    if spec.strategy == "halving" and not spec.pauses and not (place / SPEC).is_file():
        raise UsageError(
            f"halving compares after {', '.join(map(str, spec.rungs))} epochs, and a trial ends "
            f"after {spec.epochs}; give --rungs below {spec.epochs}, or another --strategy"
        )


def _refuse_among_tests(place: Path, spec: Spec) -> None:
    """Refuse a sweep's folder within images that judge it, or around them.

    Raises:
        UsageError: what is built would be judged by itself.
    """
    selection = () if spec.selection is None else (("selection set", spec.selection),)
    for what, folder in (*(("test set", Path(test)) for test in spec.tests), *selection):
        if are_nested(real_path(place), real_path(folder)):
            raise UsageError(
                f"the sweep's folder {from_here(place)} and the {what} {from_here(folder)} lie in "
                "one another; choose another --out"
            )


def default_folder(spec: Spec) -> Path:
    """Return where a sweep stands if no folder is named: below `sweeps`, by its name.

    Raises:
        UsageError: its name is no name of a folder.
    """
    if spec.name in {".", ".."} or any(char in spec.name for char in "/\\\0"):
        raise UsageError(f"name {quoted(spec.name)} is no folder's name; say --out, or rename it")
    return DEFAULT_OUT / spec.name


def read_sweep(folder: Path | str) -> Answer:
    """Read the answer of a sweep, finished or not.

    Raises:
        MissingInputError: there is no sweep in `folder`.
        CorruptInputError: a line of `sweep.jsonl` is not a trial.

    Example:
        >>> read_sweep("sweeps/pen-emnist").best.name  # doctest: +SKIP
        'pen=0.5 emnist=0.5'
    """
    return read(Path(folder))


def load_spec(spec: SpecLike) -> Spec:
    """Return a spec, read or validated where it is not one yet.

    Raises:
        MissingInputError: there is no such file.
        RecipeError: a key is unknown or a value is out of range; the message names it.
    """
    if isinstance(spec, Spec):
        return spec
    if isinstance(spec, Mapping):
        return validate_located(spec, Path.cwd(), origin="the spec")
    return read_spec_file(Path(spec))


def _cost(
    spec: Spec,
    candidates: tuple[Candidate, ...],
    folder: Path,
    workers: int,
    listener: Listener,
    fetch: FetchMissing | None,
    *,
    timed: bool,
) -> CostEstimate:
    test_images = counting.check_folders(spec)
    images = counting.counts(spec, candidates, folder, fetch, listener.planning)
    wanted = {(candidate.id, seed) for candidate in candidates for seed in spec.seed_list}
    trials = read_trials(folder) if (folder / TRIALS).is_file() else []
    known = sum((trial.point, trial.seed) in wanted for trial in trials)
    speed = None
    building = (0.0, 0.0)
    if timed and known < len(wanted):
        listener.timing()
        speed = timing.time_evaluator(spec, min(workers, len(wanted) - known, cores()))
        fresh = [each for each in candidates if not counting.is_built(each, folder)]
        if fresh:
            building = counting.time_building(fresh[len(fresh) // 2], fetch)
    return estimate.estimate(
        spec,
        images,
        folder,
        known=known,
        workers=workers,
        timing=speed,
        test_images=test_images,
        building=building,
    )
