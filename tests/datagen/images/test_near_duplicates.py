"""Near-duplicates: the same writing is found again, other writing is not."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.images.near_duplicates import SAME, between, group, likeness
from datagen.sources import open_source


def scrawl(seed: int, side: int = 200) -> GrayImage:
    """Return a sheet with one random curve of a pen."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0.25, 0.75, (6, 2)) * side
    sheet = np.full((side, side), 255, np.uint8)
    line = points.round().astype(np.int32).reshape(-1, 1, 2)
    return cv2.polylines(sheet, [line], isClosed=False, color=0, thickness=5).astype(np.uint8)


def rescaled(image: GrayImage, factor: float) -> GrayImage:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=how).astype(np.uint8)


def padded(image: GrayImage, top: int, bottom: int, left: int, right: int) -> GrayImage:
    return np.pad(image, ((top, bottom), (left, right)), constant_values=255)


SAME_AGAIN = {
    "itself": lambda image: image,
    "shifted": lambda image: np.roll(image, (17, -23), (0, 1)),
    "more paper": lambda image: padded(image, 40, 0, 5, 60),
    "less paper": lambda image: image[35:-35, 35:-35],
    "smaller": lambda image: rescaled(image, 0.6),
    "larger": lambda image: rescaled(image, 1.6),
    "a little blurred": lambda image: cv2.GaussianBlur(image, (0, 0), 1.0),
}


@pytest.mark.parametrize("change", SAME_AGAIN)
def test_the_same_writing_is_found_again(change: str) -> None:
    for seed in range(5):
        image = scrawl(seed)
        assert likeness(image, SAME_AGAIN[change](image)) >= SAME


def test_a_speck_and_a_neighbours_stroke_do_not_hide_it() -> None:
    image = scrawl(3)
    cropped = padded(image, 0, 0, 0, 30)
    cropped[5:8, 5:8] = 0  # a speck of the scanner
    cropped[95:115, -3:] = 0  # where the sheet's next numeral begins
    assert len(set(group([image, cropped]))) == 1


def test_other_writing_is_kept_apart() -> None:
    images = [scrawl(seed) for seed in range(30)]
    assert len(set(group(images))) == 30


def test_groups_join_through_a_third_image_and_know_no_order() -> None:
    images = [
        scrawl(1),
        scrawl(2),
        rescaled(scrawl(1), 0.7),
        scrawl(3),
        padded(scrawl(1), 9, 0, 0, 9),
    ]
    labels = group(images)
    assert labels[0] == labels[2] == labels[4]
    assert len(set(labels)) == 3
    back = group(images[::-1])[::-1]
    same = [[a == b for b in labels] for a in labels]
    assert same == [[a == b for b in back] for a in back]


def test_between_names_the_pairs_of_two_collections() -> None:
    train = [scrawl(seed) for seed in range(5)]
    assert between(train, [scrawl(9), rescaled(scrawl(3), 0.7), scrawl(8)]) == [(3, 1)]
    assert between(train, []) == between([], train) == []


def test_nothing_and_the_faintest_ink() -> None:
    assert group([]) == []
    assert group([scrawl(1)]) == [0]
    faint = np.full((20, 30), 255, np.uint8)
    faint[5:9, 5:9] = 230  # too pale to be a stroke
    assert len(set(group([faint, scrawl(1), np.zeros((4, 4), np.uint8)]))) == 3


@pytest.mark.slow
def test_real_numerals_rescaled_are_found_again(shared_data: Path) -> None:
    pool = open_source("images", shared_data / "roman-mnist", {"review": "competition-2021"})
    rng = np.random.default_rng(0)
    found = []
    for position in rng.choice(len(pool), 150, replace=False):
        image = pool[int(position)]
        again = padded(rescaled(image, rng.uniform(0.6, 1.6)), *rng.integers(0, 30, 4))
        found.append(likeness(image, again) >= SAME)
    assert np.mean(found) >= 0.95
