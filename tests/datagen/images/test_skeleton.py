"""The middle line of ink: thin, whole, and cut where lines meet."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.images.skeleton import paths, thin


def drawn(*lines: tuple[int, int, int, int], pen: int = 7) -> np.ndarray:
    """Return lines x0 y0 x1 y1 on a sheet of 80×80."""
    image = np.zeros((80, 80), np.uint8)
    for x0, y0, x1, y1 in lines:
        cv2.line(image, (x0, y0), (x1, y1), 255, pen)
    return image


POINTS = st.integers(8, 71)


@given(lines=st.lists(st.tuples(POINTS, POINTS, POINTS, POINTS), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_the_skeleton_lies_in_the_ink_and_keeps_its_pieces(
    lines: list[tuple[int, int, int, int]],
) -> None:
    ink = drawn(*lines)
    skeleton = thin(ink)
    assert not (skeleton[ink == 0]).any()
    assert cv2.connectedComponents(skeleton)[0] == cv2.connectedComponents(ink)[0]
    assert np.array_equal(thin(skeleton), skeleton)
    found = paths(ink)
    assert found
    for path in found:
        x, y = path.T.astype(int)
        assert (ink[y, x] > 0).all()
        assert np.abs(np.diff(path, axis=0)).max() <= 1


@pytest.mark.parametrize("pen", [3, 7, 11])
def test_a_stroke_is_one_path_nearly_as_long(pen: int) -> None:
    (path,) = paths(drawn((20, 10, 20, 70), pen=pen))
    assert np.ptp(path[:, 1]) > 58 - pen
    assert np.abs(path[:, 0] - 20).max() <= 1


def test_a_cross_is_four_arms_and_a_v_is_one_line() -> None:
    arms = [path for path in paths(drawn((10, 10, 70, 70), (70, 10, 10, 70))) if len(path) > 10]
    assert len(arms) == 4
    assert len(paths(drawn((10, 10, 40, 70), (40, 70, 70, 10)))) == 1


def test_a_ring_and_a_dot_are_paths_too() -> None:
    ring = cv2.circle(np.zeros((80, 80), np.uint8), (40, 40), 25, 255, 5)
    (path,) = paths(ring)
    assert len(path) > 100
    dot = np.zeros((9, 9), np.uint8)
    dot[4, 4] = 255
    (path,) = paths(dot)
    assert path.tolist() == [[4, 4], [4, 4]]
    assert paths(np.zeros((9, 9), np.uint8)) == []
