"""Which points go how far: the strategies, told apart from how trials are run.

A strategy asks for rounds of points and decides on what comes back. It decides the same again after
a restart, for it looks at nothing but outcomes; those of test sets are not among what it looks at.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from datagen.sweeps.candidates import Candidate
from datagen.sweeps.spec import Spec
from datagen.sweeps.tpe import Proposals

STALE: Final = 20
"""Proposals in a row of points that are known: then tpe has nothing new to ask."""

Values = Mapping[str, float]
"""What decides, by point: the mean over the seeds that have one."""


class TrialRunner(Protocol):
    """What runs trials for a strategy."""

    def run(self, points: Sequence[Candidate], until: int | None) -> Values:
        """Bring all seeds of the points to an epoch, or to the end; failed points are left out."""

    def stop(self, points: Iterable[Candidate]) -> None:
        """Say of points that they go no further."""


def run_grid_or_halving(spec: Spec, points: Sequence[Candidate], runner: TrialRunner) -> None:
    """Run all points to the end, or stop the worse part at every rung: grid and halving."""
    alive = list(points)
    for until in spec.pauses:
        if len(alive) <= _places(len(alive), spec.reduction, spec.finalists):
            break  # nobody could be stopped: a pause would only cost a start
        values = runner.run(alive, until)
        kept = survivors(values, spec.reduction, spec.finalists)
        runner.stop(point for point in alive if point.id in values and point.id not in kept)
        alive = [point for point in alive if point.id in kept]
    runner.run(alive, None)


def survivors(values: Values, reduction: int, finalists: int) -> frozenset[str]:
    """Return the points that go on after a rung: the best, and who equals the last of these.

    Successive halving (Jamieson and Talwalkar, 2016), all points of a rung judged at once. Optuna's
    `SuccessiveHalvingPruner` is the asynchronous kind: it judges each trial against those that came
    before, so that its verdicts depend on the order of arrival.

    Args:
        values: accuracy by point.
        reduction: one in so many goes on, rounded down.
        finalists: but no fewer than so many.
    """
    if not values:
        return frozenset()
    number = _places(len(values), reduction, finalists)
    last = sorted(values.values(), reverse=True)[min(number, len(values)) - 1]
    return frozenset(point for point, value in values.items() if value >= last)


def _places(points: int, reduction: int, finalists: int) -> int:
    return max(points // reduction, finalists)


def planned_rounds(spec: Spec, points: int) -> list[tuple[int, int]]:
    """Return how many points train how many epochs in each round, ties and failures aside."""
    alive = min(points, spec.trials) if spec.strategy == "tpe" else points
    rounds = []
    reached = 0
    for until in spec.pauses:
        places = _places(alive, spec.reduction, spec.finalists)
        if alive <= places:
            break
        rounds.append((alive, until - reached))
        alive, reached = places, until
    return [*rounds, (alive, spec.epochs - reached)]


def planned_epochs(spec: Spec, points: int) -> int:
    """Return the epochs that a sweep will train at most, over all seeds."""
    return spec.seeds * sum(alive * epochs for alive, epochs in planned_rounds(spec, points))


def run_tpe(
    spec: Spec, points: Sequence[Candidate], runner: TrialRunner, proposals: Proposals
) -> None:
    """Let Optuna's TPE propose points until enough were tried, or it has nothing new to ask.

    A proposal depends on the study and the spec alone, so that a sweep that was killed goes on as
    if it had not been.
    """
    known = proposals.known()
    lost = [point for point in points if known.get(point.id, 0) is None]
    for point_id, value in runner.run(lost, None).items():  # tried again, where that was asked for
        known[point_id] = value
        proposals.mend(point_id, value)
    while len(known) < min(spec.trials, len(points)):
        asked = _ask(spec, proposals, known, min(spec.trials, len(points)) - len(known))
        if not asked:
            return
        fresh = list({point.id: point for _, point in asked}.values())
        values = runner.run(fresh, None)
        known |= {point.id: values.get(point.id) for point in fresh}
        for number, point in asked:
            proposals.answer(number, known[point.id])


def _ask(
    spec: Spec, proposals: Proposals, known: Mapping[str, float | None], most: int
) -> list[tuple[int, Candidate]]:
    """Return proposals of points that are not known: first those that a kill left unanswered."""
    asked = proposals.unanswered()
    stale = 0
    while len({point.id for _, point in asked}) < min(spec.together, most) and stale < STALE:
        number, point = proposals.propose()
        if point.id in known:
            proposals.answer(number, known[point.id])
            stale += 1
        else:
            stale = stale + 1 if any(other.id == point.id for _, other in asked) else 0
            asked.append((number, point))
    return asked
