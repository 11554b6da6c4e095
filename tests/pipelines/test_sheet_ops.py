"""Small numerals, light, marks and pens of `hard-sheets`: what each op keeps, and what it does."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import ops
from pipelines.labels import CLASSES
from pipelines.ops.gray import box_of_pieces, ink_mask, pen_width
from pipelines.ops.pen import most_apart
from pipelines.ops.strokes import separate
from pipelines.parameters.base import Parameters, Subject, seen
from pipelines.parameters.geometry import Shrink
from pipelines.parameters.light import DarkEdge
from pipelines.parameters.marks import StrayMarks
from pipelines.parameters.pen import Fade, PenWidth
from pipelines.pipeline import load
from pipelines.registry import OPS
from tests.pipelines.conftest import draw_numeral

NUMERALS = st.sampled_from(CLASSES)
SEEDS = st.integers(0, 2**32 - 1)
BOUNDED = settings(max_examples=25, deadline=None)


def done(op: str, parameters: Parameters, image: ops.GrayImage, seed: int) -> ops.GrayImage | None:
    """Return the image after one step; None where it cannot be done."""
    rng = np.random.default_rng(seed)
    drawn = parameters.draw(Subject(image, "i", "upper"), rng)
    return None if drawn is None else OPS[op].apply(image, **drawn)


def box(image: ops.GrayImage) -> tuple[int, int, int, int]:
    found = box_of_pieces(ink_mask(image), 0.01)
    assert found is not None
    return found


@given(numeral=NUMERALS, extent=st.floats(0.1, 0.9), pen=st.integers(3, 9), seed=SEEDS)
@BOUNDED
def test_shrink_keeps_all_letters_on_the_sheet_and_the_pen_wide_enough(
    numeral: str, extent: float, pen: int, seed: int
) -> None:
    image = draw_numeral(numeral, pen=pen, pitch=26)
    small = done("shrink", Shrink(extent=(extent, extent)), image, seed)
    assert small is not None
    assert small.shape == image.shape
    assert len(separate(np.pad(small, 2, constant_values=255), numeral)) == len(numeral)
    before = seen(pen_width(image), image)
    assert seen(pen_width(small), small) > min(before, 0.7) - 0.35  # a pixel of rounding


def test_shrink_leaves_many_strokes_more_room_than_one() -> None:
    asked = Shrink(extent=(0.1, 0.1), least_pen=0.1)
    widths = []
    for numeral in ("i", "iii", "viii"):
        small = done("shrink", asked, draw_numeral(numeral, side=200, pen=7), 1)
        assert small is not None
        left, _, right, _ = box(small)
        widths.append(32 * (right - left) / small.shape[1])
    assert widths[1] >= 4.5  # three strokes and two gaps of a pixel each
    assert widths[2] >= 7


@given(
    numeral=NUMERALS,
    seed=SEEDS,
    edge=st.sampled_from(["left", "right", "top", "bottom"]),
    tilt=st.sampled_from([(0, 0), (-3, 3), (15, 15)]),
)
@BOUNDED
def test_a_dark_edge_lies_at_its_edge_and_beside_the_ink(
    numeral: str, seed: int, edge: str, tilt: tuple[float, float]
) -> None:
    image = draw_numeral(numeral)
    asked = DarkEdge(edges=(edge,), darkness=(1, 1), depth=(0.1, 0.1), softness=(0, 0), tilt=tilt)
    out = done("dark_edge", asked, image, seed)
    if out is None:
        return
    line = {"left": out[:, 0], "right": out[:, -1], "top": out[0], "bottom": out[-1]}[edge]
    assert (line < 128).mean() > (0.95 if tilt == (0, 0) else 0.3)
    left, top, right, bottom = box(image)
    assert np.array_equal(out[top:bottom, left:right], image[top:bottom, left:right])


def test_a_dark_edge_needs_paper() -> None:
    image = draw_numeral("v")
    left = box(image)[0]
    assert done("dark_edge", DarkEdge(edges=("left",)), image[:, left:].copy(), 1) is None
    pale = np.where(image < 128, 140, 255).astype(np.uint8)  # the scan would leave the band alone
    assert done("dark_edge", DarkEdge(), pale, 1) is None


def test_uneven_light_is_shade_in_patches() -> None:
    blank = np.full((160, 160), 255, np.uint8)
    out = ops.uneven_light(blank, 0.4, 0.6, 0.0, 3)
    assert out.max() == 255
    assert 255 * 0.6 - 1 <= out.min() < 230
    assert np.abs(np.diff(out.astype(int), axis=0)).max() < 12  # without grain it is smooth


@given(numeral=NUMERALS, seed=SEEDS)
@BOUNDED
def test_stray_marks_keep_away_from_the_letters(numeral: str, seed: int) -> None:
    image = draw_numeral(numeral)
    out = done("stray_marks", StrayMarks(count=(3, 3)), image, seed)
    if out is None:
        return
    left, top, right, bottom = (
        value + margin for value, margin in zip(box(image), (-5, -5, 5, 5), strict=True)
    )
    assert np.array_equal(out[top:bottom, left:right], image[top:bottom, left:right])
    assert (out < 128).sum() >= (image < 128).sum()


def test_blots_add_ink_where_ink_is() -> None:
    image = draw_numeral("vii")
    out = ops.blots(image, 3, 2.0, 1)
    added = (out < 128) & (image >= 128)
    near = cv2.dilate(ink_mask(image), np.ones((17, 17), np.uint8)) > 0
    assert added.any()
    assert not (added & ~near).any()


@given(numeral=NUMERALS, change=st.floats(0.3, 3), pen=st.integers(3, 9))
@BOUNDED
def test_a_thick_pen_that_keeps_apart_joins_no_letters(
    numeral: str, change: float, pen: int
) -> None:
    image = draw_numeral(numeral, pen=pen)
    out = ops.pen_width(image, most_apart(image, change, 3))
    assert len(separate(out, numeral)) == len(numeral)


def test_a_pen_is_as_thick_as_asked_where_nothing_joins() -> None:
    image = draw_numeral("i", pen=5)
    assert most_apart(image, 1.2, 3) == 1.2
    assert most_apart(image, 3, 3) < 2  # a third of its height is no stroke any more
    assert most_apart(draw_numeral("iii", pen=5), 3, 3) < 3


def test_a_thick_pen_leaves_small_eyes_open() -> None:
    image = draw_numeral("ix", pen=12)
    top, bottom = box(image)[1::2]
    image[top : top + 10, 30:-30] = image[bottom - 10 : bottom, 30:-30] = 0  # barred and joined
    out = ops.pen_width(image, most_apart(image, 2.0, 2))
    eyes = [
        cv2.connectedComponents(255 - ink_mask(each), connectivity=4)[0] for each in (image, out)
    ]
    assert eyes[0] == eyes[1] > 2


def test_specks_keep_no_pen_thin() -> None:
    image = draw_numeral("i", pen=5)
    image[10:120:7, 5:-5:7] = 0
    assert most_apart(image, 1.0, 3) > 0.8


def test_the_gaps_of_a_dashed_stroke_go_through_it() -> None:
    image = np.full((240, 60), 255, np.uint8)
    image[20:220, 26:34] = 0
    gaps = []
    for patch in (0.6, 2.5):
        faded = [ops.fade(image, 0.25, seed, patch)[20:220] for seed in range(8)]
        gaps.append(np.mean([(ink_mask(each).max(axis=1) == 0).sum() for each in faded]))
    assert gaps[1] > 2 * gaps[0]
    assert np.array_equal(ops.fade(image, 0.25, 1), ops.fade(image, 0.25, 1, 0.6))


@pytest.mark.parametrize("seed", range(5))
def test_a_thin_pen_is_neither_faded_nor_thinned(seed: int) -> None:
    image = draw_numeral("iv", pen=3)
    assert done("fade", Fade(least_pen=2), image, seed) is None
    thinner = done("pen_width", PenWidth(change=(-0.5, -0.5), least_pen=2), image, seed)
    assert thinner is not None
    assert pen_width(thinner) >= 0.9 * pen_width(image)


def test_options_that_are_not_given_change_no_record() -> None:
    subject = Subject(draw_numeral("iv"), "iv", "upper")
    drawn = Fade().draw(subject, np.random.default_rng(1))
    assert drawn is not None
    assert set(drawn) == {"amount", "seed"}


def test_hard_sheets_leave_letters_where_they_can_be_seen() -> None:
    pipeline = load("hard-sheets")
    for index in range(40):
        numeral = CLASSES[index % 10]
        made = pipeline.run(
            draw_numeral(numeral, pen=7), numeral, "unknown", np.random.default_rng(index)
        )
        assert 0.003 < (made.image < 128).mean() < 0.6
