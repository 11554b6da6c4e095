"""Who goes on after a rung, and what TPE proposes: decided by accuracies alone, and repeatable."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.sweeps.candidates import Candidate, candidates_of
from datagen.sweeps.spec import Spec
from datagen.sweeps.strategies import (
    Merit,
    planned_epochs,
    planned_rounds,
    run_grid_or_halving,
    run_tpe,
    survivors,
)
from datagen.sweeps.tpe import Proposals, nearest, shares
from tests.datagen.sweeps.conftest import make_spec

values = st.dictionaries(st.text(max_size=4), st.sampled_from([0.1, 0.2, 0.3, 0.4]), max_size=12)


@given(values, st.integers(2, 5), st.integers(1, 4))
def test_the_best_survive_all_at_once(
    values: dict[str, float], reduction: int, finalists: int
) -> None:
    kept = survivors(values, reduction, finalists)
    wanted = min(len(values), max(len(values) // reduction, finalists))
    assert len(kept) >= wanted
    worst = min((values[candidate] for candidate in kept), default=0)
    assert all(values[candidate] < worst for candidate in values.keys() - kept)
    # only who equals the last one makes it more
    assert sum(values[candidate] > worst for candidate in kept) < max(wanted, 1)
    assert survivors(dict(reversed(values.items())), reduction, finalists) == kept


def test_of_equals_the_one_with_the_lower_loss_survives() -> None:
    low, high = Merit(0.5, -1.1), Merit(0.5, -1.2)
    others = {"worse": Merit(0.4, -0.1), "better": Merit(0.6, -9.0)}
    assert survivors({"high": high, "low": low, **others}, 2, 1) == {"better", "low"}
    assert survivors({"low": low, "as low": low, **others}, 2, 1) == {"better", "low", "as low"}


class Pretend:
    """A runner in which a candidate's accuracy is what `value` says."""

    def __init__(self, value: dict[str, float], die_after: int = 10**6) -> None:
        self.value = value
        self.asked: list[tuple[list[str], int | None]] = []
        self.stopped: list[str] = []
        self.die_after = die_after

    def run(self, candidates: Sequence[Candidate], until: int | None) -> dict[str, Merit]:
        if candidates:
            self.asked.append(([candidate.id for candidate in candidates], until))
        if len(self.asked) > self.die_after:
            raise KeyboardInterrupt
        return {
            candidate.id: Merit(self.value[candidate.id])
            for candidate in candidates
            if candidate.id in self.value
        }

    def stop(self, candidates: Iterable[Candidate]) -> None:
        self.stopped += [candidate.id for candidate in candidates]


def test_halving_climbs_the_rungs() -> None:
    spec = make_spec(9, strategy="halving", finalists=1)
    candidates = candidates_of(spec)
    runner = Pretend({candidate.id: k / 10 for k, candidate in enumerate(candidates)})
    run_grid_or_halving(spec, candidates, runner)
    ids = [candidate.id for candidate in candidates]
    assert runner.asked == [(ids, 10), (ids[6:], 30), (ids[8:], None)]
    assert runner.stopped == ids[:6] + ids[6:8]
    assert planned_epochs(spec, 9) == 9 * 10 + 3 * 20 + 1 * 70


def test_a_rung_that_could_stop_nobody_is_passed_by() -> None:
    spec = make_spec(8, strategy="halving")
    candidates = candidates_of(spec)
    runner = Pretend({candidate.id: k / 10 for k, candidate in enumerate(candidates)})
    run_grid_or_halving(spec, candidates, runner)
    assert [(len(asked), until) for asked, until in runner.asked] == [(8, 10), (2, None)]
    assert planned_rounds(spec, 8) == [(8, 10), (2, 90)]


def test_a_grid_runs_all_to_the_end() -> None:
    spec = make_spec(4)
    candidates = candidates_of(spec)
    runner = Pretend({})
    run_grid_or_halving(spec, candidates, runner)
    assert runner.asked == [([candidate.id for candidate in candidates], None)]
    assert planned_epochs(spec, 4) == 400


def test_a_candidate_that_failed_is_neither_kept_nor_stopped() -> None:
    spec = make_spec(3, strategy="halving", rungs=[1], finalists=1)
    first, second, third = candidates_of(spec)
    runner = Pretend({first.id: 0.5, second.id: 0.4})
    run_grid_or_halving(spec, [first, second, third], runner)
    assert runner.asked[1] == ([first.id], None)
    assert runner.stopped == [second.id]


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=5))
def test_shares_lie_on_the_simplex(variables: list[float]) -> None:
    found = shares(variables)
    assert all(share >= 0 for share in found)
    assert sum(found) == pytest.approx(1)


def tpe_spec(**keys: object) -> Spec:
    mix = [{"source": source, "ratio": "0:1:0.1"} for source in ("pen", "emnist", "fonts")]
    return Spec.model_validate({"mix": mix, "strategy": "tpe", **keys})


def test_a_proposal_means_the_nearest_candidate() -> None:
    candidates = candidates_of(tpe_spec(vary={"seed": [1, 2]}))
    # one share's variable near 0 means that source alone
    near = nearest(
        {"share pen": 1e-6, "share emnist": 1.0, "share fonts": 1.0, "seed": "2"}, candidates
    )
    assert dict(near.ratios) == {"pen": 1.0, "emnist": 0.0, "fonts": 0.0}
    assert near.settings == {"seed": 2}


def _climbing(candidates: Sequence[Candidate]) -> dict[str, float]:
    return {candidate.id: 1 - abs(candidate.ratios["pen"] - 0.7) for candidate in candidates}


def test_tpe_tries_distinct_candidates_and_finds_the_hill(tmp_path: Path) -> None:
    spec = tpe_spec(trials=24, together=3)
    candidates = candidates_of(spec)
    runner = Pretend(_climbing(candidates))
    run_tpe(spec, candidates, runner, Proposals(spec, candidates, tmp_path / "journal"))
    tried = [candidate for batch, _ in runner.asked for candidate in batch]
    assert len(tried) == len(set(tried)) == 24
    late = [runner.value[candidate] for candidate in tried[12:]]
    early = [runner.value[candidate] for candidate in tried[:6]]
    assert sum(late) / len(late) > sum(early) / len(early)

    again = Pretend(_climbing(candidates))
    run_tpe(spec, candidates, again, Proposals(spec, candidates, tmp_path / "journal"))
    assert again.asked == []  # all is known


def test_tpe_goes_on_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    spec = tpe_spec(trials=10, together=2)
    candidates = candidates_of(spec)
    whole = Pretend(_climbing(candidates))
    run_tpe(spec, candidates, whole, Proposals(spec, candidates, tmp_path / "whole"))
    killed = Pretend(_climbing(candidates), die_after=2)
    with pytest.raises(KeyboardInterrupt):
        run_tpe(spec, candidates, killed, Proposals(spec, candidates, tmp_path / "killed"))
    rest = Pretend(_climbing(candidates))
    run_tpe(spec, candidates, rest, Proposals(spec, candidates, tmp_path / "killed"))
    assert killed.asked[:2] + rest.asked == whole.asked


def test_tpe_tries_a_failed_candidate_again_where_that_is_asked_for(tmp_path: Path) -> None:
    spec = tpe_spec(trials=6, together=2)
    candidates = candidates_of(spec)
    good = _climbing(candidates)
    first = Pretend(good)
    run_tpe(spec, candidates, first, Proposals(spec, candidates, tmp_path / "first"))
    lost = first.asked[0][0][0]
    runner = Pretend({candidate: value for candidate, value in good.items() if candidate != lost})
    run_tpe(spec, candidates, runner, Proposals(spec, candidates, tmp_path / "journal"))
    mended = Pretend(good)
    proposals = Proposals(spec, candidates, tmp_path / "journal")
    assert proposals.known()[lost] is None
    run_tpe(spec, candidates, mended, proposals)
    assert mended.asked == [([lost], None)]
    assert proposals.known()[lost] == good[lost]
    quiet = Pretend(good)
    run_tpe(spec, candidates, quiet, Proposals(spec, candidates, tmp_path / "journal"))
    assert quiet.asked == []


def test_tpe_knows_what_it_tried_and_nothing_beside(tmp_path: Path) -> None:
    coarse, fine = (
        candidates_of(
            Spec.model_validate(
                {"mix": [{"source": s, "ratio": f"0:1:{step}"} for s in ("pen", "emnist", "fonts")]}
            )
        )
        for step in (0.5, 0.1)
    )
    spec = tpe_spec(trials=4)
    runner = Pretend(_climbing(coarse))
    run_tpe(spec, coarse, runner, Proposals(spec, coarse, tmp_path / "journal"))
    tried = {candidate for batch, _ in runner.asked for candidate in batch}
    # a step added by --extend: other candidates may now be nearer to what was proposed
    known = Proposals(spec, fine, tmp_path / "journal").known()
    assert known == {candidate: runner.value[candidate] for candidate in tried}
    # a file was edited that all recipes name: other candidates, though with the same ratios
    edited = [dataclasses.replace(candidate, id=f"edited {candidate.id}") for candidate in coarse]
    assert Proposals(spec, edited, tmp_path / "journal").known() == {}


def test_tpe_stops_where_it_has_nothing_new_to_ask(tmp_path: Path) -> None:
    spec = make_spec(2, strategy="tpe", trials=5)
    candidates = candidates_of(spec)
    runner = Pretend({candidate.id: 0.5 for candidate in candidates})
    run_tpe(spec, candidates, runner, Proposals(spec, candidates, tmp_path / "journal"))
    assert len({candidate for batch, _ in runner.asked for candidate in batch}) == 2
