"""Counts, balance and split of plans, over many recipes; no image is made."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.arrays import GrayImage
from datagen.core.errors import BudgetError, SplitError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool, NumeralInfo, NumeralPool
from datagen.core.numerals import CLASSES, SPLITS, Split
from datagen.planning import plan as planning
from datagen.planning.plan import Plan
from datagen.planning.resolve import resolve
from datagen.planning.split import Pool, split_sources
from datagen.recipes.schema import Ingredient, Recipe, Validation


def plan(recipe: Recipe, pools: Mapping[str, Pool]) -> Plan:
    """Plan a recipe over given pools instead of opened ones."""
    return planning.plan(split_sources(resolve(recipe), pools))


def letters(source: str, writers: int | None, each: int = 3) -> GlyphPool:
    """A pool of letters without ink, by `writers` people or by nobody known."""
    people = [None] if writers is None else [f"w{k}" for k in range(writers)]
    infos = [
        GlyphInfo(f"{person}-{letter}-{case}-{k}", letter, case, person)
        for person in people
        for letter in ("i", "v", "x")
        for case in ("lower", "upper")
        for k in range(each)
    ]
    return GlyphPool(source, infos, _no_ink)


def _no_ink(position: int) -> Glyph:
    raise AssertionError(f"planning loaded glyph {position}")


def _no_image(position: int) -> GrayImage:
    raise AssertionError(f"planning loaded image {position}")


def pictures(source: str, each: int, first: int = 0) -> NumeralPool:
    infos = [
        NumeralInfo(f"{numeral}/{k}", numeral, f"pixels-{numeral}-{k}")
        for numeral in CLASSES
        for k in range(first, first + each)
    ]
    return NumeralPool(source, infos, _no_image)


def mix(**ratios: float) -> tuple[Ingredient, ...]:
    return tuple(Ingredient(source=name, ratio=ratio) for name, ratio in ratios.items())


recipes = st.builds(
    Recipe,
    seed=st.integers(0, 5),
    images=st.integers(100, 900),
    budget=st.integers(200, 1_000),
    fit=st.just(True),
    mix=st.tuples(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0, 5)).map(
        lambda r: mix(pen=r[0], emnist=r[1], chars74k=r[2])
    ),
    val=st.builds(Validation, fraction=st.floats(0.12, 0.6)),
    case_styles=st.fixed_dictionaries(
        {"upper": st.floats(0.1, 1), "lower": st.floats(0.1, 1), "mixed": st.floats(0, 1)}
    ),
)


@given(recipes)
def test_budget_balance_and_split_always_hold(recipe: Recipe) -> None:
    everything: dict[str, Pool] = {
        "pen": letters("pen", 20),
        "emnist": letters("emnist", None, each=15),
        "chars74k": letters("chars74k", 9, each=1),
    }
    pools = {part.source: everything[part.source] for part in recipe.mix if part.ratio > 0}
    planned = plan(recipe, pools)
    assert planned.count.within(recipe.budget)
    assert len(planned.items) == planned.count.exact
    assert [item.index for item in planned.items] == list(range(len(planned.items)))
    _assert_balanced(recipe, planned)
    _assert_apart(planned, pools)


def _assert_balanced(recipe: Recipe, planned: Plan) -> None:
    total = planned.count.exact
    whole = sum(part.ratio for part in recipe.mix)
    by_source = Counter(item.source for item in planned.items)
    for part in recipe.mix:
        assert abs(by_source[part.source] - total * part.ratio / whole) < 1 + 1e-6
    for split, size in zip(SPLITS, (planned.count.train, planned.count.val), strict=True):
        side = [item for item in planned.items if item.split == split]
        assert len(side) == size
        by_class = Counter(item.numeral for item in side)
        assert max(by_class.values()) - min(by_class[c] for c in CLASSES) <= 1
    ideal: Counter[str] = Counter()
    for item in planned.items:
        styles = dict(recipe.case_styles)
        if item.numeral in {"i", "ii", "iii", "v", "x"}:
            styles.pop("mixed")
        for style, weight in styles.items():
            ideal[style] += weight / sum(styles.values())  # type: ignore[assignment]
    counted = Counter(item.style for item in planned.items)
    for style, expected in ideal.items():
        assert abs(counted[style] - expected) <= 1 + 1e-6  # type: ignore[index]


def _assert_apart(planned: Plan, pools: dict[str, Pool]) -> None:
    for key, pool_splits in planned.sources.splits.items():
        sides = [
            {pools[key].infos[position].identity for position in pool_splits.sides[split]}
            for split in SPLITS
        ]
        assert sides[0]
        assert sides[1]
        assert not sides[0] & sides[1]


def test_the_same_recipe_gives_the_same_plan() -> None:
    recipe = Recipe(images=200, mix=mix(pen=1))
    first, second = (plan(recipe, {"pen": letters("pen", 9)}) for _ in range(2))
    assert first == second
    other = plan(recipe.model_copy(update={"seed": 1}), {"pen": letters("pen", 9)})
    assert other.sources.splits != first.sources.splits


def test_a_plan_above_the_batched_budget_is_refused_with_the_nearest() -> None:
    recipe = Recipe(mix=mix(pen=1), val=Validation(fraction=0.025))
    pools = {"pen": letters("pen", 9)}
    with pytest.raises(
        BudgetError,
        match=r"train 9,750 \+ val 250 = 10,000 images, 10,008 .*train 9,750 \+ val 248; --fit",
    ):
        plan(recipe, pools)
    fitted = plan(recipe.model_copy(update={"fit": True}), pools)
    assert (fitted.count.train, fitted.count.val) == (9_750, 248)
    assert "fitted to the budget" in fitted.notes[0]


def test_more_images_than_the_budget_are_refused() -> None:
    with pytest.raises(BudgetError, match="10,100 images.*budget is 10,000"):
        plan(Recipe(images=10_100, mix=mix(pen=1)), {"pen": letters("pen", 9)})


def test_a_larger_budget_is_said_not_to_be_eligible() -> None:
    planned = plan(Recipe(budget=12_000, mix=mix(pen=1)), {"pen": letters("pen", 9)})
    assert planned.count.exact == 12_000
    assert "not eligible" in planned.notes[0]


@pytest.mark.parametrize("images", [1, 19, 44])
def test_too_few_images_for_ten_classes(images: int) -> None:
    with pytest.raises(BudgetError, match="at least 10 images each"):
        plan(Recipe(images=images, mix=mix(pen=1)), {"pen": letters("pen", 9)})


def test_too_few_writers_are_counted() -> None:
    with pytest.raises(SplitError, match="source pen has too few letters for 'i' in val.*1 with"):
        plan(Recipe(images=100, mix=mix(pen=1)), {"pen": letters("pen", 1)})


def test_letters_of_unknown_case_are_written_as_they_come() -> None:
    infos = [GlyphInfo(f"{c}{k}", c, "unknown", None) for c in ("i", "v", "x") for k in range(9)]
    planned = plan(
        Recipe(images=100, mix=mix(emnist=1)), {"emnist": GlyphPool("emnist", infos, _no_ink)}
    )
    assert {item.style for item in planned.items} == {"unknown"}


def test_finished_images_are_taken_as_they_are() -> None:
    # a source of ratio 0, as at the end of a sweep, changes nothing
    planned = plan(Recipe(mix=mix(images=1, pen=0)), {"images": pictures("images", 20)})
    assert planned.count.exact == 200
    assert planned.count.val == 40
    assert len({item.pick for item in planned.items}) == 200


def test_too_few_finished_images_are_counted() -> None:
    with pytest.raises(SplitError, match="offers 16 images of 'i' for train, the plan asks for 32"):
        plan(Recipe(images=400, mix=mix(images=1)), {"images": pictures("images", 20)})


def test_a_validation_folder_is_taken_whole_and_train_fills_the_budget() -> None:
    recipe = Recipe(mix=mix(pen=1), val=Validation(folder=Path("/val")))
    planned = plan(recipe, {"pen": letters("pen", 9), "images": pictures("images", 21)})
    assert (planned.count.train, planned.count.val) == (9_784, 210)
    assert _sources(planned, "val") == {"images"}


def test_a_picture_of_the_validation_folder_leaves_train() -> None:
    recipe = Recipe(
        mix=(Ingredient(source="images", path=Path("/train")),),
        val=Validation(folder=Path("/val")),
    )
    pools = {"images": pictures("images", 20), "images-2": pictures("images", 4, first=18)}
    planned = plan(recipe, pools)
    assert (planned.count.train, planned.count.val) == (180, 40)
    assert "20 training images left out" in planned.notes[0]


def test_pictures_that_all_stand_in_val_are_the_reason_given() -> None:
    recipe = Recipe(
        mix=(Ingredient(source="images", path=Path("/photos")),),
        val=Validation(mix=(Ingredient(source="images", path=Path("/copies")),)),
    )
    pools = {"images": pictures("images", 20), "images-2": pictures("images", 20)}
    with pytest.raises(BudgetError, match="train 0 .* 200 training images left out, the same"):
        plan(recipe, pools)


def test_a_class_that_only_one_side_has_is_named() -> None:
    infos = [i for i in pictures("images", 20).infos if i.numeral != "ix" or i.id == "ix/0"]
    with pytest.raises(SplitError, match="no image would be in val/ix; "):
        plan(Recipe(mix=mix(images=1)), {"images": NumeralPool("images", infos, _no_image)})


def test_validation_from_another_source() -> None:
    recipe = Recipe(images=200, mix=mix(pen=1), val=Validation(mix=mix(emnist=1)))
    pools = {"pen": letters("pen", 9), "emnist": letters("emnist", None)}
    planned = plan(recipe, pools)
    assert _sources(planned, "train") == {"pen"}
    assert _sources(planned, "val") == {"emnist"}
    assert len(planned.sources.splits["pen"].sides["val"]) == 0


def test_a_source_of_ratio_0_is_not_asked_for() -> None:
    planned = plan(Recipe(images=100, mix=mix(pen=1, emnist=0)), {"pen": letters("pen", 9)})
    assert {item.source for item in planned.items} == {"pen"}


def _sources(planned: Plan, split: Split) -> set[str]:
    return {item.source for item in planned.items if item.split == split}
