"""Sweeps made up for the reading of their answers: records as a runner writes them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from datagen.core.numerals import CLASSES
from datagen.recipes.schema import Recipe
from datagen.sweeps.records import TRIALS, Scored, Setting, Trial

Write = Callable[..., Path]
Make = Callable[..., Trial]

EACH = 20  # images per class of the made-up sets


def scored(name: str, accuracy: float, seed: int, each: int = EACH) -> Scored:
    """Hits on the made-up set `name`: images have their difficulty, each seed its own luck."""
    fixed = np.random.default_rng(sum(map(ord, name)))
    difficulty = fixed.random(each * len(CLASSES))
    luck = np.random.default_rng(seed).normal(0, 0.02, len(difficulty))
    hits = (difficulty + luck < accuracy).astype(int)
    by_class = hits.reshape(len(CLASSES), each).mean(axis=1)
    return Scored(
        path=f"data/{name}",
        fingerprint=name * 4,
        images=len(hits),
        correct=int(hits.sum()),
        hits="".join(map(str, hits)),
        classes={numeral: float(by_class[k]) for k, numeral in enumerate(CLASSES)},
    )


def made(
    ratios: dict[str, float],
    quality: float,
    *,
    settings: dict[str, Setting] | None = None,
    seed: int = 123,
    selection: bool = True,
    tests: Sequence[str] = ("test",),
    **changes: object,
) -> Trial:
    """One trial that ran to the end with accuracies near `quality`."""
    named = {**ratios, **(settings or {})}
    name = " ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in named.items())
    return Trial.model_validate(
        {
            "point": name.replace(" ", "-").replace("/", "_") or "alone",
            "name": name,
            "ratios": ratios,
            "settings": settings or {},
            "seed": seed,
            "state": "done",
            "epochs": 100,
            "official": True,
            "dataset": f"datasets/{name}",
            "fingerprint": "f" * 64,
            "images": 1000,
            "val_accuracy": min(1.0, 0.9 + 0.1 * quality),
            "selection": scored("selection", quality, seed).model_dump() if selection else None,
            "tests": [scored(each, quality - 0.05, seed).model_dump() for each in tests],
            "score": f"scores/{name}-{seed}.json",
            "build_seconds": 5.0,
            "evaluate_seconds": 200.0,
        }
        | changes
    )


def broken(ratios: dict[str, float], error: str, **changes: object) -> Trial:
    """One trial without a score."""
    nothing = {"val_accuracy": None, "selection": None, "tests": (), "score": None, "epochs": 0}
    return made(ratios, 0.5, state="failed", official=False, error=error, **nothing, **changes)


@pytest.fixture
def trial() -> Make:
    """Make one trial that ran to the end: `trial(ratios, quality, seed=…, **changes)`."""
    return made


@pytest.fixture
def failed() -> Make:
    """Make one trial without a score: `failed(ratios, error, **changes)`."""
    return broken


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write trials, and the recipe of each candidate, as a sweep's folder."""

    def written(*trials: Trial) -> Path:
        folder = tmp_path / "ratios"
        folder.mkdir(exist_ok=True)
        lines = "".join(f"{each.model_dump_json()}\n" for each in trials)
        (folder / TRIALS).write_text(lines, "utf-8")
        for each in trials:
            recipe = folder / "datasets" / each.point / "recipe.yaml"
            recipe.parent.mkdir(parents=True, exist_ok=True)
            recipe.write_text(Recipe(name=each.name).to_yaml(), "utf-8")
        return folder

    return written
