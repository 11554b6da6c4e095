"""A search in one call: parts → generations of candidates → the best, scored once on the kept part.

All that `datagen search` does is done here. What is decided follows from logs in the search's
folder, so that a search that was killed goes on as if it had not been.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from datagen.building.fetch_missing import FetchMissing
from datagen.core.errors import DatagenError, StoppedError, UsageError
from datagen.core.limits import MOST_PROCESSES, require
from datagen.core.machine import cores
from datagen.core.text import duration
from datagen.datasets.format import RECIPE
from datagen.files.atomic import require_writable_folder
from datagen.files.locks import try_lock
from datagen.files.paths import are_nested, from_here, real_path
from datagen.files.scratch import scratch
from datagen.searches.answer import ANSWER, SearchAnswer, read_search
from datagen.searches.begun import read_begun
from datagen.searches.clock import Clock, read_used
from datagen.searches.generations import Generations
from datagen.searches.listener import SearchListener
from datagen.searches.looks import LOOKS, read_looks
from datagen.searches.page import PAGE, write_page
from datagen.searches.parts import Parts, divide
from datagen.searches.plan import (
    SearchPlan,
    check_hours_suffice,
    largest,
    timed_pace,
)
from datagen.searches.results import answer_of, write_recipe
from datagen.searches.space import shipped_starts
from datagen.searches.spec import LOCK, SearchSpec, check_folder, check_hours, write_spec
from datagen.searches.trials import Trials, read_outcomes
from datagen.sweeps.executors.local import Executor, LocalExecutor
from datagen.sweeps.trial import SPEC


def plan_search(
    spec: SearchSpec,
    folder: Path,
    *,
    hours: float,
    workers: int | None = None,
    listener: SearchListener | None = None,
    timed: bool = False,
    fetch: FetchMissing | None = None,
    divided: bool = False,
) -> SearchPlan:
    """Check that a search can run, and say what it will cost; nothing is written.

    Args:
        spec: what is asked.
        folder: of the search.
        hours: that it may take.
        workers: trainings at once.
        listener: told the plan.
        timed: time the evaluator first.
        fetch: fetches an archive that is missing.
        divided: divide the images too, somewhere else, to see that they are enough.

    Raises:
        UsageError: a number is out of range, the hours are too few, or the folder holds another
            search or something else.
        InputError: the images are missing or damaged, or a record of a search that goes on is.
        RuleError: the images are too many for the budget, or too few for a recipe.
    """
    require("workers", workers, 1, MOST_PROCESSES)
    check_hours(hours)
    listener = listener or SearchListener()
    place = real_path(folder)
    begun = check_folder(place, spec)
    _check_records(place)
    if are_nested(place, real_path(spec.real)):
        raise UsageError(
            f"--out {from_here(place)} and --real {from_here(spec.real)} lie in one another; "
            "choose another --out"
        )
    require_writable_folder(place)
    starts = shipped_starts(spec, place)
    count = largest(spec, starts, fetch)  # first: it is fast, and meets most mistakes
    if divided and not begun:
        with scratch("datagen-search") as tried:
            divide(spec, tried, listener.dividing)
    at_once = workers or cores()
    pace = None
    if timed and not begun:
        listener.timing()
        pace = timed_pace(spec, count, min(at_once, cores()))
    planned = SearchPlan(spec, place, hours, starts, count.exact, at_once, pace, begun)
    check_hours_suffice(planned)
    listener.planned(planned)
    return planned


def search(
    spec: SearchSpec,
    folder: Path,
    *,
    hours: float,
    executor: Executor | None = None,
    workers: int | None = None,
    listener: SearchListener | None = None,
    timed: bool = False,
    fetch: FetchMissing | None = None,
    retry_failed: bool = False,
) -> SearchAnswer:
    """Search for the best recipe for a person's own images.

    A search that was stopped goes on with the same call; one that has ended is read.

    Args:
        spec: what is asked.
        folder: of the search, made where it is not there.
        hours: that all runs of it may take together, about.
        executor: where trainings run; a `LocalExecutor` without one.
        workers: trainings at once; one per core without a number.
        listener: told how it goes.
        timed: time the evaluator first, to plan the hours (once per machine, some 20 s).
        fetch: fetches an archive that is missing; None: that is an error.
        retry_failed: run failed trainings again; a search that has been scored on its kept part
            has ended for good.

    Returns:
        What was found.

    Raises:
        UsageError, InputError, RuleError: as `plan_search`; a failed training of a search that has
            ended is to run again.
        SplitError: a class has too few images for the folds.
        SweepError: no recipe could be trained.
        StoppedError: Ctrl-C; finished epochs are kept.
    """
    listener = listener or SearchListener()
    place = real_path(folder)
    if (place / ANSWER).is_file() and check_folder(place, spec):
        known = read_search(place)
        if known.kept or not retry_failed:
            return _ended(known, place, retry_failed=retry_failed)
    planned = plan_search(
        spec, place, hours=hours, workers=workers, listener=listener, timed=timed, fetch=fetch
    )
    with ExitStack() as ended:
        ended.enter_context(_alone(place))
        where = executor or ended.enter_context(LocalExecutor(planned.workers))
        clock = Clock(place, planned.pace)
        write_spec(spec, place)
        try:
            parts = _divided(planned, listener)
            trials = Trials(spec, parts, place, where, listener, clock)
            if retry_failed:
                trials.forget_failed()
            found = Generations(planned, trials, listener, clock).run()
        except KeyboardInterrupt:
            clock.save()
            raise StoppedError(
                f"interrupted after {duration(clock.seconds)} of {planned.hours:g} h; finished "
                f"epochs are kept, the same command resumes in {place}"
            ) from None
        answer = answer_of(spec, place, trials, found, clock.seconds)
        write_page(answer, place)
    return answer


def _check_records(place: Path) -> None:
    """Read all that a search that goes on keeps, so that damage is met before work is spent.

    Raises:
        CorruptInputError: a record is damaged.
        UsageError: another version of the program wrote it.
    """
    read_used(place)
    read_begun(place)
    read_outcomes(place)
    read_looks(place / LOOKS)


def _ended(known: SearchAnswer, place: Path, *, retry_failed: bool) -> SearchAnswer:
    """Return what a search has found, with its recipe and page: one may have been removed.

    Raises:
        UsageError: a failed training is to run again, but the kept part has been looked at.
        CorruptInputError: the recipe is not there, and what it would be made of is damaged.
    """
    if retry_failed and any(each.state == "failed" for each in known.candidates):
        raise UsageError(
            f"the search in {place} has ended and has been scored on its kept part, so no "
            "failed training of it can run again; choose another --out"
        )
    if not (place / RECIPE).is_file():
        write_recipe(known, read_begun(place), place)
    if not (place / PAGE).is_file():  # it was killed in between, or the disk was full
        write_page(known, place)
    return known


def _divided(planned: SearchPlan, listener: SearchListener) -> Parts:
    """Divide the images; where they cannot be, the folder is left as it was, free for others."""
    place = planned.folder
    try:
        return divide(planned.spec, place, listener.dividing)
    except DatagenError:
        if not planned.begun:
            for name in ("kept", "folds"):
                shutil.rmtree(place / name, ignore_errors=True)
            for name in (SPEC, LOCK):
                (place / name).unlink(missing_ok=True)
            with suppress(OSError):  # it was there before, with nothing in it, or on Windows
                place.rmdir()
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other searches out of a folder.

    Raises:
        UsageError: another one runs there, or the folder cannot be written.
    """
    try:
        descriptor = try_lock(folder / LOCK)
    except OSError as error:
        raise UsageError(
            f"cannot write in {folder}: {error.strerror}; choose another --out"
        ) from error
    if descriptor is None:
        raise UsageError(f"another search runs in {folder}; wait for it, or choose another --out")
    try:
        yield
    finally:
        os.close(descriptor)
