"""Stroke edits: the result is the numeral it says, or the edit is refused."""

import cv2
import numpy as np
import pytest

from pipelines.errors import InseparableStrokesError
from pipelines.ops import GrayImage
from pipelines.ops.strokes import add_stroke, remove_stroke, separate
from tests.pipelines.conftest import Draw


def components(image: GrayImage) -> int:
    return cv2.connectedComponents((image < 128).astype(np.uint8))[0] - 1


@pytest.mark.parametrize("dots", [False, True])
@pytest.mark.parametrize(
    ("before", "after"), [("viii", "vii"), ("vii", "vi"), ("vi", "v"), ("iii", "ii"), ("ii", "i")]
)
def test_removing_a_stroke_takes_the_last_i_and_nothing_else(
    numeral: Draw, before: str, after: str, dots: bool
) -> None:
    image = numeral(before, dots=dots)
    original = image.copy()
    out = remove_stroke(image, before)
    assert np.array_equal(image, original)
    letters = separate(image, before)
    assert components(out) == components(image) - (2 if dots else 1)
    assert out[letters[-1].ink].min() == 255
    for letter in letters[:-1]:
        assert np.array_equal(out[letter.ink], image[letter.ink])
    assert len(separate(out, after)) == len(after)


@pytest.mark.parametrize("dots", [False, True])
@pytest.mark.parametrize(
    ("before", "after"), [("vi", "vii"), ("vii", "viii"), ("ii", "iii"), ("i", "ii")]
)
def test_adding_a_stroke_writes_one_i_to_the_right(
    numeral: Draw, before: str, after: str, dots: bool
) -> None:
    image = numeral(before, dots=dots)
    out = add_stroke(image, before, tilt=1.5, stretch=1.05)
    old, new = separate(image, before), separate(out, after)
    assert new[-1].left >= old[-1].right + 2
    assert new[-1].height == pytest.approx(old[-1].height * 1.05, abs=3)
    assert np.array_equal(out[:, : old[-1].right], image[:, : old[-1].right])
    assert components(out) == components(image) + (2 if dots else 1)


def test_the_sheet_grows_where_there_is_no_room(numeral: Draw) -> None:
    image = numeral("vii")[:, : separate(numeral("vii"), "vii")[-1].right + 4]
    out = add_stroke(image, "vii")
    assert out.shape[1] > image.shape[1]
    assert separate(out, "viii")[-1].right < out.shape[1]


def test_adding_and_removing_gives_the_numeral_back(numeral: Draw) -> None:
    image = numeral("vi")
    assert np.array_equal(remove_stroke(add_stroke(image, "vi"), "vii")[:, : image.shape[1]], image)


def test_bars_that_join_the_letters_are_refused(numeral: Draw) -> None:
    image = numeral("vii")
    cv2.line(image, (20, 40), (110, 40), 0, 4)
    with pytest.raises(InseparableStrokesError, match="vii has 3 letters, but 1 bodies"):
        remove_stroke(image, "vii")


def test_a_wrong_label_is_noticed(numeral: Draw) -> None:
    with pytest.raises(InseparableStrokesError, match="is no v"):
        remove_stroke(numeral("iii"), "vii")
    with pytest.raises(InseparableStrokesError, match="is no i"):
        remove_stroke(np.repeat(numeral("xv"), 2, axis=1), "vi")


def test_stray_ink_and_cut_letters_are_refused(numeral: Draw) -> None:
    stray = numeral("ii")
    cv2.circle(stray, (10, 110), 6, 0, -1)
    with pytest.raises(InseparableStrokesError, match="belongs to no letter"):
        remove_stroke(stray, "ii")
    with pytest.raises(InseparableStrokesError, match="runs off the sheet"):
        remove_stroke(numeral("ii")[50:], "ii")


@pytest.mark.parametrize("given", ["i", "iv", "v", "ix", "x"])
def test_classes_that_have_nothing_to_remove(numeral: Draw, given: str) -> None:
    with pytest.raises(ValueError, match="would become no class"):
        remove_stroke(numeral(given), given)


def test_a_blank_sheet_is_refused() -> None:
    with pytest.raises(InseparableStrokesError, match="0 bodies"):
        separate(np.full((32, 32), 255, np.uint8), "ii")
