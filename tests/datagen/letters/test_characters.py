"""Pictures of characters as the reader takes them."""

import cv2
import numpy as np
import pytest

from datagen.core.glyphs import Glyph, GlyphInfo
from datagen.letters.characters import (
    BOX,
    CHARACTERS,
    label_of,
    picture_of_glyph,
    picture_of_image,
)


def drawn(side: int, pen: int, *, light: bool = False) -> np.ndarray:
    """Return a V on a sheet, off its middle."""
    sheet = np.full((side, side), 255, np.uint8)
    points = np.array([[0.1, 0.1], [0.3, 0.6], [0.5, 0.1]]) * side
    cv2.polylines(sheet, [points.astype(np.int32)], isClosed=False, color=20, thickness=pen)
    return 255 - sheet if light else sheet


def test_labels_are_digits_then_letters_of_either_case() -> None:
    assert len(CHARACTERS) == 36
    assert [label_of(char) for char in "09AaZz"] == [0, 9, 10, 10, 35, 35]


@pytest.mark.parametrize(("side", "pen"), [(28, 2), (200, 3), (900, 30)])
@pytest.mark.parametrize("light", [False, True])
def test_ink_is_white_centred_and_fills_the_box(side: int, pen: int, *, light: bool) -> None:
    picture = picture_of_image(drawn(side, pen, light=light))
    assert picture is not None
    assert picture.shape == (28, 28)
    rows, columns = (np.flatnonzero((picture > 40).any(axis=axis)) for axis in (1, 0))
    assert BOX - 2 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= BOX
    assert abs((rows[0] + rows[-1]) / 2 - 13.5) <= 1.5
    assert abs((columns[0] + columns[-1]) / 2 - 13.5) <= 1.5
    assert picture.max() == 255
    assert (picture > 127).sum() > 25  # a thin pen's line does not vanish


def test_a_blank_image_has_no_picture() -> None:
    assert picture_of_image(np.full((50, 50), 200, np.uint8)) is None


def test_strokes_are_drawn() -> None:
    stroke = np.array([[0, 0], [0.4, 1], [0.8, 0]], np.float32)
    glyph = Glyph(GlyphInfo("a", "v", "lower", None), "test", strokes=(stroke,))
    picture = picture_of_glyph(glyph)
    assert picture is not None
    assert 30 < (picture > 127).sum() < 300
