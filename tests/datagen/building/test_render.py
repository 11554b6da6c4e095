"""An image is its recipe's seed's and its index's alone, whatever was made before it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.building.build import plan_recipe
from datagen.building.render import ImageRenderer, RenderedImage
from datagen.recipes.schema import Ingredient, Recipe

IMAGES = 40


def make(seed: int, order: list[int]) -> dict[int, RenderedImage]:
    """Make some images of a small recipe in the order given, by index."""
    recipe = Recipe(
        seed=seed,
        images=IMAGES,
        budget=48,
        pipeline="scanned",
        mix=(Ingredient(source="pen", options={"writers": 12}),),
        val={"fraction": 0.25},
    )
    planned = plan_recipe(recipe)
    renderer = ImageRenderer(planned.sources)
    return {index: renderer.make(planned.items[index]) for index in order}


@pytest.mark.slow
@given(
    seed=st.integers(0, 2**31),
    order=st.lists(st.integers(0, IMAGES - 1), min_size=2, max_size=8, unique=True),
)
@settings(max_examples=10, deadline=None)
def test_what_was_made_before_changes_nothing_and_another_seed_does(
    seed: int, order: list[int]
) -> None:
    first, again, other = make(seed, order), make(seed, order[::-1]), make(seed + 1, order)
    for index in order:
        assert np.array_equal(first[index].pixels, again[index].pixels)
        assert first[index].entry.seed == again[index].entry.seed == (seed, index)
        assert not np.array_equal(first[index].pixels, other[index].pixels)
