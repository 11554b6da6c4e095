"""Boxes of ink."""

import numpy as np
import pytest

from datagen.core.ink_boxes import body_top, crop_ink


def page(*boxes: tuple[slice, slice], shape: tuple[int, int] = (60, 40)) -> np.ndarray:
    coverage = np.zeros(shape, np.uint8)
    for box in boxes:
        coverage[box] = 255
    return coverage


def test_crop_keeps_all_ink_and_copies() -> None:
    coverage = page(np.s_[10:20, 5:8], np.s_[30:31, 2:3])
    coverage[50, 30] = 10  # haze
    ink = crop_ink(coverage)
    assert ink is not None
    np.testing.assert_array_equal(ink, coverage[10:31, 2:8])
    assert ink.base is None


def test_crop_of_paper_is_none() -> None:
    assert crop_ink(page()) is None
    assert crop_ink(np.full((5, 5), 20, np.uint8)) is None


STEM = np.s_[20:60, 10:14]
DOT = np.s_[4:9, 9:15]


@pytest.mark.parametrize(
    ("letter", "case", "boxes", "top"),
    [
        ("i", "lower", [DOT, STEM], 20),
        ("i", "unknown", [DOT, STEM], 20),
        ("i", "upper", [DOT, STEM], 0),
        ("v", "lower", [DOT, STEM], 0),
        ("i", "lower", [STEM], 0),
        ("i", "lower", [np.s_[4:20, 9:15], STEM], 0),  # the dot touches
        ("i", "lower", [np.s_[18:23, 20:25], STEM], 20),  # the dot hangs beside the top
        ("i", "lower", [np.s_[0:1, 12:13], np.s_[2:60, 10:14]], 0),  # a speck
        ("i", "unknown", [np.s_[4:9, 0:40], STEM], 0),  # a capital's serif
        ("i", "lower", [np.s_[0:5, 9:15], np.s_[45:60, 10:14]], 45),  # a high dot
        ("i", "lower", [np.s_[0:5, 9:15], np.s_[54:60, 10:14]], 0),  # two dots, no stem
    ],
)
def test_body_begins_below_the_dot(letter, case, boxes, top: int) -> None:
    assert body_top(page(*boxes), letter, case) == top
