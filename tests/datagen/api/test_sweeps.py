"""Sweeps from Python: progress is counted in trials, each once."""

from types import SimpleNamespace
from typing import Any

from datagen.api.sweeps import _Counting
from datagen.sweeps.spec import Spec


def test_a_trial_that_is_told_twice_is_counted_once() -> None:
    told: list[tuple[str, int, int | None]] = []
    counting = _Counting(lambda *said: told.append(said))
    # of nine candidates two are tried
    spec = Spec(vary={"seed": tuple(range(9))}, strategy="tpe", trials=2, seeds=2)
    plan: Any = SimpleNamespace(candidates=range(9), spec=spec)
    counting.planning(1, 2)
    assert told.pop() == ("candidates", 1, 2)
    counting.plan(plan)
    first: Any = SimpleNamespace(point="a", seed=1)
    other: Any = SimpleNamespace(point="a", seed=2)
    for trial, news in ((first, True), (first, False), (other, True)):
        counting.trial(trial, news=news)
    assert told == [("trials", done, 4) for done in (0, 1, 1, 2)]
