"""Real builds of small recipes: bytes, records, failures."""

import errno
import hashlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from datagen.building import build as build_module
from datagen.building.build import build, plan_recipe
from datagen.building.open_sources import open_pool
from datagen.building.render import ImageRenderer, RenderedImage
from datagen.composition.handwritten.parameters import HandOptions
from datagen.core.arrays import GrayImage
from datagen.core.errors import BudgetError, BuildError, MissingInputError, SplitError, UsageError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.numerals import CLASSES
from datagen.datasets.format import image_files, read_info, read_manifest
from datagen.datasets.inspect import inspect
from datagen.planning.assign import Item
from datagen.planning.split import Pool
from datagen.recipes.load import load
from datagen.recipes.schema import Ingredient, Recipe, Validation
from pipelines.errors import WrongLabelError


def contents(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_the_same_bytes_for_any_number_of_workers(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # numerals so small that the evaluator sees no ink of some: they are drawn anew
    small = HandOptions(fill=(0.03, 0.08))
    recipe = recipe.model_copy(update={"images": 200, "compose": small})
    one = build(recipe, tmp_path / "one", workers=1)
    three = build(recipe, tmp_path / "three", workers=3)
    assert contents(one.path) == contents(three.path)
    assert one.info == three.info
    monkeypatch.setattr("datagen.building.workers._STARTING", 0.0)  # it is always worth it
    fitting = build(recipe, tmp_path / "fitting", workers=None)
    assert contents(one.path) == contents(fitting.path)
    anew = [entry for entry in read_manifest(one.path) if len(entry.seed) == 3]
    assert len(anew) >= 5
    renderer = ImageRenderer(plan_recipe(recipe).sources)
    for entry in anew:
        image = cv2.imread(str(one.path / entry.path), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(renderer.again(entry), image)


@pytest.mark.parametrize("images", [100, 200])
def test_no_process_is_started_for_little_work(
    recipe: Recipe, images: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    monkeypatch.setattr("datagen.building.workers.cores", lambda: 2)
    monkeypatch.setattr("datagen.building.workers._STARTING", 1e9)
    monkeypatch.setattr("datagen.building.workers._in_processes", lambda *_: started.append(1))
    told: list[int] = []
    recipe = recipe.model_copy(update={"images": images})
    ds = build(recipe, tmp_path / "ds", workers=None, progress=told.append).path
    assert (sum(1 for _ in ds.rglob("*.png")), started) == (images, [])
    assert told == [*range(64, images, 64), images]


def test_the_stored_recipe_makes_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    again = build(load(str(dataset / "recipe.yaml")), tmp_path / "again")
    assert contents(again.path) == contents(dataset)


def test_a_recipe_is_planned_as_it_is_built(recipe: Recipe, dataset: Path) -> None:
    planned = plan_recipe(recipe)
    assert planned.count == read_info(dataset).count
    assert [(item.index, item.split, item.source, item.style) for item in planned.items] == [
        (entry.index, entry.split, entry.source, entry.style) for entry in read_manifest(dataset)
    ]


def test_a_plan_checks_labels_and_opens_each_pool_once(recipe: Recipe) -> None:
    opened: list[str] = []

    def counted(part: Ingredient) -> Pool:
        opened.append(part.source)
        return open_pool(part)

    twice = recipe.model_copy(
        update={"mix": (*recipe.mix, recipe.mix[0].model_copy(update={"ratio": 2.0}))}
    )
    assert plan_recipe(twice, opened=counted).count.exact == 100
    assert opened == ["pen"]
    with pytest.raises(WrongLabelError, match="wrong label"):
        plan_recipe(recipe.model_copy(update={"pipeline": "keras-flips"}))


def test_another_seed_makes_other_images(recipe: Recipe, dataset: Path, tmp_path: Path) -> None:
    other = build(recipe.model_copy(update={"seed": 1}), tmp_path / "other")
    assert not set(contents(other.path).values()) & set(contents(dataset).values())


@pytest.mark.parametrize("size", [32, "native"])
def test_every_image_can_be_made_again_from_its_line(
    recipe: Recipe, tmp_path: Path, size: object
) -> None:
    recipe = recipe.model_copy(update={"size": size})
    root = build(recipe, tmp_path / "ds").path
    stored = load(str(root / "recipe.yaml"))
    renderer = ImageRenderer(plan_recipe(stored).sources)
    for entry in read_manifest(root):
        image = cv2.imread(str(root / entry.path), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(renderer.again(entry), image)


def test_a_finished_image_can_be_made_again_or_is_said_to_be_gone(
    numeral_folder: Path, tmp_path: Path
) -> None:
    recipe = Recipe(mix=(Ingredient(source="images", path=numeral_folder),))
    root = build(recipe, tmp_path / "ds").path
    renderer = ImageRenderer(plan_recipe(recipe).sources)
    entry = read_manifest(root)[7]
    image = cv2.imread(str(root / entry.path), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(renderer.again(entry), image)
    with pytest.raises(MissingInputError, match="'gone.png'; has it changed"):
        renderer.again(replace(entry, parent="gone.png"))


def test_the_small_form_is_the_view_of_the_native_one(recipe: Recipe, tmp_path: Path) -> None:
    small = build(recipe, tmp_path / "small").path
    native = build(recipe.model_copy(update={"size": "native"}), tmp_path / "native").path
    for entry in read_manifest(small)[::7]:
        full = cv2.imread(str(native / entry.path), cv2.IMREAD_GRAYSCALE)
        stored = cv2.imread(str(small / entry.path), cv2.IMREAD_GRAYSCALE)
        assert full is not None
        np.testing.assert_array_equal(evaluator_view(full.astype(np.uint8)), stored)


def test_a_dataset_says_what_it_is(dataset: Path) -> None:
    info = read_info(dataset)
    assert info.counts["train"] == dict.fromkeys(CLASSES, 8)
    assert info.counts["val"] == dict.fromkeys(CLASSES, 2)
    assert (info.budget.exact, info.budget.in_batches, info.budget.eligible) == (100, 104, True)
    assert info.sources[0].licence
    entries = read_manifest(dataset)
    assert [entry.path for entry in entries] == [
        path.relative_to(dataset).as_posix()
        for path in sorted((p for _, _, p in image_files(dataset)), key=lambda p: p.stem)
    ]
    assert all(len(entry.writers) == 1 for entry in entries)
    assert all(entry.seed == (0, entry.index) for entry in entries)
    line = json.loads((dataset / "manifest.jsonl").read_text().splitlines()[0])
    assert line["class"] == "i"


def test_finished_images_and_a_validation_folder(numeral_folder: Path, tmp_path: Path) -> None:
    val = tmp_path / "val"
    for numeral in CLASSES:
        (val / numeral).mkdir(parents=True)
        (numeral_folder / numeral / "0.png").rename(val / numeral / "a.png")
        # one picture in both: it must leave train
        (val / numeral / "b.png").write_bytes((numeral_folder / numeral / "1.png").read_bytes())
    recipe = Recipe(
        mix=(Ingredient(source="images", path=numeral_folder),), val=Validation(folder=val)
    )
    built = build(recipe, tmp_path / "ds")
    assert (built.count.train, built.count.val) == (40, 20)
    assert inspect(built.path).clean
    assert all(entry.parent for entry in read_manifest(built.path))


def test_twins_are_made_anew(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two items drawn alike: the later one, and whatever stands in train, gets its next seed."""
    honest = ImageRenderer._recorded

    black = cv2.imencode(".png", np.zeros((32, 32), np.uint8))[1].tobytes()

    def forgetful(self: ImageRenderer, item: Item, drawn: Any) -> RenderedImage:
        made = honest(self, item, drawn)
        if made.attempt == 0 and item.index in {3, 90}:
            alike = replace(made.entry, sha256=hashlib.sha256(black).hexdigest())
            return replace(made, png=black, entry=alike)
        return made

    monkeypatch.setattr(ImageRenderer, "_recorded", forgetful)
    root = build(recipe, tmp_path / "ds").path
    assert inspect(root).clean
    assert inspect(root).duplicates == 0
    seeds = {entry.index: entry.seed for entry in read_manifest(root)}
    assert seeds[90] == (0, 90)  # val is kept
    assert seeds[3] == (0, 3, 1)


def test_a_source_that_repeats_itself_is_said_to(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "datagen.building.render.render", lambda *_: np.eye(32, dtype=np.uint8) * 255
    )
    with pytest.raises(BuildError, match="too little variety"):
        build(recipe, tmp_path / "ds")
    assert list(tmp_path.iterdir()) == []


def test_the_target_and_a_source_may_not_lie_in_each_other(numeral_folder: Path) -> None:
    recipe = Recipe(mix=(Ingredient(source="images", path=numeral_folder.resolve()),))
    for out in (numeral_folder / "ds", numeral_folder.parent / "numerals" / "." / "y"):
        with pytest.raises(UsageError, match="lie in one another"):
            build(recipe, out)
    assert not (numeral_folder / "ds").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_leaves_nothing(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(build_module, "write_manifest", full)
    with pytest.raises(BuildError, match="cannot write the dataset in .*; nothing was kept"):
        build(recipe, tmp_path / "ds")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told(recipe: Recipe, tmp_path: Path) -> None:
    told: list[int] = []
    build(recipe, tmp_path / "ds", progress=told.append)
    assert told == [64, 100]


@pytest.mark.parametrize("full", ["ProcessPoolExecutor", "ProcessPoolExecutor.submit"])
def test_where_no_worker_process_can_start_the_place_and_the_way_out_are_named(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"datagen.building.workers.{full}", refuse)
    with pytest.raises(BuildError, match=r"No space left on device .*/dev/shm.*--workers 1"):
        build(recipe, tmp_path / "ds", workers=2)
    assert not (tmp_path / "ds").exists()


@pytest.mark.slow
def test_an_exception_ends_the_workers_before_the_folder_goes(
    recipe: Recipe, tmp_path: Path
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as risen:  # its traceback keeps every frame alive
        build(recipe, tmp_path / "ds", workers=2, progress=interrupt)
    assert multiprocessing.active_children() == []
    assert risen.traceback
    assert list(tmp_path.iterdir()) == []


def test_one_source_with_other_options_shares_no_writer(tmp_path: Path) -> None:
    train = Ingredient(source="pen", options={"writers": 30})
    val = Ingredient(source="pen", options={"writers": 12})
    recipe = Recipe(mix=(train,), val=Validation(mix=(val,)), images=100)
    root = build(recipe, tmp_path / "ds").path
    writers = {
        split: {w for e in read_manifest(root) if e.split == split for w in e.writers}
        for split in ("train", "val")
    }
    assert all(writers.values())
    assert not writers["train"] & writers["val"]
    assert inspect(root).clean


def test_one_folder_cannot_be_all_of_train_and_all_of_val(numeral_folder: Path) -> None:
    folder = numeral_folder.resolve()
    recipe = Recipe(mix=(Ingredient(source="images", path=folder),), val=Validation(folder=folder))
    with pytest.raises(SplitError, match="name another folder for one of them"):
        build(recipe, folder.parent / "ds")


def test_equal_names_in_train_and_val_are_not_one_picture(
    numeral_folder: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both"
    shutil.copytree(numeral_folder, both / "train")
    for file in numeral_folder.glob("*/*.png"):
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        target = both / "val" / file.relative_to(numeral_folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), image[::-1])  # another picture under the same name
    train, val = (
        Ingredient(source="images", path=both, options={"part": part}) for part in ("train", "val")
    )
    made = build(Recipe(mix=(train,), val=Validation(mix=(val,))), tmp_path / "ds")
    assert inspect(made.path).problems == ()


COPIES: dict[str, Callable[[GrayImage], tuple[str, GrayImage]]] = {
    "as JPEG": lambda image: (".jpg", np.pad(image, 3, constant_values=255)),
    "darker": lambda image: (".png", (image * 0.7).astype(np.uint8)),
    "wider": lambda image: (".png", cv2.resize(image, None, fx=1.1, fy=1).astype(np.uint8)),
}


@pytest.mark.parametrize("change", COPIES)
def test_near_duplicates_never_stand_on_both_sides(
    change: str, numeral_folder: Path, tmp_path: Path
) -> None:
    for file in list(numeral_folder.glob("*/*.png")):
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        image = np.repeat(np.repeat(image, 4, 0), 4, 1)
        cv2.imwrite(str(file), image)
        ending, copy = COPIES[change](image)
        cv2.imwrite(str(file.with_name(f"{file.stem}-copy{ending}")), copy)
    made = build(Recipe(mix=(Ingredient(source="images", path=numeral_folder),)), tmp_path / "ds")
    sides: dict[str, set[str]] = {}
    groups: dict[str | None, set[str]] = {}
    for entry in read_manifest(made.path):
        writing = str(entry.parent).split(".")[0].removesuffix("-copy")
        sides.setdefault(writing, set()).add(entry.split)
        groups.setdefault(entry.group, set()).add(writing)
    assert len(sides) == len(groups) == 60
    assert all(len(found) == 1 for found in [*sides.values(), *groups.values()])
    assert made.count.val == 20  # of 12 images a class, the two of one writing
    assert inspect(made.path).near_duplicates == ()


def _write_once(folder: Path) -> None:
    """Make all images of a class near-duplicates of its first."""
    image = cv2.imread(str(folder / "0.png"), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    for file in folder.glob("*.png"):
        cv2.imwrite(str(file), np.pad(image, int(file.stem), constant_values=255))


@pytest.mark.parametrize("images", [None, 50])
def test_a_class_of_one_writing_is_the_reason_given(
    numeral_folder: Path, images: int | None
) -> None:
    _write_once(numeral_folder / "ix")
    given = Ingredient(source="images", path=numeral_folder)
    with pytest.raises(SplitError, match=r"all its images of 'ix' \(6\) are near-dup.*--val-from"):
        plan_recipe(Recipe(images=images, mix=(given,)))


def test_a_class_of_one_writing_is_noted_where_another_source_has_it(
    numeral_folder: Path,
) -> None:
    _write_once(numeral_folder / "ix")
    given = Ingredient(source="images", path=numeral_folder, pipeline="scanned", per_class={"i": 5})
    planned = plan_recipe(Recipe(images=100, mix=(given, Ingredient(source="pen"))))
    assert "all its images of 'ix' (6) are near-duplicates" in planned.notes[0]


def test_a_near_duplicate_of_the_validation_folder_leaves_train(
    numeral_folder: Path, tmp_path: Path
) -> None:
    val = tmp_path / "val"
    for numeral in CLASSES:
        image = cv2.imread(str(numeral_folder / numeral / "0.png"), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        (val / numeral).mkdir(parents=True)
        cv2.imwrite(str(val / numeral / "other.png"), np.pad(image // 2, 7, constant_values=127))
    images = Ingredient(source="images", path=numeral_folder)
    made = build(Recipe(mix=(images,), val=Validation(folder=val)), tmp_path / "ds")
    assert (made.count.train, made.count.val) == (50, 10)
    assert "10 training images left out" in made.info.notes[0]


def test_a_picture_and_its_scan_never_stand_on_both_sides(
    numeral_folder: Path, tmp_path: Path
) -> None:
    for file in numeral_folder.glob("*/*.png"):
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        cv2.imwrite(str(file), np.maximum(image, 20))  # as no scan leaves it
    copies = shutil.copytree(numeral_folder, tmp_path / "copies")
    scanned = Ingredient(source="images", path=numeral_folder, options={"scan": True})
    with pytest.raises(BudgetError, match="train 0 .* 60 training images left out"):
        build(Recipe(mix=(scanned,), val=Validation(folder=copies)), tmp_path / "ds")
