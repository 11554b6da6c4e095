"""Searches that cost nothing: no images are divided, and trainings reach what a function says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datagen.core.budget import Count
from datagen.searches import begun, results, run
from datagen.searches.answer import SearchAnswer
from datagen.searches.parts import parts_of
from datagen.searches.space import SPACE, Range, Value
from datagen.searches.spec import SearchSpec, made_spec
from datagen.sweeps.records import Scored
from datagen.sweeps.trial import Task, TrialOutcome
from tests.datagen import pretender

IMAGES = 200
"""Of every made-up test."""


class Pretender(pretender.Executor):
    """An executor whose trainings reach what `value` says on a test; a text is an error."""

    def __init__(self, value: Callable[[Task, Path], float | str], left: int = 10**6) -> None:
        super().__init__(left)
        self.value = value

    def outcome(self, task: Task) -> TrialOutcome:
        """Return what `value` says."""
        common = task.model_dump(include={"point", "seed", "until", "evaluator"})
        if task.selection is None:
            raise ValueError("a search names what it tests on")
        values = [self.value(task, test) for test in (task.selection, *task.tests)]
        if isinstance(values[0], str):
            return TrialOutcome.model_validate(common | {"error": values[0]})
        first, *others = map(_scored, values)
        return TrialOutcome.model_validate(
            common
            | {
                "epochs": task.until or task.preview or 100,
                "complete": task.until is None,
                "value": first.accuracy,
                "val_accuracy": 0.99,
                "selection": first,
                "tests": others,
            }
        )


def _scored(value: Any) -> Scored:
    correct = round(IMAGES * value)
    return Scored(
        path="test",
        fingerprint="0" * 8,
        images=IMAGES,
        correct=correct,
        hits="1" * correct + "0" * (IMAGES - correct),
        classes={},
    )


@pytest.fixture
def undivided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches divide no images, plan no recipes, and draw instead of learning: seconds."""
    monkeypatch.setattr(run, "divide", lambda spec, folder, _: parts_of(spec, folder))
    monkeypatch.setattr(run, "largest", lambda *_: Count(train=800, val=200))
    monkeypatch.setattr(results, "importances", lambda *_: ())
    monkeypatch.setattr(begun, "propose", lambda _known, _running, seed: drawn(seed))


def drawn(seed: int) -> dict[str, Value]:
    """Return settings that were drawn without knowing anything, their pipelines as shipped."""
    rng = np.random.default_rng(seed)
    found: dict[str, Value] = {
        key: part.nearest(rng.uniform(part.low, part.high))
        if isinstance(part, Range)
        else part[rng.integers(len(part))]
        for key, part in SPACE.items()
    }
    return found | dict.fromkeys((key for key in SPACE if key.endswith("strength")), 1.0)


def spec_of(real: Path, **keys: Any) -> SearchSpec:
    """Return a small spec."""
    given = {"budget": 1000, "folds": 2, "width": 6, "rungs": (10,), "seeds": 2}
    return made_spec(real=real, **given | keys)


def search(
    spec: SearchSpec,
    out: Path,
    executor: Pretender,
    hours: float = 1.0,
    workers: int = 1,
    *,
    retry_failed: bool = False,
) -> SearchAnswer:
    """Run a search with made-up trainings."""
    return run.search(
        spec,
        out,
        hours=hours,
        executor=executor,
        workers=workers,
        retry_failed=retry_failed,
    )


def by_share(task: Task, test: Path) -> float:
    """Return an accuracy that grows with the share of copies, and differs between tests."""
    mix = task.recipe["mix"]
    copies = sum(part["ratio"] for part in mix if part.get("pipeline") and "path" in part)
    whole = sum(part["ratio"] for part in mix if part.get("per_class") is None)
    harder = 0.1 if "fold-2" in str(test) else 0.0
    return float(0.6 + 0.3 * copies / whole - harder)
