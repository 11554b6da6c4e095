"""Which candidates train how far: the strategies, apart from how trials are run.

A strategy asks for rounds of candidates and decides by what comes back. After a restart it decides
the same again, because it looks at outcomes alone, and never at those of test sets.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

from datagen.sweeps.candidates import Candidate
from datagen.sweeps.spec import Spec
from datagen.sweeps.tpe import Proposals

STALE: Final = 20
"""After this many proposals in a row of known candidates, tpe has nothing new to ask."""


class Merit(NamedTuple):
    """What decides between candidates, the first before the second; means over the seeds.

    Attributes:
        accuracy: on val, or on the selection set.
        minus_loss: the negative val loss (nats per image) of the epoch with that accuracy, which
            decides between equals: a val split of 100 images has equals often. 0 of all where it
            is not known: where a selection set decides, and in the logs of earlier versions.
    """

    accuracy: float
    minus_loss: float = 0.0


Value = TypeVar("Value", float, Merit)
Values = Mapping[str, Merit]
"""What decides, by candidate; those that failed are left out."""


class TrialRunner(Protocol):
    """What runs trials for a strategy."""

    def run(self, candidates: Sequence[Candidate], until: int | None) -> Values:
        """Train all seeds of the candidates to an epoch, or to the end; leave out failed ones."""

    def stop(self, candidates: Iterable[Candidate]) -> None:
        """Mark candidates as stopped."""


def run_grid_or_halving(spec: Spec, candidates: Sequence[Candidate], runner: TrialRunner) -> None:
    """Run all candidates to the end, or stop the worse part at every rung: grid and halving."""
    alive = list(candidates)
    for until in spec.pauses:
        if len(alive) <= _places(len(alive), spec.reduction, spec.finalists):
            break  # none could be stopped: a pause would only cost time
        values = runner.run(alive, until)
        kept = survivors(values, spec.reduction, spec.finalists)
        runner.stop(
            candidate for candidate in alive if candidate.id in values and candidate.id not in kept
        )
        alive = [candidate for candidate in alive if candidate.id in kept]
    runner.run(alive, None)


def survivors(values: Mapping[str, Value], reduction: int, finalists: int) -> frozenset[str]:
    """Return the candidates that go on after a rung: the best, and who equals the last of these.

    Successive halving (Jamieson and Talwalkar, 2016), all candidates of a rung judged at once.
    Optuna's `SuccessiveHalvingPruner` is the asynchronous kind: it judges each trial against those
    that came before, so that its decisions depend on the order of arrival.

    Args:
        values: what decides by candidate, as numbers or `Merit`; more is better.
        reduction: n: one in n goes on, rounded down.
        finalists: at least this many go on.
    """
    if not values:
        return frozenset()
    number = _places(len(values), reduction, finalists)
    last = sorted(values.values(), reverse=True)[min(number, len(values)) - 1]
    return frozenset(candidate for candidate, value in values.items() if value >= last)


def _places(candidates: int, reduction: int, finalists: int) -> int:
    return max(candidates // reduction, finalists)


def planned_rounds(spec: Spec, candidates: int) -> list[tuple[int, int]]:
    """Return candidates and epochs of each round, without ties and failures."""
    alive = min(candidates, spec.trials) if spec.strategy == "tpe" else candidates
    rounds = []
    reached = 0
    for until in spec.pauses:
        places = _places(alive, spec.reduction, spec.finalists)
        if alive <= places:
            break
        rounds.append((alive, until - reached))
        alive, reached = places, until
    return [*rounds, (alive, spec.epochs - reached)]


def planned_epochs(spec: Spec, candidates: int) -> int:
    """Return the epochs that a sweep will train at most, over all seeds."""
    return spec.seeds * sum(alive * epochs for alive, epochs in planned_rounds(spec, candidates))


def run_tpe(
    spec: Spec, candidates: Sequence[Candidate], runner: TrialRunner, proposals: Proposals
) -> None:
    """Let Optuna's TPE propose candidates until enough were tried, or it has nothing new to ask.

    A proposal depends on the study and the spec alone, so that a sweep that was killed goes on as
    if it had not been.
    """
    known = proposals.known()
    lost = [candidate for candidate in candidates if known.get(candidate.id, 0) is None]
    # tried again, where that was asked for
    for candidate_id, merit in runner.run(lost, None).items():
        known[candidate_id] = merit.accuracy
        proposals.mend(candidate_id, merit.accuracy)
    while len(known) < min(spec.trials, len(candidates)):
        asked = _ask(spec, proposals, known, min(spec.trials, len(candidates)) - len(known))
        if not asked:
            return
        fresh = list({candidate.id: candidate for _, candidate in asked}.values())
        values = runner.run(fresh, None)
        known |= dict.fromkeys(candidate.id for candidate in fresh)
        known |= {candidate_id: merit.accuracy for candidate_id, merit in values.items()}
        for number, candidate in asked:
            proposals.answer(number, known[candidate.id])


def _ask(
    spec: Spec, proposals: Proposals, known: Mapping[str, float | None], most: int
) -> list[tuple[int, Candidate]]:
    """Return proposals of unknown candidates, first those that a kill left unanswered."""
    asked = proposals.unanswered()
    stale = 0
    while (
        len({candidate.id for _, candidate in asked}) < min(spec.together, most) and stale < STALE
    ):
        number, candidate = proposals.propose()
        if candidate.id in known:
            proposals.answer(number, known[candidate.id])
            stale += 1
        else:
            stale = stale + 1 if any(other.id == candidate.id for _, other in asked) else 0
            asked.append((number, candidate))
    return asked
