"""The dataset of a receipt is built again where its data have other places."""

from pathlib import Path

import pytest

from datagen.building.build import build
from datagen.datasets.content import dataset_content
from datagen.evaluation.origin import dataset_origin
from datagen.evaluation.places import located_score, recorded_score
from datagen.evaluation.records import Score
from datagen.receipts.rebuild import (
    dataset_difference,
    dataset_images,
    rebuild,
    receipt_recipe,
    recipe_difference,
)
from datagen.recipes.fingerprint import recipe_fingerprint
from datagen.recipes.schema import Ingredient, Recipe

PIPELINE = """\
pipeline: 1
name: own
description: turned a little
steps:
  - op: affine
    parameters: {rotate: [-3, 3]}
"""


@pytest.fixture
def recorded(numeral_folder: Path, score: Score, tmp_path: Path) -> Score:
    """A score as its file says it, of images that went through a pipeline that is a file."""
    pipeline = tmp_path / "own.yaml"
    pipeline.write_text(PIPELINE)
    mix = (Ingredient(source="images", path=numeral_folder, pipeline=str(pipeline)),)
    root = build(Recipe(mix=mix, images=100), tmp_path / "ds").path
    content = dataset_content(root)
    assert content is not None
    data = score.dataset.model_copy(update={"fingerprint": content.fingerprint, "path": str(root)})
    origin = dataset_origin(root, content)
    whole = score.model_copy(update={"dataset": data, "origin": origin})
    return recorded_score(whole, tmp_path / "report")


def again(score: Score, tmp_path: Path, moved: Path | None) -> str | None:
    """Build the dataset of a score again; return what differs."""
    located = located_score(score, tmp_path / "report")
    recipe = receipt_recipe(located.origin, tmp_path / "report" / "score.json")
    assert located.origin is not None
    assert recipe_difference(recipe, located.origin) is None
    (tmp_path / "work").mkdir()
    place = tmp_path / "work" / "dataset"
    paths = () if moved is None else (("images", moved),)
    info = rebuild(
        recipe,
        located.origin,
        place,
        paths=paths,
        workers=1,
        progress=lambda _: None,
        fetch=None,
    )
    found = dataset_difference(located, info.fingerprint, info, dataset_images(place))
    return found and found.where


def test_a_record_names_no_folder_of_the_user(recorded: Score) -> None:
    assert recorded.origin is not None
    assert recorded.origin.recipe is not None
    (part,) = recorded.origin.recipe["mix"]
    assert (part["path"], part["pipeline"]) == ("../numerals", "../own.yaml")
    assert list(recorded.origin.pipelines) == ["../own.yaml"]


def test_data_that_lie_elsewhere_and_a_pipeline_that_is_gone(
    recorded: Score, numeral_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").unlink()
    moved = numeral_folder.rename(tmp_path / "photos")
    assert again(recorded, tmp_path, moved) is None


def test_a_source_that_offers_less_is_named(
    recorded: Score, numeral_folder: Path, tmp_path: Path
) -> None:
    (numeral_folder / "v" / "0.png").unlink()
    assert again(recorded, tmp_path, None) == "source images"


def test_changed_images_have_no_recipe(dataset: Path) -> None:
    next((dataset / "train" / "v").iterdir()).unlink()
    content = dataset_content(dataset)
    assert content is not None
    origin = dataset_origin(dataset, content)
    assert origin.recipe is None
    assert "changed after the build" in str(origin.note)
    assert len(origin.images["train"]["v"]) == 2 * 7


def test_a_recipe_is_the_same_wherever_its_data_lie() -> None:
    def fingerprint(path: str, seed: int = 0) -> str:
        mix = (Ingredient(source="images", path=Path(path)),)
        return recipe_fingerprint(Recipe(mix=mix, seed=seed))

    assert fingerprint("/a/photos") == fingerprint("/b/c/photos")
    assert len({fingerprint("/a/photos"), fingerprint("/a/more"), fingerprint("/a/photos", 1)}) == 3
