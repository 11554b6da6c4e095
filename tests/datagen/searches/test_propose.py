"""Proposals: within the space, a function of what is known, and better where they can learn."""

from statistics import fmean

import pytest

from datagen.searches.importance import ENOUGH, importances
from datagen.searches.propose import propose
from datagen.searches.space import SPACE, Range, Value
from tests.datagen.searches.conftest import drawn


def test_a_proposal_has_a_value_of_every_setting() -> None:
    found = propose([], [], 0)
    assert found.keys() == SPACE.keys()
    for key, part in SPACE.items():
        if isinstance(part, Range):
            assert part.nearest(float(found[key])) == found[key]
        else:
            assert found[key] in part


def test_the_same_knowledge_gives_the_same_proposal() -> None:
    known = [(drawn(k), k / 20) for k in range(12)]
    assert propose(known, [drawn(50)], 7) == propose(known, [drawn(50)], 7)
    assert propose(known, [], 7) != propose(known, [], 8)


@pytest.mark.slow
def test_proposals_go_where_accuracies_are_higher() -> None:
    known: list[tuple[dict[str, Value], float | None]] = []
    for seed in range(40):
        settings = propose(known, [], seed)
        known.append((settings, float(settings["copies.share"])))
    shares = [float(settings["copies.share"]) for settings, _ in known]
    assert fmean(shares[-10:]) > fmean(shares[:10]) + 0.1


def test_what_failed_can_be_known_too() -> None:
    assert propose([(drawn(0), None)], [], 1).keys() == SPACE.keys()


@pytest.mark.slow
def test_the_setting_that_decides_is_the_one_that_mattered() -> None:
    settings = [drawn(seed) for seed in range(60)]
    found = importances([(each, float(each["copies.share"]) / 2) for each in settings])
    assert found[0].setting == "copies.share"
    assert found[0].real
    assert not found[-1].real
    assert all(each.low <= each.share <= each.high for each in found)


def test_of_few_candidates_nothing_is_said() -> None:
    assert importances([(drawn(k), k / 20) for k in range(ENOUGH - 1)]) == ()
