"""A search from Python: the best recipe for one's own images."""

import os
from collections.abc import Sequence

from datagen.api.call import public
from datagen.api.progress import Progress, fetched, no_progress
from datagen.building.fetch_missing import fetching
from datagen.core.budget import ELIGIBLE_BUDGET
from datagen.files.paths import user_path
from datagen.searches.answer import SearchAnswer
from datagen.searches.answer import read_search as read_folder
from datagen.searches.listener import SearchListener
from datagen.searches.run import search as run
from datagen.searches.spec import made_spec
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.executors.local import Executor
from datagen.sweeps.trial import TrialOutcome


class _Counting(SearchListener):
    """Turns what a search tells into progress: trainings that have ended, of those known of."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._ended = self._all = 0

    def dividing(self, step: str, done: int, total: int) -> None:
        """Pass the division's own progress on."""
        self._progress(step, done, total)

    def round(self, tasks: int, until: int) -> None:  # noqa: ARG002 - only counted
        """Count the trainings to come."""
        self._all += tasks
        self._progress("trainings", self._ended, self._all)

    def outcome(self, candidate: Candidate, outcome: TrialOutcome) -> None:  # noqa: ARG002
        """Count a training that has ended."""
        self._ended += 1
        self._progress("trainings", self._ended, self._all)


@public
def search(
    real: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    hours: float,
    budget: int = ELIGIBLE_BUDGET,
    folds: int = 3,
    seeds: int = 2,
    seed: int = 0,
    review: str | None = None,
    skip_bad: bool = False,
    preview: int | None = None,
    rungs: Sequence[int] | None = None,
    width: int = 9,
    workers: int | None = None,
    executor: Executor | None = None,
    retry_failed: bool = False,
    offline: bool = False,
    progress: Progress = no_progress,
    listener: SearchListener | None = None,
) -> SearchAnswer:
    """Search for the best recipe for your own images, within a budget of images and of hours.

    A part of the images is kept for the end; the others are divided into folds of whole styles.
    Recipes are proposed by Optuna's TPE, begin with the shipped ones, and are compared fold by
    fold. The best is scored on the kept part, once. A search that was stopped goes on with the
    same call; one that has ended is read.

    Args:
        real: class folders, or `train/` and `val/` that hold them.
        out: the search's folder: `recipe.yaml`, `search.json`, `search.html`, `looks.jsonl`.
        hours: that all runs of the search may take together, about.
        budget: the most images of a dataset.
        folds: how many choose; the images are divided in one part more.
        seeds: trainings of the best, and of the best shipped recipe, at the end.
        seed: of the division and of the proposals.
        review: a list of bad images, by name or as a YAML file, for what is trained on.
        skip_bad: pass over unusable files instead of refusing.
        preview: epochs instead of the official 100, for a first look.
        rungs: epochs after which candidates are compared and most are stopped, such as (10, 30),
            which it is without any.
        width: candidates that are tried together.
        workers: trainings at once; one per core without a number.
        executor: where trainings run; None is this machine.
        retry_failed: run trainings again that failed in an earlier run of the search; one that has
            been scored on its kept part has ended for good.
        offline: fetch nothing.
        progress: told of the steps "near-duplicates", "styles" and "trainings".
        listener: told all that happens instead.

    Returns:
        What was found; its `recipe` is the file of the best recipe, with all of the images.

    Raises:
        UsageError: a number is out of range, `out` holds something else, or a failed training of a
            search that has ended is to run again.
        InputError: the images are missing or damaged.
        RuleError: the images are too few to be divided, or too many for the budget.
        SweepError: no recipe could be trained.
        StoppedError: Ctrl-C; finished epochs are kept.

    Example:
        >>> import datagen
        >>> answer = datagen.search("photos", "best", hours=4)  # doctest: +SKIP
        >>> answer.kept[0].mean  # doctest: +SKIP
        0.8412
    """
    spec = made_spec(
        real=user_path(real),
        budget=budget,
        folds=folds,
        seeds=seeds,
        seed=seed,
        review=review,
        skip_bad=skip_bad,
        preview=preview,
        rungs=None if rungs is None else tuple(rungs),
        width=width,
    )
    return run(
        spec,
        user_path(out),
        hours=hours,
        executor=executor,
        workers=workers,
        listener=listener or _Counting(progress),
        retry_failed=retry_failed,
        fetch=fetching(offline=offline, progress=fetched(progress)),
    )


@public
def read_search(folder: str | os.PathLike[str]) -> SearchAnswer:
    """Read what a search found, once it has ended.

    Raises:
        MissingInputError: no search has ended in the folder.
        CorruptInputError: its record is damaged.

    Example:
        >>> import datagen
        >>> try:
        ...     datagen.read_search("no-such-folder")
        ... except datagen.DatagenError as error:
        ...     print(error)
        no search.json in no-such-folder: no search has ended there
    """
    return read_folder(user_path(folder))
