"""What every recipe in the package promises, planned on made-up input of its sources.

A new recipe is tested by being there. No image is made.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from datagen.building.augment import check_labels, open_pipelines
from datagen.building.build import plan_recipe
from datagen.core.numerals import CLASSES, SPLITS
from datagen.planning.plan import Plan
from datagen.recipes.load import load, shipped
from datagen.recipes.overrides import Overrides, override
from datagen.recipes.schema import NO_PIPELINE, Recipe
from datagen.sources import get_source
from pipelines.pipeline import presets
from tests.conformance.inputs import input_of

EVERY = pytest.mark.parametrize("name", shipped())


def on_made_up_input(recipe: Recipe, folder: Path) -> Recipe:
    """Return a recipe that reads made-up input wherever a source takes a path."""
    names = dict.fromkeys(part.source for part in (*recipe.mix, *recipe.val.mix))
    inputs = {name: input_of(get_source(name), folder) for name in names}
    paths = tuple((name, path) for name, path in inputs.items() if path is not None)
    return override(recipe, Overrides(paths=paths))


@EVERY
def test_it_validates_and_its_header_says_what_it_is(name: str) -> None:
    recipe = load(name)
    assert recipe.name == name
    header = re.match(r"(# .*\n)+", shipped()[name])
    assert header is not None
    assert len(header[0]) > 40
    needs = {part.source for part in recipe.mix if get_source(part.source).path_hint is not None}
    assert not needs or "Needs " in header[0]


@EVERY
def test_the_sources_and_pipelines_it_names_are_there(name: str) -> None:
    recipe = load(name)
    for part in (*recipe.mix, *recipe.val.mix):
        get_source(part.source).options.model_validate(part.options)
        assert part.pipeline is None or part.pipeline in {*presets(), NO_PIPELINE}
    assert recipe.pipeline is None or recipe.pipeline in presets()


@EVERY
def test_it_is_the_same_after_a_round_trip(name: str, tmp_path: Path) -> None:
    recipe = load(name)
    (tmp_path / "again.yaml").write_text(recipe.to_yaml(), "utf-8")
    assert load(str(tmp_path / "again.yaml")) == recipe


@EVERY
def test_its_plan_keeps_the_budget_the_balance_and_the_labels(name: str, tmp_path: Path) -> None:
    recipe = on_made_up_input(load(name), tmp_path)
    planned = plan_recipe(recipe)
    assert recipe.eligible
    assert planned.count.within(recipe.budget)
    assert len(planned.items) == planned.count.exact
    for split, size in zip(SPLITS, (planned.count.train, planned.count.val), strict=True):
        by_class = Counter(item.numeral for item in planned.items if item.split == split)
        assert by_class.total() == size
        assert max(by_class.values()) - min(by_class[numeral] for numeral in CLASSES) <= 1
    _check_apart(planned)
    check_labels(planned.items, open_pipelines(planned.sources.resolved))


def _check_apart(planned: Plan) -> None:
    """No writer and no picture of a source stands on both sides."""
    for key, pool_split in planned.sources.splits.items():
        pool = planned.sources.pools[key]
        train, val = (
            {pool.infos[position].identity for position in pool_split.sides[split]}
            for split in SPLITS
        )
        assert not train & val
