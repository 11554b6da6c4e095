import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.api.views import look_at
from datagen.building.build import build
from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.evaluation.records import ImageResult, Score
from datagen.recipes.schema import Ingredient, Recipe
from datagen.viewing.collect import ViewRequest, collect
from datagen.viewing.making import Maker
from datagen.viewing.measured import THUMB, measured
from datagen.viewing.mistakes import read_scored
from datagen.viewing.rows import list_images
from tests.datagen.viewing.conftest import written


def test_everything_of_a_dataset_of_ours(dataset: Path) -> None:
    found = collect(ViewRequest(dataset, steps=5))
    assert len(found.images) == len(found.measured) == len(found.looks.alike) == 100
    assert found.notes == ()
    assert found.info is not None
    assert all(each.thumb and each.thumb.startswith("data:image/png") for each in found.measured)
    assert len(found.makings) == 5
    assert all(each.equal and each.note is None for each in found.makings.values())
    for name, made in found.makings.items():
        entry = next(image.entry for image in found.images if image.name == name)
        assert entry is not None
        assert [letter for letter, _ in made.letters] == list(dict.fromkeys(entry.glyphs))
    # of every kind one, before any kind comes twice
    assert len({name.split("/")[1] for name in found.makings}) == 5
    for image, alike in zip(found.images, found.looks.alike, strict=True):
        assert all(found.images[place].part != image.part for place, _ in alike)
    assert found.looks.styles == (None,) * 100  # the manifest says how they are written


def test_what_is_remembered_is_the_same(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = collect(ViewRequest(dataset, steps=0))
    monkeypatch.setattr("datagen.viewing.looks.look_alikes", None)
    assert collect(ViewRequest(dataset, steps=0)).looks == first.looks


def test_anybodys_folder_with_a_copy_and_a_file_that_is_no_image(numeral_folder: Path) -> None:
    shutil.copy(numeral_folder / "iv/0.png", numeral_folder / "vi/copy.png")
    (numeral_folder / "x/bad.png").write_text("no image")
    for name in ("i/blank.png", "v/blank.png"):
        cv2.imwrite(str(numeral_folder / name), np.full((40, 50), 250, np.uint8))
    found = collect(ViewRequest(numeral_folder))
    places = {image.name: k for k, image in enumerate(found.images)}
    assert found.looks.copies == {
        places["iv/0.png"]: places["vi/copy.png"],
        places["vi/copy.png"]: places["iv/0.png"],
    }
    assert found.measured[places["x/bad.png"]].thumb is None
    assert found.looks.alike[places["iv/0.png"]][0][0] == places["vi/copy.png"]
    assert {style for style in found.looks.styles if style is not None} <= set(range(8))
    assert found.makings == {}
    bad, blank = found.notes
    assert bad.startswith("1 image not readable, first: ")
    assert blank == "2 images blank, first i/blank.png"


def test_a_changed_file_is_said(dataset: Path) -> None:
    name = list_images(dataset).images[7].name
    cv2.imwrite(str(dataset / name), np.eye(32, dtype=np.uint8) * 255)
    found = collect(ViewRequest(dataset, steps=0, images=(name,)))
    assert found.notes == (f"1 image changed since it was built, first {name}",)
    assert found.makings[name].equal is False
    assert "changed since it was built" in (found.makings[name].note or "")


def test_images_are_asked_for_by_text_or_path(dataset: Path) -> None:
    names = [list_images(dataset).images[k].name for k in (3, 7)]
    found = look_at(dataset, steps=0, images=(names[0], Path(names[1])))
    assert set(found.makings) == set(names)


def test_an_image_that_is_not_there_cannot_be_asked_for(
    dataset: Path, numeral_folder: Path
) -> None:
    with pytest.raises(MissingInputError, match="expected a path below it, such as train/i/"):
        collect(ViewRequest(dataset, images=("train/i/x.png",)))
    with pytest.raises(CorruptInputError, match="no line in a manifest"):
        collect(ViewRequest(numeral_folder, images=("i/0.png",)))


def test_steps_begin_with_the_parent_and_end_as_the_evaluator_sees_it(
    numeral_folder: Path, tmp_path: Path
) -> None:
    part = Ingredient(source="images", path=numeral_folder, pipeline="scanned")
    root = build(Recipe(mix=(part,), images=60, size="native"), tmp_path / "own").path
    image = list_images(root).images[0]
    assert image.entry is not None
    made = Maker(root).make(image.entry)
    assert made.equal
    assert [step.name for step in made.steps] == [
        "parent",
        *(op.op for op in image.entry.ops),
        "as the evaluator sees it",
    ]
    assert (made.steps[-1].width, made.steps[-1].height) == (32, 32)
    shutil.move(numeral_folder, tmp_path / "elsewhere")
    gone = Maker(root).make(image.entry)
    assert gone.equal is None
    assert gone.steps == ()
    assert "numerals" in (gone.note or "")


def test_a_source_that_cannot_be_opened_is_tried_once(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def refuse(part: Ingredient) -> None:
        calls.append(part.source)
        raise MissingInputError("not here")

    monkeypatch.setattr("datagen.viewing.making.open_pool", refuse)
    maker = Maker(dataset)
    entries = [image.entry for image in list_images(dataset).images[:3]]
    assert [maker.make(entry).note for entry in entries if entry] == ["not here"] * 3
    assert calls == ["pen"]


def test_scores_of_a_report_are_read_with_their_seeds(
    scored: Score, dataset: Path, tmp_path: Path, numeral_folder: Path
) -> None:
    folder = written(tmp_path / "r", scored, scored.model_copy(update={"seed": 124}))
    found = read_scored(dataset, [folder])
    (one,) = found.sets
    assert (one.seeds, len(found.images), len(one.predictions)) == (2, 60, 60)
    wrong = [name for name, each in one.predictions.items() if each.wrong]
    assert len(wrong) == 9  # x is right as x
    assert one.predictions[wrong[0]].said == "x"
    assert one.predictions[wrong[0]].wrong == 2
    assert found.images[0].file == numeral_folder / "i/0.png"
    view = collect(ViewRequest(dataset, scores=(folder,), steps=0))
    assert len(view.images) == 160
    assert view.images[-1].part == found.sets[0].name
    few = collect(ViewRequest(dataset, scores=(folder,), steps=0, most=105))
    assert len(few.images) == 105
    assert all(one.predictions[image.name].wrong for image in few.images[100:])


def test_test_sets_whose_paths_end_alike_stay_apart(
    scored: Score, dataset: Path, tmp_path: Path, numeral_folder: Path
) -> None:
    (given,) = scored.tests
    tests = []
    for k in ("1", "2"):
        copy = shutil.copytree(numeral_folder, tmp_path / k / "photos" / "test")
        tests.append(given.model_copy(update={"path": str(copy), "fingerprint": k}))
    found = read_scored(
        dataset, [written(tmp_path / "r", scored.model_copy(update={"tests": tuple(tests)}))]
    )
    assert [one.name for one in found.sets] == ["1/photos/test", "2/photos/test"]
    assert len({image.name for image in found.images}) == len(found.images) == 120
    for image in found.images:
        assert str(image.file).endswith(image.name)


def test_a_report_of_the_working_folder_is_found(
    scored: Score, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "ds-preview", scored)
    assert len(read_scored(dataset).sets) == 1
    cv2.imwrite(str(dataset / "train/i/more.png"), np.full((32, 32), 9, np.uint8))
    assert read_scored(dataset).sets == ()  # it is of the dataset before it changed


def test_a_score_of_another_dataset_is_refused(
    scored: Score, dataset: Path, tmp_path: Path, numeral_folder: Path
) -> None:
    other = scored.dataset.model_copy(update={"fingerprint": "other", "path": "ds-a"})
    folder = written(tmp_path / "r", scored.model_copy(update={"dataset": other}))
    with pytest.raises(UsageError, match="was scored, not"):
        read_scored(dataset, [folder])
    with pytest.raises(UsageError, match="no dataset that can be scored"):
        read_scored(numeral_folder, [folder])
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match="holds no score"):
        read_scored(dataset, [tmp_path / "empty"])
    with pytest.raises(MissingInputError, match="no score at"):
        read_scored(dataset, [tmp_path / "nowhere.json"])
    (tmp_path / "bad.json").write_text(json.dumps({"a": 1}))
    with pytest.raises(CorruptInputError, match="is not a score"):
        read_scored(dataset, [tmp_path / "bad.json"])


def test_the_datasets_own_third_part_is_not_shown_twice(scored: Score, dataset: Path) -> None:
    results = tuple(
        replace_path(result, number) for number, result in enumerate(scored.tests[0].results[:2])
    )
    for result in results:
        file = dataset / "test" / result.path
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), np.full((32, 32), 40, np.uint8))
    own = scored.tests[0].model_copy(
        update={"path": str(dataset / "test"), "results": results, "images": 2}
    )
    folder = written(dataset.parent / "r", scored.model_copy(update={"tests": (own,)}))
    found = read_scored(dataset, [folder])
    assert found.images == ()
    assert set(found.sets[0].predictions) == {"test/i/0.png", "test/i/1.png"}


def replace_path(result: ImageResult, number: int) -> ImageResult:
    return result.model_copy(update={"path": f"i/{number}.png"})


def test_a_large_picture_is_shrunk_and_a_small_one_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for side, kind in ((20, "png"), (300, "webp")):
        file = tmp_path / f"{side}.png"
        cv2.imwrite(str(file), rng.integers(0, 256, (side, side // 2), dtype=np.uint8))
        found = measured(file)
        assert (found.width, found.height) == (side // 2, side)
        assert (found.thumb or "").startswith(f"data:image/{kind};base64,")
        assert found.shrunk == (side > THUMB)
    gone = measured(tmp_path / "none.png")
    assert (gone.thumb, gone.sha256) == (None, "")
    assert gone.reason
    assert replace(gone, reason=None) != gone
