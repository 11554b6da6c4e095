"""Sweeps from Python: progress is counted in trials, each once."""

from types import SimpleNamespace
from typing import Any

from datagen.api.sweeps import _Counting


def test_a_trial_that_is_told_twice_is_counted_once() -> None:
    told: list[tuple[str, int, int | None]] = []
    counting = _Counting(lambda *said: told.append(said))
    # tpe: of nine candidates two are tried
    plan: Any = SimpleNamespace(candidates=range(9), cost=SimpleNamespace(evaluations=2))
    counting.plan(plan)
    first: Any = SimpleNamespace(point="a", seed=1)
    other: Any = SimpleNamespace(point="a", seed=2)
    for trial, news in ((first, True), (first, False), (other, True)):
        counting.trial(trial, news=news)
    assert told == [("trials", 0, 2), ("trials", 1, 2), ("trials", 1, 2), ("trials", 2, 2)]
