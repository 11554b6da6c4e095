"""Each op does what its name says, leaves its input alone, and repeats itself."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import ops
from pipelines.ops.geometry import affine_matrix
from pipelines.ops.gray import ink_box, pen_width, quick_normal
from pipelines.ops.strokes import separate
from tests.pipelines.conftest import Draw, draw_numeral


def share_of_ink(image: ops.GrayImage) -> float:
    return float((image < 128).mean())


def test_importing_the_ops_loads_no_albumentations() -> None:
    script = "import sys, pipelines.ops, pipelines.pipeline; print('albumentations' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@given(
    rotate=st.floats(-179, 179),
    shear=st.floats(-40, 40),
    scale=st.tuples(st.floats(0.5, 2), st.floats(0.5, 2)),
    translate=st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
)
@settings(max_examples=50, deadline=None)
def test_the_affine_matrix_is_albumentations(
    rotate: float, shear: float, scale: tuple[float, float], translate: tuple[float, float]
) -> None:
    import os

    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    from albumentations.augmentations.geometric import functional

    shape = (97, 131)
    theirs = functional.create_affine_transformation_matrix(
        {"x": translate[0] * 131, "y": translate[1] * 97},
        {"x": shear, "y": 0},
        {"x": scale[0], "y": scale[1]},
        rotate,
        functional.center(shape),
    )
    ours = affine_matrix(shape, rotate, shear, scale, translate)
    assert np.allclose(ours, theirs[:2], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("pen", "change"), [(5, 0.6), (9, 0.4), (9, -0.4), (7, -0.3)])
def test_pen_width_is_in_pens(pen: int, change: float) -> None:
    image = draw_numeral("iii", pen=pen)
    out = ops.pen_width(image, change)
    assert pen_width(out) == pytest.approx(pen_width(image) * (1 + change), rel=0.2)


def test_the_pen_is_measured_in_pixels() -> None:
    for pen in (1, 3, 5, 8, 15):
        image = np.full((100, 100), 255, np.uint8)
        image[10:90, 20 : 20 + pen] = image[10:90, 60 : 60 + pen] = 0
        assert pen_width(image) == pytest.approx(pen, rel=0.1)


def test_a_thin_pen_does_not_vanish() -> None:
    image = draw_numeral("viii", pen=1)
    assert share_of_ink(ops.pen_width(image, -0.6)) > 0.8 * share_of_ink(image)


def test_fade_takes_the_share_it_says_and_no_whole_stroke() -> None:
    image = draw_numeral("viii")
    for seed in range(20):
        out = ops.fade(image, 0.3, seed)
        assert share_of_ink(out) == pytest.approx(0.7 * share_of_ink(image), rel=0.05)
        for letter in separate(image, "viii"):
            assert 0.4 < (out[letter.ink] < 128).mean() < 0.95


def test_bars_run_along_the_whole_numeral() -> None:
    image = draw_numeral("iii")
    assert not ops.has_bars(image)
    out = ops.bars(image, 1.0, 1.0, 2.0, 0.2, 7)
    assert ops.has_bars(out)
    left, _, width, _ = ink_box(image) or (0, 0, 0, 0)
    barred = ink_box(out)
    assert barred is not None
    assert barred[0] < left
    assert barred[0] + barred[2] > left + width
    assert cv2.connectedComponents((out < 128).astype(np.uint8))[0] - 1 == 1


def test_dots_are_loose_ink() -> None:
    assert ops.has_loose_ink(draw_numeral("ii", dots=True))
    assert not ops.has_loose_ink(draw_numeral("ii"))


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_edge_crop_lets_ink_touch_one_edge(numeral: Draw, edge: str) -> None:
    out = ops.edge_crop(numeral("viii"), edge, 0.5)  # type: ignore[arg-type]
    edges = {"left": out[:, 0], "right": out[:, -1], "top": out[0], "bottom": out[-1]}
    assert edges.pop(edge).min() < 128
    assert all(line.min() == 255 for line in edges.values())


@given(
    ink=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 39)), min_size=1, max_size=12),
    margins=st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
@settings(max_examples=200, deadline=None)
def test_crop_to_ink_keeps_all_of_it(ink: list[tuple[int, int]], margins: list[float]) -> None:
    image = np.full((60, 40), 255, np.uint8)
    image[tuple(np.array(ink).T)] = 64
    out = ops.crop_to_ink(image, margins)
    assert (out == 64).sum() == (image == 64).sum()
    assert min(out.shape) >= 8
    _, _, width, height = ink_box(image) or (0, 0, 0, 0)
    for side, extent, before, after in (
        (out.shape[0], height, margins[0], margins[2]),
        (out.shape[1], width, margins[1], margins[3]),
    ):
        assert side <= max(8, extent + (before + after) * max(width, height) + 1)


def test_crop_to_ink_leaves_the_margins_it_says() -> None:
    image = np.full((100, 200), 255, np.uint8)
    image[40:60, 50:90] = 0
    out = ops.crop_to_ink(image, [0.1, 0.2, 0.3, 0.4])
    assert out.shape == (20 + 4 + 12, 40 + 8 + 16)
    assert ink_box(out) == (16, 4, 40, 20)
    assert np.array_equal(ops.crop_to_ink(image, [1, 1, 1, 1]), image[0:100, 10:130])


def test_crop_to_ink_passes_over_specks_and_not_over_dots(numeral: Draw) -> None:
    image = numeral("viii", dots=True)
    dotted = ink_box(image)
    assert dotted is not None
    cv2.rectangle(image, (2, 2), (3, 3), 0, -1)
    cut = ops.crop_to_ink(image, [0, 0, 0, 0], 0.005)
    assert cut.shape == (dotted[3], dotted[2])
    assert ops.crop_to_ink(image, [0, 0, 0, 0]).shape[0] == dotted[1] + dotted[3] - 2


def test_crop_to_ink_leaves_a_blank_sheet_alone() -> None:
    blank = np.full((30, 50), 200, np.uint8)
    assert np.array_equal(ops.crop_to_ink(blank, [0, 0, 0, 0]), blank)


@pytest.mark.parametrize("darkness", [0.45, 0.5, 0.55])
def test_lines_survive_the_scan_broken(darkness: float) -> None:
    blank = np.full((256, 256), 255, np.uint8)
    sheet = ops.grid_paper(blank, (0.4, 0.4), (0.5, 0.5), 0.0, 0.012, darkness, 3)
    ruled = ops.ruled_paper(blank, 0.4, 0.5, 0.0, 0.012, darkness, 3)
    for paper in (sheet, ruled):
        drawn, scanned = float((paper < 250).mean()), share_of_ink(ops.scan(paper))
        assert 0.1 * drawn < scanned < 0.9 * drawn
        assert cv2.connectedComponents((ops.scan(paper) < 128).astype(np.uint8))[0] > 10


def test_a_shadow_lies_in_its_corner() -> None:
    blank = np.full((200, 240), 255, np.uint8)
    out = ops.shadow_corner(blank, "bottom-right", 0.4, 0.6, 0.1, 1)
    assert out[-20:, -20:].mean() < 140
    assert out[:100, :120].min() == 255


def test_speckle_density_and_size() -> None:
    blank = np.full((400, 400), 255, np.uint8)
    out = ops.speckle(blank, 3.0, 2.0, np.random.default_rng(0))
    found = cv2.connectedComponents((out < 128).astype(np.uint8))[0] - 1
    assert 25 < found < 75  # 48 expected, some merge


def test_background_keeps_the_ink_and_any_size_of_paper(numeral: Draw) -> None:
    image = numeral("iv")
    paper = ops.speckle(np.full((40, 300), 255, np.uint8), 30, 2, np.random.default_rng(0))
    out = ops.background(image, paper)
    assert out.shape == image.shape
    assert np.array_equal(out, np.minimum(out, image))
    assert share_of_ink(out) > share_of_ink(image)


def test_paper_of_a_scan_has_no_numeral_but_its_specks(numeral: Draw) -> None:
    image = numeral("iv", dots=True)
    cv2.rectangle(image, (10, 10), (11, 11), 0, -1)
    paper = ops.paper_of(image)
    assert paper[10, 10] == 0
    assert (paper < 128).sum() == 4


def test_a_blot_does_not_hide_the_numeral_from_paper_of(numeral: Draw) -> None:
    image = numeral("iv", side=200)
    written = image < 128
    cv2.ellipse(image, (image.shape[1], 200), (70, 60), 0, 0, 360, 64, -1)
    cv2.rectangle(image, (10, 10), (11, 11), 0, -1)
    paper = ops.paper_of(image)
    assert not (paper[written] < 128).any()
    assert paper[10, 10] == 0


def test_noises_keep_their_mean_and_spread() -> None:
    grey = np.full((200, 200), 128, np.uint8)
    for out in (
        ops.gaussian_noise(grey, 0.05, np.random.default_rng(1)),
        ops.noise.seeded_gaussian_noise(grey, 0.05, 1),
    ):
        assert out.mean() == pytest.approx(127.5, abs=0.5)
        assert out.std() == pytest.approx(12.75, rel=0.05)


def test_quick_normal_is_normal() -> None:
    draws = quick_normal((400, 400), np.random.default_rng(5))
    assert draws.mean() == pytest.approx(0, abs=0.01)
    assert draws.std() == pytest.approx(1, abs=0.01)
    assert (np.abs(draws) > 1.959964).mean() == pytest.approx(0.05, abs=0.003)


def test_elastic_moves_no_point_further_than_its_reach(numeral: Draw) -> None:
    image = numeral("x", side=128)
    out = ops.elastic(image, 0.03, 0.1, 4)
    assert not np.array_equal(out, image)
    reached = cv2.dilate((image < 128).astype(np.uint8), np.ones((11, 11), np.uint8))
    assert not ((out < 128) & (reached == 0)).any()  # 0.03 × 128 < 4 pixels, and a half for grey


def test_scan_refuses_a_step_out_of_range() -> None:
    with pytest.raises(ValueError, match="step is 0; expected 1 … 127"):
        ops.scan(np.zeros((4, 4), np.uint8), 0)


def test_a_sheet_all_of_ink_shows_no_pen() -> None:
    assert pen_width(np.zeros((20, 30), np.uint8)) == 0
    assert pen_width(np.full((20, 30), 255, np.uint8)) == 0
