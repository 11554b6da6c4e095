import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.core.glyphs import NumeralPool
from datagen.core.numerals import CLASSES
from datagen.curation.rare_styles.find import MOST, find_rare, weights
from datagen.curation.rare_styles.sheet import rare_sheet
from datagen.files.hashing import file_hash
from datagen.images.style_clusters import LEAST, clusters
from datagen.sources import open_source
from datagen.sources.images.source import ImagesOptions
from datagen.sources.images.weights import read_weights, write_record

pytestmark = pytest.mark.slow  # scikit-learn takes a second to load

COMMON, RARE = 30, 4


def stroke(rng: np.random.Generator) -> GrayImage:
    """A bare upright stroke, somewhere on the sheet."""
    image = np.full((90, 110), 255, np.uint8)
    x, y = (int(value) for value in rng.integers(20, 60, 2))
    cv2.line(image, (x, y - 10), (x + int(rng.integers(-2, 3)), y + 20), 0, 3)
    return image


def barred(rng: np.random.Generator) -> GrayImage:
    """The same with two wide bars."""
    image = np.full((90, 110), 255, np.uint8)
    x, y = (int(value) for value in rng.integers(40, 60, 2))
    cv2.line(image, (x, y - 10), (x + int(rng.integers(-2, 3)), y + 20), 0, 3)
    for level in (y - 10, y + 20):
        cv2.line(image, (x - 16, level), (x + 16, level), 0, 3)
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Class folders: of each class 30 pictures in one style and 4 in another."""
    rng = np.random.default_rng(2)
    for numeral in CLASSES:
        place = tmp_path / "photos" / numeral
        place.mkdir(parents=True)
        styles: list[tuple[str, int, Callable[[np.random.Generator], GrayImage]]]
        styles = [("common", COMMON, stroke), ("rare", RARE, barred)]
        for name, count, draw in styles:
            for k in range(count):
                image = draw(rng)
                image[0, k] = CLASSES.index(numeral)  # no picture is another's copy
                cv2.imwrite(str(place / f"{name}-{k}.png"), image)
    return tmp_path / "photos"


def test_a_rare_style_weighs_more_than_a_common_one(folder: Path) -> None:
    found = find_rare(folder, clusters=2)
    assert len(found.images) == 10 * (COMMON + RARE)
    for numeral in CLASSES:
        images = found.of(numeral)
        assert fmean(image.weight for image in images) == pytest.approx(1, abs=1e-3)
        rare = {image.style for image in images if "rare" in image.path}
        assert len(rare) == 1
        assert [image.path for image in images if image.style in rare] == [
            f"{numeral}/rare-{k}.png" for k in range(RARE)
        ]
        assert images[0].alike == RARE
        assert images[0].weight > max(i.weight for i in images if "common" in i.path)
        assert images[0].sha256 == file_hash(folder / images[0].path)


def test_the_same_pictures_give_the_same_record(folder: Path) -> None:
    first = find_rare(folder)
    assert find_rare(folder) == first
    assert max(image.style for image in first.images) == (COMMON + RARE) // LEAST - 1


def test_few_equal_and_blank_pictures_make_one_style() -> None:
    image = stroke(np.random.default_rng(0))
    assert clusters([], 5, 0) == []
    assert clusters([image], 5, 0) == [0]
    assert clusters([image] * 40, 5, 0) == [0] * 40
    assert clusters([np.full((20, 20), 255, np.uint8)] * 20, 2, 0) == [0] * 20


def test_weights_fall_with_the_cluster_and_stay_in_bounds() -> None:
    assert weights([]) == []
    assert weights([0, 0, 1, 1]) == [1.0] * 4
    found = weights([0] * 3 + [1])
    assert found[3] == pytest.approx(3 * found[0], rel=1e-3)
    assert fmean(found) == pytest.approx(1, abs=1e-3)
    lone = weights([0] * 500 + [1])
    assert lone[500] / lone[0] == pytest.approx(MOST / (250.5 / 500), rel=1e-2)


def test_what_is_rare_serves_more_often(folder: Path, tmp_path: Path) -> None:
    found = find_rare(folder, clusters=2)
    write_record(found, tmp_path / "rare.json")
    assert str(tmp_path) not in (tmp_path / "rare.json").read_text()
    assert read_weights(tmp_path / "rare.json") == {i.sha256: i.weight for i in found.images}
    pool = open_source("images", folder, {"boost": str(tmp_path / "rare.json")})
    assert isinstance(pool, NumeralPool)
    assert {info.id: info.weight for info in pool.infos} == {i.path: i.weight for i in found.images}


def test_every_class_shows_its_ends_on_the_sheet(folder: Path) -> None:
    found = find_rare(folder, clusters=2)
    assert rare_sheet(found).height > 20 * 72
    (folder / "i" / "rare-0.png").unlink()
    with pytest.raises(CorruptInputError, match="rare-0.png cannot be read"):
        rare_sheet(found)


def test_bad_input_is_refused(folder: Path, tmp_path: Path) -> None:
    for count in (1, 1001):
        with pytest.raises(UsageError, match=f"clusters is {count}; expected 2 … 1,000"):
            find_rare(folder, clusters=count)
    with pytest.raises(UsageError, match="seed is -1"):
        find_rare(folder, seed=-1)
    with pytest.raises(MissingInputError, match="no folder at"):
        find_rare(tmp_path / "nowhere")
    (folder / "i" / "text.png").write_text("hello")
    with pytest.raises(CorruptInputError, match="text.png is not an image"):
        find_rare(folder)
    kept = find_rare(folder, options=ImagesOptions(skip_bad=True))
    assert len(kept.images) == 10 * (COMMON + RARE)


def test_a_record_of_weights_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rare.json"
    with pytest.raises(
        MissingInputError, match="no file .*; `datagen mine` and `datagen rare` write"
    ):
        read_weights(path)
    with pytest.raises(CorruptInputError, match="cannot be read"):
        read_weights(tmp_path)
    for text in ("[]", "{", '{"images": [{"sha256": "0", "weight": 1}]}'):
        path.write_text(text)
        with pytest.raises(CorruptInputError, match="is no record of weights"):
            read_weights(path)
    path.write_text(json.dumps({"images": [{"sha256": "0" * 64, "weight": -1}]}))
    with pytest.raises(CorruptInputError, match=r"images\.0\.weight"):
        read_weights(path)
