"""Sweeps from Python: find the best recipe, and read the answer of a sweep."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datagen.api.call import public
from datagen.api.progress import Progress, fetched, no_progress
from datagen.building.fetch_missing import fetching
from datagen.files.paths import user_path
from datagen.sweeps.callbacks import Callback
from datagen.sweeps.executors.local import Executor
from datagen.sweeps.listener import Listener
from datagen.sweeps.records import Trial
from datagen.sweeps.run import read_sweep as read_folder
from datagen.sweeps.run import sweep as run
from datagen.sweeps.spec import Spec

if TYPE_CHECKING:
    from datagen.sweeps.results.ranking import Answer
    from datagen.sweeps.run import SweepPlan


class _Counting(Listener):
    """Turns what a sweep tells into progress: candidates planned, then trials that have ended."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._ended: set[tuple[str, int]] = set()
        self._all: int | None = None

    def planning(self, done: int, total: int) -> None:
        """Pass on how many candidates are planned."""
        self._progress("candidates", done, total)

    def plan(self, plan: "SweepPlan") -> None:
        """Learn how many trials there will be at most; tpe may end with fewer."""
        spec, tried = plan.spec, len(plan.candidates)
        if spec.strategy == "tpe":
            tried = min(tried, spec.trials)
        self._all = tried * spec.seeds
        self._progress("trials", 0, self._all)

    def trial(self, trial: Trial, *, news: bool) -> None:  # noqa: ARG002 - only counted
        """Count a trial that has ended, now or in an earlier run; halving tells some twice."""
        self._ended.add((trial.point, trial.seed))
        self._progress("trials", len(self._ended), self._all)


@public
def sweep(
    spec: Spec | Mapping[str, Any] | str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    callbacks: Sequence[Callback] = (),
    extend: bool = False,
    retry_failed: bool = False,
    offline: bool = False,
    progress: Progress = no_progress,
    listener: Listener | None = None,
) -> "Answer":
    """Find the best recipe: build and evaluate every candidate of a sweep, nothing twice.

    A sweep that was stopped goes on with the same call. Its page is `sweep.html` in its folder.

    Args:
        spec: what to try: the keys of a sweep's spec, a `SPEC.yaml`, or a `Spec`.
        out: the sweep's folder; None is `sweeps/NAME` in the working folder.
        workers: trials at once on this machine.
        executor: where trials run; None is this machine.
        callbacks: told of every trial that ends, see `datagen.sweeps.callbacks`.
        extend: the spec may say more than the one in the folder.
        retry_failed: run failed trials again.
        offline: fetch nothing: a missing archive of letters is an error, as in `build`.
        progress: told of the steps "candidates" (planned) and "trials", and of "fetching NAME" in
            bytes.
        listener: told all that happens instead.

    Returns:
        The answer: all candidates, best first. A trial that fails stops nothing and raises nothing:
        it is in `failed`, with its error.

    Raises:
        UsageError: nothing varies, or the folder holds another sweep, or one that runs.
        RecipeError: the spec, or a recipe that it makes, does not validate.
        InputError: a source, a test set or the selection set is missing or damaged.
        RuleError: a candidate is over its budget, or a source has too little for it.
        PipelineError: a pipeline is unknown, or would make a label wrong; see `pipelines.errors`.
        BuildError: the disk is too small.
        StoppedError: Ctrl-C; finished epochs are kept.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> spec = {"vary": {"seed": [0, 1]}, "recipe": {"images": 100}, "preview": 1}
        >>> out = pathlib.Path(tempfile.mkdtemp(), "sweep")
        >>> answer = datagen.sweep(spec, out)
        >>> len(answer.candidates), (out / "sweep.html").is_file()
        (2, True)
    """
    return run(
        spec if isinstance(spec, Spec | Mapping) else user_path(spec),
        None if out is None else user_path(out),
        executor=executor,
        workers=workers,
        listener=listener or _Counting(progress),
        callbacks=callbacks,
        extend=extend,
        retry_failed=retry_failed,
        fetch=fetching(offline=offline, progress=fetched(progress)),
    )


@public
def read_sweep(folder: str | os.PathLike[str]) -> "Answer":
    """Read the answer of a sweep, finished or not.

    Raises:
        MissingInputError: there is no sweep in the folder.
        CorruptInputError: one of its records is damaged.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> spec = {"vary": {"seed": [0, 1]}, "recipe": {"images": 100}, "preview": 1}
        >>> out = pathlib.Path(tempfile.mkdtemp(), "sweep")
        >>> datagen.sweep(spec, out) == datagen.read_sweep(out)
        True
    """
    return read_folder(user_path(folder))
