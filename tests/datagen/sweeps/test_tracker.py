"""A tracker that fails ends no sweep, and gets later what it lacks, each trial once."""

import logging
from pathlib import Path

import pytest

from datagen.core.errors import CorruptInputError
from datagen.sweeps.records import Trial
from datagen.sweeps.run import sweep
from datagen.sweeps.tracker import LOGGED, Tracker
from datagen.sweeps.trial import Task
from tests.datagen.sweeps.conftest import Pretender

SPEC = {
    "mix": [{"source": "pen", "ratio": "1", "options": {"writers": 12}}],
    "vary": {"seed": [0, 1, 2, 3]},
    "images": 60,
}
ALL = ["seed=0", "seed=1", "seed=2", "seed=3"]


class Diary(Tracker):
    """A tracker that remembers, and fails where it is told to."""

    name = place = "diary"
    title = "Diary"

    def __init__(self, folder: Path, fails: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self.fails = list(fails)
        self.tried: list[str] = []
        self.told: list[str] = []

    def log(self, trial: Trial) -> None:
        """Note a trial, or fail, once for each time that it is told to."""
        self.tried.append(trial.name)
        if trial.name in self.fails:
            self.fails.remove(trial.name)
            raise RuntimeError("no ink\nleft")
        self.told.append(trial.name)


def value(_task: Task) -> float:
    return 0.5


def run(out: Path, diary: Diary) -> Diary:
    sweep(SPEC, out, executor=Pretender(value), callbacks=[diary])
    return diary


def test_what_failed_once_is_logged_at_the_end(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    diary = run(out, Diary(out, ("seed=1",)))
    assert sorted(diary.told) == ALL
    assert diary.told[-1] == "seed=1"
    assert caplog.messages == ["Diary did not take the trial seed=1: no ink left"]
    assert run(out, Diary(out)).tried == []  # nothing twice


def test_a_tracker_that_is_gone_gets_all_of_it_the_next_time(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = run(out, Diary(out, tuple(ALL * 9)))
    assert (len(gone.tried), gone.told) == (2, [])  # each attempt may cost minutes
    assert caplog.messages[-1] == (
        "Diary lacks 4 trials of this sweep; the same command logs what is missing"
    )
    assert len(caplog.messages) == 3
    caplog.clear()
    assert sorted(run(out, Diary(out)).told) == ALL
    assert caplog.messages == []


def test_a_sweep_that_ran_without_a_tracker_is_logged_by_one(out: Path) -> None:
    sweep(SPEC, out, executor=Pretender(value))
    assert sorted(run(out, Diary(out)).told) == ALL


def test_a_sweep_that_an_earlier_version_logged_is_not_logged_again(out: Path) -> None:
    sweep(SPEC, out, executor=Pretender(value))
    (out / "diary").mkdir()
    assert run(out, Diary(out)).told == []
    assert run(out, Diary(out)).told == []  # which now is noted


def test_a_torn_line_is_logged_again_and_a_damaged_one_is_said(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(out, Diary(out))
    log = out / LOGGED
    log.write_bytes(log.read_bytes()[:-5])
    assert len(run(out, Diary(out)).told) == 1
    assert len(log.read_text().splitlines()) == 4
    assert caplog.messages == []
    log.write_text("{}\n")
    with pytest.raises(CorruptInputError, match="its trial is then logged again"):
        Diary(out)


@pytest.fixture(autouse=True)
def _heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "datagen")
