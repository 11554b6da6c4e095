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
    worst = min((values[point] for point in kept), default=0)
    assert all(values[point] < worst for point in values.keys() - kept)
    # only who equals the last one makes it more
    assert sum(values[point] > worst for point in kept) < max(wanted, 1)
    assert survivors(dict(reversed(values.items())), reduction, finalists) == kept


class Pretend:
    """A runner in which a point's accuracy is what `value` says."""

    def __init__(self, value: dict[str, float], die_after: int = 10**6) -> None:
        self.value = value
        self.asked: list[tuple[list[str], int | None]] = []
        self.stopped: list[str] = []
        self.die_after = die_after

    def run(self, points: Sequence[Candidate], until: int | None) -> dict[str, float]:
        if points:
            self.asked.append(([point.id for point in points], until))
        if len(self.asked) > self.die_after:
            raise KeyboardInterrupt
        return {point.id: self.value[point.id] for point in points if point.id in self.value}

    def stop(self, points: Iterable[Candidate]) -> None:
        self.stopped += [point.id for point in points]


def test_halving_climbs_the_rungs() -> None:
    spec = make_spec(9, strategy="halving", finalists=1)
    points = candidates_of(spec)
    runner = Pretend({point.id: k / 10 for k, point in enumerate(points)})
    run_grid_or_halving(spec, points, runner)
    ids = [point.id for point in points]
    assert runner.asked == [(ids, 10), (ids[6:], 30), (ids[8:], None)]
    assert runner.stopped == ids[:6] + ids[6:8]
    assert planned_epochs(spec, 9) == 9 * 10 + 3 * 20 + 1 * 70


def test_a_rung_that_could_stop_nobody_is_passed_by() -> None:
    spec = make_spec(8, strategy="halving")
    points = candidates_of(spec)
    runner = Pretend({point.id: k / 10 for k, point in enumerate(points)})
    run_grid_or_halving(spec, points, runner)
    assert [(len(asked), until) for asked, until in runner.asked] == [(8, 10), (2, None)]
    assert planned_rounds(spec, 8) == [(8, 10), (2, 90)]


def test_a_grid_runs_all_to_the_end() -> None:
    spec = make_spec(4)
    points = candidates_of(spec)
    runner = Pretend({})
    run_grid_or_halving(spec, points, runner)
    assert runner.asked == [([point.id for point in points], None)]
    assert planned_epochs(spec, 4) == 400


def test_a_point_that_failed_is_neither_kept_nor_stopped() -> None:
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


def test_a_proposal_means_the_nearest_point() -> None:
    points = candidates_of(tpe_spec(vary={"seed": [1, 2]}))
    # one share's variable near 0 means that source alone
    near = nearest(
        {"share pen": 1e-6, "share emnist": 1.0, "share fonts": 1.0, "seed": "2"}, points
    )
    assert dict(near.ratios) == {"pen": 1.0, "emnist": 0.0, "fonts": 0.0}
    assert near.settings == {"seed": 2}


def _climbing(points: Sequence[Candidate]) -> dict[str, float]:
    return {point.id: 1 - abs(point.ratios["pen"] - 0.7) for point in points}


def test_tpe_tries_distinct_points_and_finds_the_hill(tmp_path: Path) -> None:
    spec = tpe_spec(trials=24, together=3)
    points = candidates_of(spec)
    runner = Pretend(_climbing(points))
    run_tpe(spec, points, runner, Proposals(spec, points, tmp_path / "journal"))
    tried = [point for batch, _ in runner.asked for point in batch]
    assert len(tried) == len(set(tried)) == 24
    late = [runner.value[point] for point in tried[12:]]
    early = [runner.value[point] for point in tried[:6]]
    assert sum(late) / len(late) > sum(early) / len(early)

    again = Pretend(_climbing(points))
    run_tpe(spec, points, again, Proposals(spec, points, tmp_path / "journal"))
    assert again.asked == []  # all is known


def test_tpe_goes_on_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    spec = tpe_spec(trials=10, together=2)
    points = candidates_of(spec)
    whole = Pretend(_climbing(points))
    run_tpe(spec, points, whole, Proposals(spec, points, tmp_path / "whole"))
    killed = Pretend(_climbing(points), die_after=2)
    with pytest.raises(KeyboardInterrupt):
        run_tpe(spec, points, killed, Proposals(spec, points, tmp_path / "killed"))
    rest = Pretend(_climbing(points))
    run_tpe(spec, points, rest, Proposals(spec, points, tmp_path / "killed"))
    assert killed.asked[:2] + rest.asked == whole.asked


def test_tpe_tries_a_failed_point_again_where_that_is_asked_for(tmp_path: Path) -> None:
    spec = tpe_spec(trials=6, together=2)
    points = candidates_of(spec)
    good = _climbing(points)
    first = Pretend(good)
    run_tpe(spec, points, first, Proposals(spec, points, tmp_path / "first"))
    lost = first.asked[0][0][0]
    runner = Pretend({point: value for point, value in good.items() if point != lost})
    run_tpe(spec, points, runner, Proposals(spec, points, tmp_path / "journal"))
    mended = Pretend(good)
    proposals = Proposals(spec, points, tmp_path / "journal")
    assert proposals.known()[lost] is None
    run_tpe(spec, points, mended, proposals)
    assert mended.asked == [([lost], None)]
    assert proposals.known()[lost] == good[lost]
    quiet = Pretend(good)
    run_tpe(spec, points, quiet, Proposals(spec, points, tmp_path / "journal"))
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
    tried = {point for batch, _ in runner.asked for point in batch}
    # a step added by --extend: other points may now be nearer to what was proposed
    known = Proposals(spec, fine, tmp_path / "journal").known()
    assert known == {point: runner.value[point] for point in tried}
    # a file was edited that all recipes name: other points, though with the same ratios
    edited = [dataclasses.replace(point, id=f"edited {point.id}") for point in coarse]
    assert Proposals(spec, edited, tmp_path / "journal").known() == {}


def test_tpe_stops_where_it_has_nothing_new_to_ask(tmp_path: Path) -> None:
    spec = make_spec(2, strategy="tpe", trials=5)
    points = candidates_of(spec)
    runner = Pretend({point.id: 0.5 for point in points})
    run_tpe(spec, points, runner, Proposals(spec, points, tmp_path / "journal"))
    assert len({point for batch, _ in runner.asked for point in batch}) == 2
