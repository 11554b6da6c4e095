"""A dataset with a third part: built, checked, copied, and told apart from a test of elsewhere."""

import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

from datagen.api.datasets import find_leaks, open_dataset
from datagen.building.build import build
from datagen.core.numerals import PARTS
from datagen.datasets.content import required_test_content
from datagen.datasets.doctor.diagnose import diagnose
from datagen.datasets.export import export_zip
from datagen.datasets.flatten import flatten
from datagen.datasets.format import all_image_files, fingerprint, read_info, read_manifest
from datagen.datasets.inspect import inspect
from datagen.evaluation.own_part import with_own_part
from datagen.evaluation.records import (
    Accuracy,
    ImageResult,
    Leakage,
    Score,
    TestResult,
    parse_score,
)
from datagen.evaluation.summary import IN_SPLIT, summarise
from datagen.previews.contents import preview_dataset
from datagen.recipes.load import load
from datagen.recipes.schema import HeldOutTest, Ingredient, Recipe


@pytest.fixture(scope="module")
def _three_once(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with_test = recipe.model_copy(update={"images": 90, "test": HeldOutTest()})
    return build(with_test, tmp_path_factory.mktemp("three") / "ds").path


@pytest.fixture
def three(_three_once: Path, tmp_path: Path) -> Path:
    """A dataset of 70 + 20 + 10 images that a test may change."""
    return Path(shutil.copytree(_three_once, tmp_path / "three"))


def test_records_tell_of_the_third_part(three: Path) -> None:
    info, entries = read_info(three), read_manifest(three)
    assert (info.count.train, info.count.val, info.count.test) == (70, 20, 10)
    assert (info.budget.exact, info.budget.in_batches) == (90, 96)
    assert info.test_fingerprint == required_test_content(three / "test").fingerprint
    trained = ((e.split, e.numeral, e.sha256) for e in entries if e.split != "test")
    assert info.fingerprint == fingerprint(trained)
    assert [e.split for e in entries] == [*["train"] * 70, *["val"] * 20, *["test"] * 10]
    writers = [{w for e in entries if e.split == part for w in e.writers} for part in PARTS]
    assert sum(map(len, writers)) == len(set().union(*writers))
    assert open_dataset(three).counts["test"]["iv"] == 1


def test_the_stored_recipe_makes_it_again(three: Path, tmp_path: Path) -> None:
    again = build(load(str(three / "recipe.yaml")), tmp_path / "again")
    assert again.info == read_info(three)


def test_without_a_third_part_no_record_names_it(dataset: Path) -> None:
    assert "test" not in (dataset / "dataset.json").read_text()
    assert "test" not in (dataset / "recipe.yaml").read_text()
    assert not (dataset / "test").exists()


def test_it_is_inspected_diagnosed_and_drawn(three: Path) -> None:
    assert inspect(three).clean
    assert diagnose(three).clean
    assert preview_dataset(three, 2).columns == ("pen", "pen, test")
    shutil.copy(next((three / "train/iv").iterdir()), three / "test/iv/copy.png")
    found = inspect(three)
    assert found.leaked == 1
    assert found.counts["test"]["iv"] == 2
    assert "more than one of train, val and test" in " ".join(found.problems)
    kinds = {finding.kind for finding in diagnose(three).findings}
    assert "in-both-splits" in kinds


def test_a_copy_keeps_it_and_the_submission_does_not(three: Path, tmp_path: Path) -> None:
    flatten(three, tmp_path / "flat")
    assert len(list(all_image_files(tmp_path / "flat"))) == 100
    assert export_zip(three, tmp_path / "ds.zip") == 90
    assert not [n for n in ZipFile(tmp_path / "ds.zip").namelist() if n.startswith("test")]


def test_the_parents_of_its_images_are_not_known_to_train(
    numeral_folder: Path, tmp_path: Path
) -> None:
    ingredient = Ingredient(source="images", path=numeral_folder)
    ds = build(Recipe(mix=(ingredient,), test=HeldOutTest(fraction=0.2)), tmp_path / "ds").path
    found = find_leaks(ds, ds / "test")
    assert (found.images, found.leaked) == (10, 0)


def test_a_score_on_it_is_said_to_flatter(three: Path, score: Score, tmp_path: Path) -> None:
    own = read_info(three).test_fingerprint
    one = score.model_copy(update={"tests": (_test_of(score, str(own)),)})
    copied, elsewhere = tmp_path / "copy", tmp_path / "other"
    for folder, fingerprint_, expected in (
        (three / "test", "changed since", True),
        (copied, own, True),
        (elsewhere, "of others", False),
    ):
        test = one.tests[0].model_copy(update={"fingerprint": fingerprint_, "path": str(folder)})
        marked = with_own_part(one.model_copy(update={"tests": (test,)}), three, [folder])
        assert marked.tests[0].own_part is expected
        assert parse_score(marked.model_dump(mode="json"), origin="x").tests[0].own_part is expected
        summary = summarise([marked], path=str(three))
        said = IN_SPLIT.format(path=f"{folder.parent.name}/{folder.name}")
        assert (said in summary.warnings) is expected


def _test_of(score: Score, fingerprint_: str) -> TestResult:
    row = ImageResult(path="a", sha256="a", true="i", predicted="i", probabilities=(), leaked=False)
    whole = Accuracy(images=1, correct=1, accuracy=1.0, interval=(0.2, 1.0))
    metrics = score.val.model_copy(update={"accuracy": whole})
    leakage = Leakage(images=0, decoded_identical=0, input_identical=0)
    return TestResult(
        path="t",
        fingerprint=fingerprint_,
        images=1,
        metrics=metrics,
        leakage=leakage,
        leak_free=whole,
        results=(row,),
    )
