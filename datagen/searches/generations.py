"""The loop of a search: generation after generation, until nothing is to be gained; the report."""

import time
from collections.abc import Sequence
from statistics import fmean

from datagen.core.errors import SweepError
from datagen.searches.begun import Begun, begun_of, proposed, read_begun, write_begun
from datagen.searches.clock import Clock
from datagen.searches.found import SearchState
from datagen.searches.judge import PATIENCE, Values, best_of, idle_generations, kept, noise_of
from datagen.searches.listener import SearchListener
from datagen.searches.plan import SearchPlan, affordable, first_width, stage_work
from datagen.searches.trials import Trials
from datagen.sweeps.candidates import Candidate


class Generations:
    """The loop over generations."""

    def __init__(
        self, plan: SearchPlan, trials: Trials, listener: SearchListener, clock: Clock
    ) -> None:
        self._plan = plan
        self._spec = plan.spec
        self._trials = trials
        self._listener = listener
        self._clock = clock
        self._found = SearchState(plan.spec)

    def run(self) -> SearchState:
        """Try generations until nothing is to be gained or no time is left; report the best."""
        logged = read_begun(self._plan.folder)
        generation = 0
        while True:
            begun = [each for each in logged if each.generation == generation]
            fresh = begun or self._next(generation)
            if not fresh:
                break
            self._found.begun += fresh
            if not begun:
                write_begun(self._found.begun, self._plan.folder)
            candidates = [each.candidate(self._plan.folder) for each in fresh]
            self._listener.generation(generation, candidates, known=bool(begun))
            self._race(candidates, first=generation == 0)
            generation += 1
        self._listener.ending(self._found.why)
        self._report()
        return self._found

    def _next(self, generation: int) -> list[Begun]:
        """Return the candidates to try next; none where the search ends."""
        found, folder = self._found, self._plan.folder
        if generation == 0:
            starts = self._plan.starts
            begun = [begun_of(each, 0, folder, shipped=True) for each in starts]
            width = max(
                len(starts), min(first_width(self._plan), self._affordable() or len(starts))
            )
            new = proposed(begun, {}, self._spec, folder, width - len(starts))
            return begun + [begun_of(each, 0, folder, shipped=False) for each in new]
        leaders = [found.stages[None][each] for each in found.leaders]
        if found.failed >= PATIENCE:
            found.why = f"every candidate of {PATIENCE} generations in a row failed"
            return []
        if idle_generations(leaders, noise_of(found.stages.values())) >= PATIENCE:
            found.why = f"{PATIENCE} generations in a row gained no more than noise"
            return []
        width = self._affordable()
        if not width:
            found.why = f"the time is used up ({self._plan.hours:g} h), but for the report"
            return []
        first = found.stages[self._spec.stages[0]]
        new = proposed(found.begun, first, self._spec, folder, width)
        if not new:
            found.why = "there is nothing new to propose"
        return [begun_of(each, generation, folder, shipped=False) for each in new]

    def _affordable(self) -> int:
        left = self._plan.hours * 3600 - self._clock.seconds
        return affordable(self._spec, self._clock.pace, left, self._plan.workers)

    def _race(self, candidates: Sequence[Candidate], *, first: bool) -> None:
        """Train candidates from stage to stage, stopping the worse ones."""
        found, spec = self._found, self._spec
        shipped = (
            frozenset(each.id for each in found.begun if each.shipped) if first else frozenset()
        )
        alive = list(candidates)
        for until in spec.stages:
            values = self._trained(alive, until)
            found.stages[until] |= values
            if until is None:
                break
            best = found.stages[until].get(found.leaders[-1]) if found.leaders else None
            start = best_of({key: value for key, value in values.items() if key in shipped})
            going = kept(
                values,
                best,
                noise_of(found.stages.values()),
                spec.reduction,
                frozenset({start} if start else ()),
            )
            self._trials.forget([each for each in alive if each.id not in going])
            alive = [each for each in alive if each.id in going]
        self._trials.forget(alive)
        self._lead(candidates, shipped, first=first)

    def _trained(self, candidates: Sequence[Candidate], until: int | None) -> Values:
        began, known = time.monotonic(), len(self._trials.outcomes)
        values = self._trials.run(candidates, until)
        ran = len(self._trials.outcomes) - known
        if ran:
            work = ran * stage_work(self._spec, until) / self._plan.workers
            self._clock.done(work, began)
        return values

    def _lead(
        self, candidates: Sequence[Candidate], shipped: frozenset[str], *, first: bool
    ) -> None:
        """Note who leads after a generation.

        Raises:
            SweepError: no candidate of the first one could be trained.
        """
        found = self._found
        ended = found.stages[None]
        if first:
            found.reference = best_of({k: v for k, v in ended.items() if k in shipped})
        leader = best_of(ended)
        if leader is None:
            failed = next(
                (each.error for each in self._trials.outcomes.values() if each.error), "no score"
            )
            raise SweepError(
                f"none of {len(candidates)} recipes could be trained: {failed}; once that is "
                "repaired, the same command with --retry-failed tries again"
            )
        if all(self._trials.failure(each.id, on_folds=True) for each in candidates):
            found.failed += 1  # nothing was compared, so this is no generation without a gain
            return
        found.failed = 0
        found.leaders.append(leader)
        named = next(each for each in found.begun if each.id == leader)
        mean = fmean(ended[leader].values())
        self._listener.leader(named.candidate(self._plan.folder), mean)

    def _report(self) -> None:
        wanted = dict.fromkeys(filter(None, (self._found.leaders[-1], self._found.reference)))
        by_id = {each.id: each for each in self._found.begun}
        candidates = [by_id[each].candidate(self._plan.folder) for each in wanted]
        self._trials.report(candidates)
        self._trials.forget(candidates)
