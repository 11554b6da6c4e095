"""What a recipe says of pools, sides and pipelines, before any source is opened."""

from pathlib import Path

import pytest

from datagen.core.errors import SplitError
from datagen.planning.resolve import SidePart, resolve
from datagen.recipes.schema import Ingredient, Recipe, Validation


def test_sources_that_open_alike_share_a_key() -> None:
    resolved = resolve(
        Recipe(
            mix=(
                Ingredient(source="images", path=Path("/a"), per_class=3),
                Ingredient(source="images", path=Path("/b")),
                Ingredient(source="images", path=Path("/a"), pipeline="scanned", ratio=2),
                Ingredient(source="images", path=Path("/a"), options={"scan": True}),
                Ingredient(source="pen", ratio=0),
            )
        )
    )
    assert list(resolved.ingredients) == ["images", "images-2", "images-3"]
    assert [part.source for part in resolved.parts["train"]] == [
        "images",
        "images-2",
        "images",
        "images-3",
    ]
    assert resolved.parts["train"][2] == SidePart("images", "scanned", 2.0, None)
    assert resolved.parts["train"] == resolved.parts["val"]
    assert not resolved.own_val
    assert resolved.paths == [Path("/a"), Path("/b"), Path("/a")]


def test_val_has_a_mix_of_its_own() -> None:
    resolved = resolve(
        Recipe(
            mix=(Ingredient(source="pen"),),
            val=Validation(mix=(Ingredient(source="pen"), Ingredient(source="emnist"))),
        )
    )
    assert resolved.own_val
    assert resolved.sources("train") == {"pen"}
    assert resolved.sources("val") == {"pen", "emnist"}


def test_a_val_folder_is_all_of_val_and_passes_through_no_pipeline() -> None:
    resolved = resolve(
        Recipe(
            mix=(Ingredient(source="images", path=Path("/a")),),
            pipeline="scanned",
            val=Validation(folder=Path("/v")),
        )
    )
    assert resolved.parts["val"] == (SidePart("images-2", None, 1.0, "all"),)
    assert resolved.ingredients["images-2"].path == Path("/v")
    assert resolved.own_val


def test_a_val_folder_is_no_source_of_train() -> None:
    folder = Path("/v")
    recipe = Recipe(mix=(Ingredient(source="images", path=folder),), val=Validation(folder=folder))
    with pytest.raises(SplitError, match=r"/v is to be all of val and source 'images' of train"):
        resolve(recipe)


def test_pipelines_are_those_in_use() -> None:
    resolved = resolve(
        Recipe(
            mix=(
                Ingredient(source="pen"),
                Ingredient(source="emnist", pipeline="none"),
                Ingredient(source="images", pipeline="photographed", ratio=0),
            ),
            pipeline="scanned",
            val=Validation(mix=(Ingredient(source="chars74k", pipeline="edge-cases"),)),
        )
    )
    assert [part.pipeline for part in resolved.parts["train"]] == ["scanned", None]
    assert resolved.pipelines == ["edge-cases", "scanned"]
