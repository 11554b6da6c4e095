"""Near-duplicates: the same writing is found again, other writing is not."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datagen.core.arrays import GrayImage
from datagen.images.near_duplicates import SAME, Sketches, between, group, likeness
from datagen.sources import open_source
from pipelines.ops import shadow_corner


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


def mapped(image: GrayImage, linear: list[list[float]]) -> GrayImage:
    """Return `image` through a linear map about its middle."""
    matrix, middle = np.array(linear), np.array(image.shape[::-1]) / 2
    place = np.c_[matrix, middle - matrix @ middle]
    size = image.shape[::-1]
    return cv2.warpAffine(image, place, size, borderValue=255).astype(np.uint8)


def turned(image: GrayImage, degrees: float) -> GrayImage:
    angle = np.radians(degrees)
    return mapped(image, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def as_jpeg(image: GrayImage, quality: int) -> GrayImage:
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def noisy(image: GrayImage) -> GrayImage:
    noise = np.random.default_rng(0).normal(0, 20, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def lit_from_the_left(image: GrayImage) -> GrayImage:
    return (image * np.linspace(0.95, 0.55, image.shape[1])).astype(np.uint8)


SAME_AGAIN: dict[str, Callable[[GrayImage], GrayImage]] = {
    "itself": lambda image: image,
    "shifted": lambda image: np.roll(image, (17, -23), (0, 1)),
    "more paper": lambda image: padded(image, 40, 0, 5, 60),
    "less paper": lambda image: image[35:-35, 35:-35],
    "smaller": lambda image: rescaled(image, 0.6),
    "larger": lambda image: rescaled(image, 1.6),
    "greys × 0.85": lambda image: (image * 0.85).astype(np.uint8),
    "greys × 0.6": lambda image: (image * 0.6).astype(np.uint8),
    "greys × 0.3": lambda image: (image * 0.3).astype(np.uint8),
    "grey ink on grey paper": lambda image: (image * 0.5 + 60).astype(np.uint8),
    "pale ink": lambda image: (image * 0.2 + 200).astype(np.uint8),
    "gamma": lambda image: (255 * ((image * 0.8 + 30) / 255) ** 1.8).astype(np.uint8),
    "a gradient of light": lit_from_the_left,
    "a dark corner": lambda image: shadow_corner(image, "top-left", 0.7, 0.4, 0.03, 1),
    "turned left": lambda image: turned(image, -5),
    "turned right": lambda image: turned(image, 5),
    "slanted": lambda image: mapped(image, [[1, 0.1], [0, 1]]),
    "slanted back": lambda image: mapped(image, [[1, -0.1], [0, 1]]),
    "wider": lambda image: mapped(image, [[1.15, 0], [0, 1]]),
    "lower": lambda image: mapped(image, [[1, 0], [0, 0.85]]),
    "a thicker pen": lambda image: cv2.erode(image, np.ones((3, 3))).astype(np.uint8),
    "a thinner pen": lambda image: cv2.dilate(image, np.ones((3, 3))).astype(np.uint8),
    "JPEG": lambda image: as_jpeg(image, 30),
    "blurred": lambda image: cv2.GaussianBlur(image, (0, 0), 2.0).astype(np.uint8),
    "noisy": noisy,
    "all of it, a little": lambda image: as_jpeg(
        noisy(lit_from_the_left(turned(mapped(image, [[1.06, 0.04], [0, 1]]), 3))), 50
    ),
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


def test_every_kind_of_copy_is_found_among_others() -> None:
    images = [scrawl(seed) for seed in range(20)]
    copies = [change(scrawl(7)) for change in SAME_AGAIN.values()]
    labels = group([*images, *copies])  # more copies than any picture has nearest
    assert set(labels[20:]) == {labels[7]}
    assert len(set(labels)) == 20


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
    known, none = Sketches.of(train), Sketches.of([])
    others = Sketches.of([scrawl(9), rescaled(scrawl(3), 0.7), scrawl(8)])
    assert between(known, others) == [(3, 1)]
    assert between(known, none) == between(none, known) == []


EMPTY = {
    "white": np.full((20, 30), 255, np.uint8),
    "black": np.zeros((30, 20), np.uint8),
    "a little lighter on one half": np.repeat([[250], [255]], [20, 20], axis=0).astype(np.uint8)
    * np.ones((1, 40), np.uint8),
    "tiny": np.zeros((4, 4), np.uint8),
    "one column": np.full((50, 1), 128, np.uint8),
    "one pixel": np.zeros((1, 1), np.uint8),
    "a long strip": np.full((4, 3000), 200, np.uint8),
}


def test_blank_pictures_are_no_near_duplicates() -> None:
    assert group([]) == []
    assert group([scrawl(1)]) == [0]
    images = [scrawl(1), *EMPTY.values()]
    assert len(set(group(images))) == len(images)
    known = Sketches.of(images)
    for image in EMPTY.values():
        assert likeness(image, scrawl(1)) < SAME
        assert between(Sketches.of([image]), known) == []


@settings(max_examples=20)
@given(
    image=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))),
    other=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))),
)
def test_no_picture_is_too_odd(image: GrayImage, other: GrayImage) -> None:
    assert 0 <= likeness(image, other) == likeness(other, image) <= 1
    assert group([image, other, image]) in ([0, 0, 0], [0, 1, 0], [0, 1, 2])


@pytest.mark.slow
def test_few_copies_of_real_numerals_are_missed(shared_data: Path) -> None:
    pool = open_source("images", shared_data / "roman-mnist", {"review": "competition-2021"})
    rng = np.random.default_rng(0)
    images = [pool[int(k)] for k in rng.choice(len(pool), 10, replace=False)]
    found = [
        likeness(image, change(padded(image, 20, 20, 20, 20))) >= SAME
        for name, change in SAME_AGAIN.items()
        for image in images
        if name != "less paper"  # here it cuts off ink
    ]
    assert np.mean(found) >= 0.97
    assert len(set(group(images))) == len(images)
