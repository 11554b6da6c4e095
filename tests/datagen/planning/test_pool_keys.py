"""One rule names sources, wherever they are named."""

from pathlib import Path

from datagen.planning.pool_keys import PoolRequest, pool_keys
from datagen.planning.resolve import resolve
from datagen.recipes.schema import Ingredient, Recipe


def test_equal_requests_share_a_key_and_others_are_numbered() -> None:
    a, b = (PoolRequest("images", Path(name), {}) for name in "ab")
    narrow, wide = (PoolRequest("pen", None, {"writers": n}) for n in (12, 40))
    assert pool_keys([a, narrow, b, a, wide, narrow]) == [
        *("images", "pen", "images-2", "images", "pen-2", "pen")
    ]
    assert pool_keys([]) == []


def test_a_source_of_ratio_0_keeps_its_number_and_is_not_opened() -> None:
    parts = [
        Ingredient(source="images", path=Path(f"/{name}"), ratio=ratio)
        for name, ratio in (("a", 0), ("b", 1))
    ]
    keys = resolve(Recipe(mix=tuple(parts))).ingredients
    assert keys == {"images-2": parts[1]}
