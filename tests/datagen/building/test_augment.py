"""Pipelines inside a build: recorded, done again to the byte, and never a wrong label."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.building.build import build
from datagen.building.open_sources import open_sources
from datagen.building.render import ImageRenderer
from datagen.datasets.format import read_info, read_manifest
from datagen.datasets.inspect import inspect
from datagen.planning.resolve import resolve
from datagen.recipes.load import load
from datagen.recipes.schema import Ingredient, Recipe, Validation
from pipelines.errors import PipelineError, WrongLabelError
from pipelines.labels import becomes


@pytest.fixture
def augmented(pen: Ingredient, numeral_folder: Path) -> Recipe:
    """Letters and pictures, each through a pipeline of its own."""
    pictures = Ingredient(
        source="images", path=numeral_folder, pipeline="edge-cases", options={"scan": True}
    )
    return Recipe(mix=(pen, pictures), images=120, pipeline="paper-and-pen", size="native")


@pytest.mark.slow
def test_every_augmented_image_is_made_again_from_its_line(
    augmented: Recipe, tmp_path: Path
) -> None:
    root = build(augmented, tmp_path / "ds").path
    recipe = load(str(root / "recipe.yaml"))
    renderer = ImageRenderer(open_sources(resolve(recipe)))
    entries = read_manifest(root)
    assert {entry.pipeline for entry in entries} == {"paper-and-pen", "edge-cases"}
    assert {op.op for entry in entries for op in entry.ops} > {"scan", "affine", "pen_width"}
    for entry in entries:
        stored = cv2.imread(str(root / entry.path), cv2.IMREAD_GRAYSCALE)
        assert np.array_equal(renderer.again(entry), stored)
    assert set(read_info(root).pipelines) == {"paper-and-pen", "edge-cases"}
    assert inspect(root).clean


@pytest.mark.slow
def test_workers_change_nothing(augmented: Recipe, tmp_path: Path) -> None:
    one, two = (
        build(augmented, tmp_path / str(workers), workers=workers).path for workers in (1, 2)
    )
    assert (one / "manifest.jsonl").read_bytes() == (two / "manifest.jsonl").read_bytes()


@pytest.mark.slow
def test_an_augmented_picture_stays_on_its_parents_side(augmented: Recipe, tmp_path: Path) -> None:
    entries = read_manifest(build(augmented, tmp_path / "ds").path)
    sides = {
        split: {e.parent for e in entries if e.parent and e.split == split}
        for split in ("train", "val")
    }
    assert sides["train"]
    assert sides["val"]
    assert not sides["train"] & sides["val"]
    repeated = Counter(e.parent for e in entries if e.parent)
    assert max(repeated.values()) > 1


def test_a_pipeline_that_would_mislabel_is_refused_before_anything_is_written(
    recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(WrongLabelError, match="wrong label"):
        build(recipe.model_copy(update={"pipeline": "keras-flips"}), tmp_path / "ds")
    assert not (tmp_path / "ds").exists()


def test_an_unknown_pipeline_is_named(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="'scaned'.*scanned"):
        build(recipe.model_copy(update={"pipeline": "scaned"}), tmp_path / "ds")
    assert not (tmp_path / "ds").exists()


def test_a_relabelled_image_lies_under_what_it_shows(numeral_folder: Path, tmp_path: Path) -> None:
    flips = tmp_path / "flips.yaml"
    flips.write_text(
        "pipeline: 1\nname: flips\nsteps:\n"
        "  - {op: horizontal_flip, relabel: true, on_wrong_label: skip}\n"
        "  - {op: affine, parameters: {rotate: [-9, 9]}}\n"
    )
    recipe = Recipe(
        images=60,
        mix=(Ingredient(source="images", path=numeral_folder, pipeline=str(flips)),),
        val=Validation(fraction=0.4),
        size="native",
    )
    root = build(recipe, tmp_path / "ds").path
    entries = read_manifest(root)
    moved = [e for e in entries if e.parent and not e.parent.startswith(f"{e.numeral}/")]
    assert {e.numeral for e in moved} == {"iv", "vi"}
    for entry in moved:
        assert entry.parent is not None
        assert becomes("mirror", entry.parent.split("/")[0], "unknown") == entry.numeral
        assert entry.path.startswith(f"{entry.split}/{entry.numeral}/")
        assert entry.ops[0].numeral == entry.numeral
    info = read_info(root)
    assert sum(info.counts["train"].values()) + sum(info.counts["val"].values()) == len(entries)
    assert inspect(root).clean


def test_a_pipeline_file_is_found_from_the_recipes_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("pipeline: 1\nname: mine\nsteps: [{op: scan}]\n")
    (tmp_path / "recipe.yaml").write_text(
        "recipe: 1\npipeline: mine.yaml\n"
        "mix: [{source: images, path: photos, options: {boost: hard.json, review: mine.yml}}]\n"
    )
    recipe = load(str(tmp_path / "recipe.yaml"))
    assert recipe.pipeline == str(tmp_path / "mine.yaml")
    assert recipe.mix[0].options == {
        "boost": str(tmp_path / "hard.json"),
        "review": str(tmp_path / "mine.yml"),
    }
