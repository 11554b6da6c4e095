"""Pairs of classes that are confused: budgets, classes and parts stay as they are."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.building.build import plan_recipe
from datagen.core.errors import RecipeError
from datagen.core.numerals import CLASSES, case_styles, spell
from datagen.planning.plan import Plan
from datagen.planning.twins import _ROUNDS, EDITS, Twin, Written, pairs_of
from datagen.recipes.schema import Ingredient, Recipe

STYLES = st.sampled_from(("lower", "upper", "mixed"))
IMAGES = st.lists(st.tuples(st.sampled_from(CLASSES), STYLES), max_size=60).map(
    lambda rows: [Written(k, numeral, style) for k, (numeral, style) in enumerate(rows)]  # type: ignore[arg-type]
)


def anyone(_: str, __: str, ___: str) -> bool:
    return True


def planned(share: float, images: int = 300, **recipe: object) -> Plan:
    pen = Ingredient(source="pen", options={"writers": 12}, twins=share)
    return plan_recipe(Recipe.model_validate({"mix": (pen,), "images": images, **recipe}))


def test_every_round_has_every_class_once() -> None:
    for edges in _ROUNDS:
        assert sorted(name for edge in edges for name in edge) == sorted(CLASSES)
        assert set(edges) <= EDITS.keys()


@pytest.mark.parametrize("edge", EDITS)
def test_a_follower_has_the_letters_of_its_leader_or_one_other(edge: tuple[str, str]) -> None:
    leader, follower = edge
    places = EDITS[edge]
    assert len(places) == len(follower) <= len(leader)
    assert set(places) <= set(range(len(leader)))
    assert len(set(places)) == len(places)
    others = sum(leader[place] != letter for place, letter in zip(places, follower, strict=True))
    assert others + len(leader) - len(follower) + (list(places) != sorted(places)) == 1


@given(images=IMAGES, share=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_pairs_are_of_two_classes_of_one_style_and_no_more_than_asked(
    images: list[Written], share: float
) -> None:
    twins = pairs_of(images, share, anyone)
    assert len(twins) <= share * len(images) + 1e-6
    for index, twin in twins.items():
        one, other = images[index], images[twin.index]
        assert twin.numeral == other.numeral
        assert one.style == other.style
        assert twins[twin.index] == Twin(index, one.numeral, not twin.leads)
        pair = (one.numeral, other.numeral)
        assert (pair if twin.leads else pair[::-1]) in EDITS


def test_letters_that_nobody_has_make_no_pairs() -> None:
    images = [Written(k, CLASSES[k % 10], "upper") for k in range(40)]
    assert pairs_of(images, 1.0, lambda *_: False) == {}
    assert len(pairs_of(images, 1.0, anyone)) == 40


@given(share=st.floats(0.01, 1), images=st.integers(60, 240), seed=st.integers(0, 2**31))
@settings(max_examples=6, deadline=None)
def test_twins_change_no_class_no_part_and_no_budget(share: float, images: int, seed: int) -> None:
    plain, paired = planned(0, images, seed=seed), planned(share, images, seed=seed)
    assert plain.count == paired.count
    for one, other in zip(plain.items, paired.items, strict=True):
        assert one.twin is None
        assert (one.index, one.split, one.source, one.numeral, one.style, one.pipeline) == (
            other.index,
            other.split,
            other.source,
            other.numeral,
            other.style,
            other.pipeline,
        )
        if other.twin is not None:
            twin = paired.items[other.twin.index]
            assert (twin.split, twin.source, twin.style) == (other.split, other.source, other.style)
            assert twin.numeral == other.twin.numeral
            assert twin.drawn_by == other.drawn_by


def test_as_many_images_of_every_class_are_twins() -> None:
    made = planned(0.5, 2000, case_styles={"upper": 1})
    twins = Counter(item.numeral for item in made.items if item.twin is not None)
    assert sum(twins.values()) == 1000
    assert max(twins.values()) - min(twins.values()) <= 2  # one round begun in each part


def test_capitals_beside_small_letters_pair_too() -> None:
    pairs = [pair for pair in EDITS if all("mixed" in case_styles(name) for name in pair)]
    made = planned(1.0, 2000)
    found = {
        (item.numeral, item.twin.numeral)
        for item in made.items
        if item.style == "mixed" and item.twin is not None and item.twin.leads
    }
    assert found
    assert found <= set(pairs)
    assert spell("iv", "mixed") == spell("vi", "mixed")[::-1]


def test_exact_numbers_ask_for_more_of_hard_classes() -> None:
    numbers = {"vii": 80, "viii": 80, "iii": 60, **dict.fromkeys(("i", "ii", "iv", "v"), 20)}
    numbers |= dict.fromkeys(("vi", "ix", "x"), 20)
    pen = Ingredient(source="pen", options={"writers": 12}, per_class=numbers, twins=0.4)
    made = plan_recipe(Recipe(mix=(pen,)))
    assert Counter(item.numeral for item in made.items) == numbers
    assert sum(item.twin is not None for item in made.items) >= 0.35 * len(made.items)


def test_pairs_need_letters_and_a_hand(numeral_folder: object) -> None:
    pictures = {"source": "images", "path": numeral_folder, "twins": 0.2, "options": {"scan": True}}
    with pytest.raises(RecipeError, match="only letters can be written in pairs"):
        plan_recipe(Recipe.model_validate({"mix": [pictures], "images": 40}))
    with pytest.raises(RecipeError, match="composed by classic-emnist"):
        planned(0.2, compose={"method": "classic-emnist"})
