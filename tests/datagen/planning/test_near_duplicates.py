"""Near-duplicates among finished images get one identity, found in the pictures as they serve."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.core.glyphs import NumeralInfo, NumeralPool
from datagen.planning.near_duplicates import with_groups
from datagen.planning.resolve import resolve
from datagen.recipes.schema import Ingredient, Recipe

RESOLVED = resolve(Recipe(mix=(Ingredient(source="images", path=Path("/photos")),)))


def scrawl(seed: int) -> GrayImage:
    points = np.random.default_rng(seed).integers(10, 90, (6, 1, 2), dtype=np.int32)
    sheet = np.full((100, 100), 255, np.uint8)
    return cv2.polylines(sheet, [points], isClosed=False, color=0, thickness=4).astype(np.uint8)


def identities(loaded: dict[str, int]) -> list[str]:
    """Return the identities of two pictures, given what each loads and the seed of its scrawl."""
    infos = [
        NumeralInfo(f"i/{k}", "i", identity, loaded=name)
        for k, (identity, name) in enumerate(zip("ab", loaded, strict=True))
    ]
    seeds = list(loaded.values())
    pool = NumeralPool("images", infos, lambda k: scrawl(seeds[k]))
    grouped = with_groups(RESOLVED, {"images": pool})["images"]
    return [info.identity for info in grouped.infos]


def test_what_was_found_in_other_pictures_of_the_same_identities_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path))
    assert identities({"z-gray": 1, "y-gray": 2}) == ["a", "b"]
    assert identities({"z-scan": 1, "y-scan": 1}) == ["a", "a"]
    assert identities({"z-gray": 9, "y-gray": 9}) == ["a", "b"]  # remembered
