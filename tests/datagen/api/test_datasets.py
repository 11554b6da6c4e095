"""Datasets from Python: what a command does is one call, and a dataset is a path."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import datagen
from datagen.api.recipes import as_recipe
from datagen.composition.handwritten.parameters import HandOptions
from datagen.core.errors import MissingInputError, RecipeError, UsageError
from datagen.recipes.schema import Recipe


def test_a_recipe_may_be_keys_a_file_a_name_or_a_recipe(tmp_path: Path) -> None:
    keys = {"images": 100, "seed": 3}
    file = tmp_path / "mine.yaml"
    file.write_text("recipe: 1\nimages: 100\nseed: 3\n")
    recipe = datagen.load_recipe("default").model_copy(update=keys)
    built = [
        datagen.build(given, tmp_path / f"ds-{k}") for k, given in enumerate((keys, file, recipe))
    ]
    assert len({ds.read_info().fingerprint for ds in built}) == 1
    assert datagen.plan(keys).count.exact == 100


def test_one_path_where_several_are_taken_is_one(dataset: Path) -> None:
    test = str(dataset / "val")
    one, several = (datagen.doctor(dataset, against=given) for given in (test, [test]))
    assert one.findings == several.findings
    with pytest.raises(MissingInputError, match="nowhere"):
        datagen.diff(dataset, dataset, scores=str(dataset / "nowhere"))


def test_composition_without_a_method_is_by_hand() -> None:
    compose = Recipe.model_validate({"images": 100, "compose": {"bars": 0.4}}).compose
    assert compose == HandOptions(bars=0.4)


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(RecipeError, match="imagse"):
        datagen.plan({"imagse": 100})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"image": 60}, "unknown key 'image'; did you mean 'images'"),
        ({"images": -5}, "images: expected 1 or more"),
        ({"pipeline": ["scanned"]}, "pipeline: expected a text"),
        ({"val": Recipe().val.model_copy(update={"fractio": 0.1})}, "unknown key 'val.fractio'"),
    ],
)
def test_what_a_copy_of_a_recipe_changes_is_checked(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        datagen.plan(datagen.load_recipe("default").model_copy(update=keys))


def test_a_copy_of_a_recipe_may_be_changed_by_keys() -> None:
    changed = datagen.load_recipe("combined").model_copy(
        update={"images": np.int64(100), "mix": [{"source": "pen"}]}
    )
    assert datagen.plan(changed).count.exact == 100
    for name in ("default", "competition"):  # what nobody changed stays the same object
        recipe = datagen.load_recipe(name)
        assert as_recipe(recipe) is recipe


def test_progress_is_told_of_every_image(tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    datagen.build({"images": 100}, tmp_path / "ds", progress=lambda *said: told.append(said))
    assert told[-1] == ("images", 100, 100)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_dataset_is_a_path_and_shows_itself(dataset: Path) -> None:
    opened = datagen.open_dataset(dataset)
    assert Path(opened) == dataset
    assert datagen.inspect(opened).fingerprint == opened.read_info().fingerprint
    assert len(opened.manifest) == sum(opened.counts["train"].values()) + sum(
        opened.counts["val"].values()
    )
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', opened._repr_html_())
    sheet = Image.open(io.BytesIO(base64.b64decode(data)))
    assert sheet.size == opened.contact_sheet().size
    darkest, lightest = sheet.getextrema()
    assert (darkest, lightest) == (0, 255)


def test_a_dataset_may_be_named_by_text_and_stays_where_it_is(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(dataset.parent)
    text: Any = dataset.name
    named, opened = datagen.Dataset(text), datagen.open_dataset(text)
    monkeypatch.chdir(tmp_path)
    assert named == opened == datagen.open_dataset(dataset)
    assert len({named, opened}) == 1
    assert named.counts == opened.counts
    assert datagen.inspect(opened).fingerprint == opened.read_info().fingerprint
    wrong: Any = 3
    with pytest.raises(UsageError, match="3 is no path"):
        datagen.Dataset(wrong)
    for bad in (1.5, None, "many"):
        keys: Any = {"per_cell": bad}
        with pytest.raises(UsageError, match="per_cell is .*; expected a whole number"):
            opened.contact_sheet(**keys)


def test_a_dataset_of_others_has_no_records(dataset: Path) -> None:
    for name in ("manifest.jsonl", "dataset.json", "recipe.yaml"):
        (dataset / name).unlink()
    opened = datagen.open_dataset(dataset)
    assert opened.info is None
    assert opened.manifest == []
    with pytest.raises(MissingInputError, match="dataset.json"):
        opened.read_info()


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="train"):
        datagen.open_dataset(tmp_path)


def test_export_goes_where_asked(dataset: Path, tmp_path: Path) -> None:
    archive, images = datagen.export(dataset, tmp_path / "out.zip")
    assert archive == tmp_path / "out.zip"
    assert images == 100


def test_hard_and_rare_refuse_bad_places_before_working(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(datagen.DatagenError, match="no folder"):
        datagen.find_rare(dataset, out=tmp_path / "none" / "rare.json")
    with pytest.raises(datagen.DatagenError, match="unknown file extension"):
        datagen.find_hard(dataset, dataset / "val", sheet=tmp_path / "hard.xyz")


def test_rare_writes_where_asked(dataset: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    found = datagen.find_rare(
        dataset,
        clusters=2,
        out=tmp_path / "r.json",
        sheet=tmp_path / "r.png",
        progress=lambda *said: told.append(said),
    )
    assert (told[0], told[-1]) == (("classes", 0, 10), ("classes", 10, 10))
    assert len(json.loads((tmp_path / "r.json").read_text())["images"]) == len(found.images)
    with Image.open(tmp_path / "r.png") as sheet:
        assert sheet.size[0] > 100
