"""What a search will cost, and how many candidates a generation may have in the hours left."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datagen.building.build import plan_recipe
from datagen.building.fetch_missing import FetchMissing
from datagen.core.budget import Count
from datagen.core.errors import RuleError, UsageError
from datagen.core.text import duration
from datagen.searches.spec import SearchSpec
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.spec import Spec
from datagen.sweeps.timing import time_evaluator

LEAST: Final = 3
"""Candidates of a generation: fewer cannot be told from each other."""
_START: Final = 4
"""What it costs to build a dataset, start on it and score, in epochs of its training."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """A search that may run: every check has passed that can be made before images are divided.

    Attributes:
        spec: what is asked.
        folder: where it runs, absolute; it may not be there yet.
        hours: that it may take, over all its runs.
        starts: the shipped recipes that it starts from.
        images: of the largest dataset.
        workers: trainings at once.
        pace: seconds per unit of work; None where nothing was timed.
        begun: whether it goes on.
    """

    spec: SearchSpec
    folder: Path
    hours: float
    starts: tuple[Candidate, ...]
    images: int
    workers: int
    pace: float | None
    begun: bool

    @property
    def first(self) -> float | None:
        """Seconds of the first generation; None where nothing was timed."""
        return self.seconds(generation_work(self.spec, first_width(self)))

    @property
    def end(self) -> float | None:
        """Seconds of the report on the kept part."""
        return self.seconds(end_work(self.spec))

    @property
    def generations(self) -> int | None:
        """How many generations the hours are enough for; None where nothing was timed."""
        if self.first is None or self.end is None or self.pace is None:
            return None
        later = self.pace * generation_work(self.spec, self.spec.width) / self.workers
        left = self.hours * 3600 - self.first - self.end
        return 0 if left < 0 else 1 + int(left / later)

    def seconds(self, work: float) -> float | None:
        """Return the seconds that work takes."""
        return None if self.pace is None else self.pace * work / self.workers


def first_width(plan: SearchPlan) -> int:
    """Return how many candidates the first generation has: the shipped recipes, and new ones."""
    return max(plan.spec.width, len(plan.starts))


def stage_work(spec: SearchSpec, until: int | None) -> int:
    """Return the epochs of one training from the stage before to this one, and of its start."""
    before = [each for each in spec.stages if each is not None and each < spec.length(until)]
    return spec.length(until) - (before[-1] if before else 0) + _START


def generation_work(spec: SearchSpec, width: int) -> float:
    """Return the epochs of a generation's trainings, at most, with what surrounds them."""
    work, alive = 0, width
    for until in spec.stages:
        work += alive * stage_work(spec, until)
        alive = max(1, alive // spec.reduction)
    return work * spec.folds


def end_work(spec: SearchSpec) -> float:
    """Return the epochs of the report: the best and a shipped recipe on the kept part."""
    return 2 * spec.seeds * (spec.epochs + _START)


def affordable(spec: SearchSpec, pace: float | None, seconds: float, workers: int) -> int:
    """Return how many candidates a generation may have in the seconds left; 0: too few to tell.

    Args:
        spec: of the search.
        pace: seconds per unit of work; None: nobody knows, so the time is taken to be enough.
        seconds: left for candidates, the report and all.
        workers: trainings at once.
    """
    if pace is None:
        return spec.width
    for width in range(spec.width, LEAST - 1, -1):
        work = generation_work(spec, width) + end_work(spec)
        if pace * work / workers <= seconds:
            return width
    return 0


def check_hours_suffice(plan: SearchPlan) -> None:
    """Refuse hours in which not even the first generation comes to its end.

    Raises:
        UsageError: they are too few; the message says what would be enough.
    """
    needed = plan.seconds(
        generation_work(plan.spec, max(LEAST, len(plan.starts))) + end_work(plan.spec)
    )
    if needed is not None and needed > plan.hours * 3600 and not plan.begun:
        raise UsageError(
            f"--hours {plan.hours:g} is too little: the shipped recipes alone take about "
            f"{duration(needed)} here; give more --hours, a smaller --budget, or fewer --folds or "
            "--seeds"
        )


def largest(spec: SearchSpec, starts: tuple[Candidate, ...], fetch: FetchMissing | None) -> Count:
    """Plan every start with all of the images; return how many images the largest has.

    Raises:
        InputError: the images cannot be read.
        RuleError: they do not fit into the budget, or are too few for a recipe.
    """
    counts = []
    for start in starts:
        try:
            counts.append(plan_recipe(start.recipe, fetch=fetch).count)
        except RuleError as error:  # its advice is that of `datagen build`
            raise type(error)(
                f"the shipped recipe {start.name} cannot be made of all images in {spec.real} and "
                f"a budget of {spec.budget:,}: {str(error).split(';')[0]}; give another --budget, "
                "or other images"
            ) from error
    return max(counts, key=lambda count: count.exact)


def timed_pace(spec: SearchSpec, count: Count, workers: int) -> float:
    """Return the seconds of one epoch on this machine, `workers` at once."""
    timing = time_evaluator(Spec(engine=spec.engine, threads=spec.threads), workers)
    return timing.epoch(count)
