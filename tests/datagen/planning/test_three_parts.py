"""Recipes that make a third part, `test`: identities, fractions, budget; no image is made."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.errors import BudgetError, RecipeError, SplitError
from datagen.core.glyphs import NumeralInfo, NumeralPool
from datagen.core.numerals import CLASSES, PARTS
from datagen.planning.plan import Plan
from datagen.planning.split import Pool, divide
from datagen.recipes.load import parse
from datagen.recipes.schema import HeldOutTest, Ingredient, Recipe, Validation
from tests.datagen.planning.test_plan import letters, mix, pictures, plan
from tests.datagen.planning.test_split import IMAGES, _no_image


def _assert_apart(planned: Plan, pools: dict[str, Pool]) -> None:
    for key, pool_split in planned.sources.splits.items():
        held = [{pools[key].infos[k].identity for k in pool_split.sides[part]} for part in PARTS]
        assert sum(map(len, held)) == len(set().union(*held))


@given(
    seed=st.integers(0, 9),
    images=st.integers(150, 900),
    val=st.floats(0.12, 0.4),
    test=st.floats(0.12, 0.4),
    ratio=st.floats(0.1, 5),
)
def test_three_parts_share_no_identity_and_have_their_fractions(
    seed: int, images: int, val: float, test: float, ratio: float
) -> None:
    pools: dict[str, Pool] = {"pen": letters("pen", 20), "emnist": letters("emnist", None, 15)}
    recipe = Recipe(
        seed=seed,
        images=images,
        fit=True,
        mix=mix(pen=1, emnist=ratio),
        val=Validation(fraction=val),
        test=HeldOutTest(fraction=test),
    )
    planned = plan(recipe, pools)
    count = planned.count
    assert count.exact == images
    assert len(planned.items) == count.exact + count.test
    assert abs(count.test - test * len(planned.items)) <= 1
    assert abs(count.val - val * len(planned.items)) <= 1
    _assert_apart(planned, pools)
    for part in PARTS:
        by_class = Counter(item.numeral for item in planned.items if item.split == part)
        assert max(by_class.values()) - min(by_class[c] for c in CLASSES) <= 1


@given(
    infos=IMAGES,
    val=st.floats(0.05, 0.6),
    test=st.floats(0.05, 0.35),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_no_group_of_images_stands_in_two_parts_whatever_their_order(
    infos: list[NumeralInfo], val: float, test: float, seed: int, data: st.DataObject
) -> None:
    def chosen(listed: list[NumeralInfo]) -> list[set[str]]:
        pool = NumeralPool("images", listed, _no_image)
        sides = divide(pool, {"val": val, "test": test}, np.random.default_rng(seed)).sides
        assert sorted(k for part in PARTS for k in sides[part]) == list(range(len(listed)))
        return [{listed[k].identity for k in sides[part]} for part in PARTS]

    parts = chosen(infos)
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert chosen(data.draw(st.permutations(infos))) == parts


def test_train_and_val_are_planned_as_without_test_but_for_who_writes() -> None:
    pools: dict[str, Pool] = {"pen": letters("pen", 20)}
    plain = Recipe(images=700, mix=mix(pen=1), val=Validation(fraction=2 / 9))
    three = plain.model_copy(
        update={"val": Validation(fraction=0.2), "test": HeldOutTest(fraction=0.1)}
    )
    before, after = (plan(recipe, pools) for recipe in (plain, three))
    assert after.items[: len(before.items)] == before.items
    assert {item.split for item in after.items[len(before.items) :]} == {"test"}


def test_finished_images_are_divided_70_20_10() -> None:
    pools: dict[str, Pool] = {"images": pictures("images", 100)}
    recipe = Recipe(mix=mix(images=1), test=HeldOutTest())
    planned = plan(recipe, pools)
    count = planned.count
    assert (count.train, count.val, count.test) == (700, 200, 100)
    assert len({item.pick for item in planned.items}) == 1_000
    _assert_apart(planned, pools)


def test_test_counts_towards_no_budget() -> None:
    pools: dict[str, Pool] = {"pen": letters("pen", 20)}
    count = plan(Recipe(mix=mix(pen=1), test=HeldOutTest()), pools).count
    assert (count.exact, count.in_batches, count.test) == (9_998, 10_000, 1_111)


def test_finished_images_that_do_not_fit_leave_test_its_share() -> None:
    pools: dict[str, Pool] = {"images": pictures("images", 100)}
    count = plan(Recipe(budget=450, fit=True, mix=mix(images=1), test=HeldOutTest()), pools).count
    assert count.within(450)
    assert abs(count.test - 50) <= 1


def test_exact_numbers_count_all_parts_that_share_the_mix() -> None:
    pools: dict[str, Pool] = {"pen": letters("pen", 20)}
    recipe = Recipe(mix=(Ingredient(source="pen", per_class=50),), test=HeldOutTest())
    planned = plan(recipe, pools)
    assert (planned.count.train, planned.count.val, planned.count.test) == (350, 100, 50)
    assert set(Counter(item.numeral for item in planned.items).values()) == {50}


def test_a_test_of_its_own_sources_and_one_of_a_folder(tmp_path: Path) -> None:
    pools: dict[str, Pool] = {"pen": letters("pen", 20), "images": pictures("images", 5)}
    own = Recipe(images=180, mix=mix(pen=1), test=HeldOutTest(fraction=0.1, mix=mix(images=1)))
    planned = plan(own, pools)
    assert planned.count.test == 20
    assert {item.source for item in planned.items if item.split == "test"} == {"images"}
    folder = Recipe(images=180, mix=mix(pen=1), test=HeldOutTest(folder=tmp_path))
    assert plan(folder, pools).count.test == 50


def test_what_test_has_too_leaves_train_and_val(tmp_path: Path) -> None:
    pools: dict[str, Pool] = {
        "images": pictures("images", 20),
        "images-2": pictures("images", 5, first=15),  # the same pixels as the last five
    }
    recipe = Recipe(
        mix=(Ingredient(source="images", path=tmp_path / "all"),),
        test=HeldOutTest(folder=tmp_path / "test"),
    )
    planned = plan(recipe, pools)
    assert planned.count.test == 50
    assert planned.count.exact == 150
    split = planned.sources.splits["images"]
    assert split.dropped + split.dropped_val == 50
    assert split.dropped_val > 0
    assert any("validation images left out" in note for note in planned.notes)


def test_a_folder_that_is_test_and_train_is_refused(tmp_path: Path) -> None:
    recipe = Recipe(
        mix=(Ingredient(source="images", path=tmp_path),), test=HeldOutTest(folder=tmp_path)
    )
    with pytest.raises(SplitError, match=r"is to be all of test and source 'images' of train"):
        plan(recipe, {"images": pictures("images", 5)})


def test_fractions_that_leave_nothing_for_train_are_refused(tmp_path: Path) -> None:
    text = "{val: {fraction: 0.7}, test: {fraction: 0.3}}"
    with pytest.raises(RecipeError, match=r"val.fraction 0.7 and test.fraction 0.3 add up to 1"):
        parse(text, origin="r.yaml", folder=tmp_path)


def test_too_few_images_for_every_class_in_test() -> None:
    recipe = Recipe(images=100, mix=mix(pen=1), test=HeldOutTest(fraction=0.05))
    with pytest.raises(BudgetError, match="test would have 5 images, it needs at least 10"):
        plan(recipe, {"pen": letters("pen", 20)})


def test_too_few_writings_for_three_parts_are_told() -> None:
    infos = [
        NumeralInfo(f"{numeral}/{k}", numeral, f"{numeral}-{k % 2 if numeral == 'iv' else k}")
        for numeral in CLASSES
        for k in range(20)
    ]
    pools: dict[str, Pool] = {"images": NumeralPool("images", infos, _no_image)}
    with pytest.raises(SplitError, match=r"'iv' \(20\) .* fewer than three writings"):
        plan(Recipe(mix=mix(images=1), test=HeldOutTest()), pools)
