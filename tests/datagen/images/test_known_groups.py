"""Groups of near-duplicates are found once, and again whatever the order."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.images.known_groups import group_names, pairs_between


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "near-duplicates"


def scrawl(seed: int, paper: int = 255) -> GrayImage:
    points = np.random.default_rng(seed).integers(10, 90, (6, 1, 2), dtype=np.int32)
    sheet = np.full((100, 100), paper, np.uint8)
    return cv2.polylines(sheet, [points], isClosed=False, color=0, thickness=4).astype(np.uint8)


def never() -> GrayImage:
    raise AssertionError("loaded again")


PICTURES: dict[str, Callable[[], GrayImage]] = {
    name: partial(scrawl, seed, paper)
    for name, seed, paper in (("d", 1, 255), ("a", 2, 255), ("c", 1, 200), ("b", 3, 255))
}
GROUPS = {"a": "a", "b": "b", "c": "c", "d": "c"}


def test_a_group_has_the_name_of_its_first() -> None:
    assert group_names(PICTURES) == GROUPS
    assert group_names({}) == {}


def test_what_is_known_is_not_loaded_again_whatever_the_order(memory: Path) -> None:
    group_names(PICTURES)
    assert group_names(dict.fromkeys("cabd", never)) == GROUPS
    assert len(list(memory.iterdir())) == 1
    with pytest.raises(AssertionError, match="loaded again"):
        group_names(dict.fromkeys("cab", never))


def test_pairs_of_two_collections_are_remembered_too() -> None:
    test = {"x": partial(scrawl, 1, 220), "y": partial(scrawl, 9)}
    assert pairs_between(test, PICTURES) == [("x", "c")]
    assert pairs_between(dict.fromkeys("yx", never), dict.fromkeys("abcd", never)) == [("x", "c")]


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "{",
        "3",
        "[3]",
        "[[3, 4]]",
        '[["c"]]',
        '[["d", "c"]]',
        '[["c", "z"]]',
        '[["c","d"],["d"]]',
    ],
)
def test_a_damaged_memory_is_set_aside(
    spoilt: str, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    group_names(PICTURES)
    file = next(memory.iterdir())
    file.write_text(spoilt)
    assert group_names(PICTURES) == GROUPS
    assert "cannot be read" in caplog.text
    assert json.loads(file.read_text()) == [["c", "d"]]
