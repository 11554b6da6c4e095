from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.reviews.page.session import Session
from datagen.reviews.record import ReviewFile
from tests.datagen.reviews.page.audits import drop, keep, relabel

A, B = 64 * "a", 64 * "b"

Open = Callable[[], Session]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    return lambda: Session(ReviewFile(tmp_path / "review.yaml", about="photos"))


def test_a_decision_is_in_the_file_at_once(opened: Open) -> None:
    opened().decide({A: drop()}, {})
    assert opened().decisions() == {A: drop()}


def test_a_step_is_taken_back_as_a_whole(opened: Open) -> None:
    session = opened()
    session.decide({A: drop()}, {})
    session.decide({A: keep(), B: keep()}, {A: drop()})
    assert session.undo().decisions == {A: drop(), B: None}
    assert session.undo().decisions == {A: None}
    assert session.undo().decisions == {}
    assert opened().decisions() == {}


def test_decisions_of_an_earlier_sitting_are_taken_back_by_time(opened: Open) -> None:
    first = opened()
    first.decide({A: drop(when="2026-11-27T04:00:01Z")}, {})
    first.decide({B: drop(when="2026-11-27T04:00:00Z")}, {})
    later = opened()
    assert later.undo().decisions == {A: None}
    assert later.undo().decisions == {B: None}


def test_what_another_person_decided_since_is_not_taken_back(opened: Open) -> None:
    kims, lees = opened(), opened()
    kims.decide({A: keep(), B: keep()}, {})
    lees.decide({A: drop(who="lee")}, {})
    undone = kims.undo()
    assert (undone.decisions, undone.since) == ({B: None}, {A: drop(who="lee")})
    assert opened().decisions() == {A: drop(who="lee")}
    assert kims.undo().decisions == {}

    lees.decide({A: None}, {})
    kims.decide({A: keep()}, {})
    lees.decide({A: drop(who="lee")}, {})
    lees.undo()
    assert kims.undo().decisions == {A: None}


def test_the_later_of_two_tabs_counts_and_is_told(opened: Open) -> None:
    session = opened()
    session.decide({A: drop()}, {})
    assert session.decide({A: relabel("v")}, {}).overruled == {A: drop()}
    assert session.decisions() == {A: relabel("v")}


@pytest.mark.parametrize("seen", [{A: drop()}, {A: drop(who="kim")}])
def test_changing_ones_mind_overrules_nobody(opened: Open, seen: dict) -> None:  # type: ignore[type-arg]
    session = opened()
    session.decide({A: drop()}, {})
    assert session.decide({A: keep()}, seen).overruled == {}


def test_deciding_the_same_overrules_nobody(opened: Open) -> None:
    session = opened()
    session.decide({A: drop()}, {})
    assert session.decide({A: drop(who="lee")}, {}).overruled == {}


def test_a_tab_is_told_what_changed_since_it_looked(opened: Open) -> None:
    session = opened()
    session.decide({A: drop()}, {})
    version, change = session.since(0)
    assert change == {A: drop()}
    session.decide({B: keep()}, {})
    session.undo()
    assert session.since(version)[1] == {B: None}
    assert session.since(session.since(0)[0])[1] == {}


def test_what_another_program_writes_is_told_too(opened: Open) -> None:
    session, other = opened(), opened()
    version, _ = session.since(0)
    other.decide({A: drop()}, {})
    assert session.since(version)[1] == {A: drop()}
