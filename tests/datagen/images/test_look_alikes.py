import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.images.look_alikes import LEAST, look_alikes
from datagen.images.style_clusters import cluster, standardise
from datagen.images.style_features import FEATURES, describe
from datagen.images.style_words import WORDS, style_words


def bars(count: int, *, thick: int = 3, shift: int = 0) -> GrayImage:
    """Return upright bars side by side."""
    image = np.full((64, 64), 255, np.uint8)
    for k in range(count):
        image[12:52, 8 + 12 * k + shift : 8 + thick + 12 * k + shift] = 20
    return image


def test_the_nearest_picture_comes_first_whatever_its_place() -> None:
    images = [bars(1), bars(3), bars(3, shift=9), bars(1, shift=20)]
    found = look_alikes(images, ["a"] * 4, 3)
    assert [each[0][0] for each in found] == [3, 2, 1, 0]
    assert all(LEAST <= likeness <= 1 for each in found for _, likeness in each)


def test_where_there_are_parts_only_other_parts_are_looked_at() -> None:
    images = [bars(3), bars(3, shift=9), bars(3, thick=4)]
    found = look_alikes(images, ["train", "train", "val"], 2)
    assert [[place for place, _ in each] for each in found] == [[2], [2], [1, 0]] or [
        sorted(place for place, _ in each) for each in found
    ] == [[2], [2], [0, 1]]


def test_a_blank_picture_is_like_nothing() -> None:
    blank = np.full((32, 32), 255, np.uint8)
    assert look_alikes([blank, bars(2), blank], ["a"] * 3, 2)[0] == ()


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures_have_no_look_alikes(count: int) -> None:
    assert look_alikes([bars(1)] * count, ["a"] * count, 6) == [()] * count


def test_a_style_is_told_by_what_is_special_about_it() -> None:
    images = [bars(2, thick=thick, shift=k % 5) for thick in (2, 9) for k in range(12)]
    points = standardise(np.stack([describe(image) for image in images]), ["ii"] * len(images))
    words = style_words(points, cluster(points, 2, 0))
    assert len(words) == 2
    assert any("thick pen" in each for each in words)
    assert any("thin pen" in each for each in words)
    assert len(set(words)) == 2


def test_words_are_of_features_that_there_are() -> None:
    assert set(WORDS) < set(FEATURES)
