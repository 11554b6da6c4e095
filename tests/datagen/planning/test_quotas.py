"""Exact numbers beside shares, pictures that serve again, and pipelines; no image is made."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.errors import BudgetError, DatagenError, RecipeError, SplitError
from datagen.core.glyphs import NumeralInfo, NumeralPool
from datagen.core.numerals import CLASSES, SPLITS
from datagen.planning.split import Pool
from datagen.recipes.schema import Ingredient, Recipe, Validation
from tests.datagen.planning.test_plan import letters, pictures, plan

REAL = Path("/real")


def images(**given: Any) -> Ingredient:
    return Ingredient(source="images", path=REAL, **given)


def uneven(counts: dict[str, int]) -> NumeralPool:
    infos = [
        NumeralInfo(f"{numeral}/{k}", numeral, f"pixels-{numeral}-{k}")
        for numeral, number in counts.items()
        for k in range(number)
    ]
    return NumeralPool("images", infos, lambda _: pytest.fail("planning loaded an image"))


@settings(deadline=None)
@given(
    st.fixed_dictionaries({numeral: st.integers(5, 30) for numeral in CLASSES}),
    st.integers(300, 600),
    st.floats(0.15, 0.5),
    st.floats(0.2, 5),
)
def test_shares_even_out_what_exact_numbers_leave_uneven(
    counts: dict[str, int], total: int, fraction: float, ratio: float
) -> None:
    recipe = Recipe(
        images=total,
        budget=total + 8,
        mix=(
            images(per_class="all"),
            images(pipeline="scanned", ratio=ratio),
            Ingredient(source="pen"),
        ),
        val=Validation(fraction=fraction),
    )
    pools: dict[str, Pool] = {"images": uneven(counts), "pen": letters("pen", 20)}
    try:
        planned = plan(recipe, pools)
    except BudgetError:  # the pictures alone are more than one side holds
        assert sum(counts.values()) * max(fraction, 1 - fraction) > total * 0.1
        return
    assert len(planned.items) == planned.count.exact == total
    plain = [i for i in planned.items if i.source == "images" and i.pipeline is None]
    assert len({i.pick for i in plain}) == len(plain) == sum(counts.values())
    for split, size in zip(SPLITS, (planned.count.train, planned.count.val), strict=True):
        side = [item for item in planned.items if item.split == split]
        assert len(side) == size
        taken = Counter(i.numeral for i in side if i in plain)
        total_by_class = Counter(item.numeral for item in side)
        # nobody is above the level but who was there by exact numbers alone
        level = max(n for c, n in total_by_class.items() if n > taken[c])
        assert all(n >= level - 1 for n in total_by_class.values())
        picks = Counter(i.pick for i in side if i.source == "images" and i.pipeline)
        sided = set(planned.sources.splits["images"].sides[split])
        assert set(picks) <= sided


def test_exact_numbers_of_letters_count_both_sides() -> None:
    recipe = Recipe(mix=(Ingredient(source="pen", per_class=50),))
    planned = plan(recipe, {"pen": letters("pen", 9)})
    assert (planned.count.train, planned.count.val) == (400, 100)
    assert set(Counter(i.numeral for i in planned.items).values()) == {50}


def test_exact_numbers_by_class_are_kept() -> None:
    asked = {"i": 20, "x": 40}
    recipe = Recipe(
        mix=(Ingredient(source="pen", per_class=asked), images(per_class="all")),
        val=Validation(fraction=0.5),
    )
    planned = plan(recipe, {"pen": letters("pen", 9), "images": pictures("images", 4)})
    by_class = Counter(i.numeral for i in planned.items)
    assert by_class == {numeral: 4 + asked.get(numeral, 0) for numeral in CLASSES}


def test_val_of_its_own_takes_exact_numbers_too() -> None:
    recipe = Recipe(
        images=500,
        mix=(Ingredient(source="pen"), images(pipeline="scanned")),
        val=Validation(mix=(images(per_class="all"),)),
    )
    pools = {"pen": letters("pen", 9), "images": pictures("images", 20)}
    planned = plan(recipe, pools)
    assert planned.count.val == 40
    assert {(i.source, i.pipeline) for i in planned.items if i.split == "val"} == {("images", None)}
    assert {i.pipeline for i in planned.items if i.split == "train" and i.source == "images"} == {
        "scanned"
    }


def test_pictures_serve_alike_through_a_pipeline() -> None:
    recipe = Recipe(images=1_000, pipeline="scanned", mix=(images(),))
    planned = plan(recipe, {"images": pictures("images", 20)})
    served = Counter(i.pick for i in planned.items if i.split == "train")
    assert set(served.values()) == {5}
    assert {item.pipeline for item in planned.items} == {"scanned"}


def test_an_ingredient_may_stay_out_of_the_recipes_pipeline() -> None:
    recipe = Recipe(
        images=200,
        pipeline="scanned",
        mix=(images(pipeline="none"), Ingredient(source="pen", pipeline="top5")),
    )
    planned = plan(recipe, {"pen": letters("pen", 9), "images": pictures("images", 20)})
    assert {(i.source, i.pipeline) for i in planned.items} == {("images", None), ("pen", "top5")}


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"mix": (Ingredient(source="pen", per_class="all"),)}, RecipeError, "letters to compose"),
        (
            {"images": 900, "mix": (Ingredient(source="pen", per_class=20),)},
            BudgetError,
            "--images .* is 900, but the recipe's exact numbers per class add up to 200",
        ),
        (
            {"images": 100, "mix": (Ingredient(source="pen", per_class=20), images())},
            BudgetError,
            "add up to 200 images, --images .* is 100; raise it",
        ),
        (
            {
                "images": 150,
                "mix": (Ingredient(source="pen"),),
                "val": Validation(mix=(images(per_class=20),)),
            },
            BudgetError,
            "add up to 200 images, --images .* is 150; raise it",
        ),
        (
            {
                "images": 300,
                "mix": (Ingredient(source="pen", per_class=10),),
                "val": Validation(mix=(images(),)),
            },
            BudgetError,
            "add up to 100 images in train, the plan has 240",
        ),
        (
            {"budget": 100, "fit": True, "mix": (Ingredient(source="pen", per_class=15),)},
            BudgetError,
            "do not fit into it: raise --budget, or lower per_class in a copy",
        ),
        (
            {"mix": (Ingredient(source="pen", per_class={"i": 50}),)},
            SplitError,
            "no image would be in train/ii, .*val/x; each of the ten classes needs one",
        ),
        ({"mix": (images(per_class=30),)}, SplitError, "offers 16 images of 'i' for train"),
        (
            {"mix": (Ingredient(source="pen", per_class=1_200),)},
            BudgetError,
            "12,000 images",
        ),
    ],
)
def test_numbers_that_cannot_be_kept(
    given: dict[str, Any], error: type[DatagenError], says: str
) -> None:
    recipe = Recipe(**given)
    pools: dict[str, Pool] = {
        "pen": letters("pen", 9),
        "images": pictures("images", 20),
    }
    used = {part.source for part in (*recipe.mix, *recipe.val.mix)}
    with pytest.raises(error, match=says):
        plan(recipe, {key: pool for key, pool in pools.items() if key in used})


def test_a_picture_through_a_pipeline_needs_a_picture() -> None:
    few = uneven(dict.fromkeys(CLASSES, 5) | {"ix": 0})
    with pytest.raises(SplitError, match="offers 0 images of 'ix'"):
        plan(Recipe(images=200, pipeline="scanned", mix=(images(),)), {"images": few})


def test_weighted_pictures_serve_more_often() -> None:
    infos = [
        NumeralInfo(f"{numeral}/{k}", numeral, f"{numeral}-{k}", weight=1 + 3 * (k == 0))
        for numeral in CLASSES
        for k in range(4)
    ]
    pool = NumeralPool("images", infos, lambda _: pytest.fail("planning loaded an image"))
    recipe = Recipe(
        images=350,
        pipeline="scanned",
        mix=(images(),),
        val=Validation(mix=(Ingredient(source="pen"),)),
    )
    planned = plan(recipe, {"images": pool, "pen": letters("pen", 9)})
    served = Counter(infos[i.pick].id for i in planned.items if i.pick is not None)
    assert all(served[f"{numeral}/0"] == 16 for numeral in CLASSES)
    assert all(served[f"{numeral}/{k}"] == 4 for numeral in CLASSES for k in (1, 2, 3))
