from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.errors import CorruptInputError, MissingInputError, UnknownNameError, UsageError
from datagen.core.numerals import CLASSES
from datagen.previews.contents import preview_recipe
from datagen.previews.samples import Sample, compose_samples, read_samples
from datagen.recipes.schema import Ingredient, Recipe


def read(*paths: Path, numeral: str | None = None, per_class: int = 2) -> list[Sample]:
    return read_samples(paths, numeral=numeral, style="upper", per_class=per_class)


def test_the_folder_of_an_image_is_its_class(numeral_folder: Path) -> None:
    found = read(numeral_folder / "vii" / "3.png", numeral_folder / "ix" / "0.png")
    assert [(s.numeral, s.style, s.image.shape) for s in found] == [
        ("vii", "upper", (40, 50)),
        ("ix", "upper", (40, 50)),
    ]


def test_folders_give_their_first_images_once(numeral_folder: Path, dataset: Path) -> None:
    (numeral_folder / "i" / "notes.txt").write_text("no image")
    found = read(numeral_folder, numeral_folder / "i", per_class=3)
    assert [s.numeral for s in found] == [n for n in CLASSES for _ in range(3)]
    assert [Path(s.name).name for s in found[:3]] == ["0.png", "1.png", "2.png"]
    assert {Path(s.name).parts[-3] for s in read(dataset)} == {"train"}


def test_an_image_elsewhere_takes_the_class_that_is_said(
    numeral_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    (numeral_folder / "v" / "0.png").rename(file)
    assert [s.numeral for s in read(file, numeral="v")] == ["v"]
    with pytest.raises(UsageError, match="class of .*a.png is not known.*--class"):
        read(file)
    with pytest.raises(UnknownNameError, match="unknown class 'iiv' .did you mean 'iv'"):
        read(file, numeral="iiv")
    with pytest.raises(UsageError, match="lies in x/, but --class says v"):
        read(numeral_folder / "x" / "0.png", numeral="v")


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no image .*nowhere.png"):
        read(tmp_path / "nowhere.png", numeral="i")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match="empty holds no image"):
        read(tmp_path / "empty", numeral="i")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no png")
    with pytest.raises(CorruptInputError, match="broken.png is not an image"):
        read(broken, numeral="i")
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 7), np.uint8))
    with pytest.raises(CorruptInputError, match="dot.png is 7×1 pixels"):
        read(tmp_path / "dot.png", numeral="i")


def test_one_numeral_per_class_is_composed(recipe: Recipe) -> None:
    native = recipe.model_copy(update={"size": "native"})
    found = compose_samples(native, "mixed")
    assert [s.numeral for s in found] == list(CLASSES)
    assert {s.numeral for s in found if s.style == "mixed"} == {"iv", "vi", "vii", "viii", "ix"}
    assert min(min(s.image.shape) for s in found) > 32
    again = compose_samples(native, "mixed")
    assert all(np.array_equal(a.image, b.image) for a, b in zip(found, again, strict=True))


def test_finished_images_serve_as_samples_too(numeral_folder: Path) -> None:
    recipe = Recipe(mix=(Ingredient(source="images", path=numeral_folder),), size="native")
    assert [s.numeral for s in compose_samples(recipe, None)] == list(CLASSES)


def test_a_contact_sheet_shows_a_relabelled_image_under_its_new_class(
    numeral_folder: Path, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror.yaml"
    mirror.write_text("steps: [{op: horizontal_flip, relabel: true, on_wrong_label: skip}]")
    part = Ingredient(source="images", path=numeral_folder, pipeline=str(mirror))
    found = preview_recipe(Recipe(mix=(part,), images=100, size="native"), 1)
    (shown,) = found.cells["vi", "images"]
    iv = {sample.image.tobytes() for sample in read(numeral_folder / "iv", per_class=6)}
    assert np.ascontiguousarray(shown[:, ::-1]).tobytes() in iv
