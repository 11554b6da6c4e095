"""Letters of ink as strokes: the same letters, in the measure of strokes."""

import cv2
import numpy as np
import pytest

from datagen.core.arrays import Coverage
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.sources import get_source
from datagen.sources.shapes import as_shapes, shape_of

INFO = GlyphInfo("one", "i", "lower", "somebody")


def letter(scale: int = 1) -> Coverage:
    """Return an i of 20×7 pixels times `scale`, its dot above row 5."""
    ink = np.zeros((20 * scale, 7 * scale), np.uint8)
    ink[: 3 * scale, 2 * scale : 5 * scale] = 255
    ink[6 * scale :, 2 * scale : 5 * scale] = 255
    return ink


@pytest.mark.parametrize("scale", [1, 4, 30])
def test_body_and_dot_stand_in_the_measure_of_strokes(scale: int) -> None:
    glyph = Glyph(INFO, "emnist", ink=letter(scale), body_top=6 * scale)
    shape = shape_of(glyph)
    assert (shape.info, shape.source, shape.ink) == (INFO, "emnist", None)
    assert shape.strokes is not None
    *body, dot = shape.strokes
    y = np.concatenate(body)[:, 1]
    assert (y.min(), y.max()) == pytest.approx((0, 1), abs=1e-4)
    assert -0.6 < dot[:, 1].max() < 0
    assert min(stroke[:, 0].min() for stroke in shape.strokes) == pytest.approx(0, abs=1e-4)


def test_what_has_strokes_or_no_line_stays_as_it_is() -> None:
    strokes = Glyph(INFO, "pen", strokes=(np.zeros((2, 2), np.float32),))
    assert shape_of(strokes) is strokes
    flat = Glyph(INFO, "emnist", ink=np.full((2, 20), 255, np.uint8), body_top=0)
    assert shape_of(flat).info == INFO
    blank = Glyph(INFO, "emnist", ink=np.zeros((20, 20), np.uint8))
    assert shape_of(blank) is blank


def test_the_pool_has_the_same_letters_and_loads_the_same_shape_again() -> None:
    glyph = Glyph(INFO, "emnist", ink=letter(), body_top=6)
    pool = as_shapes(GlyphPool("emnist", (INFO,), lambda _: glyph))
    assert pool.infos == (INFO,)
    one, again = pool[0].strokes, pool.by_id("one").strokes
    assert one is not None
    assert again is not None
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))


def test_an_x_stays_an_x_and_its_pen_is_the_composition_s() -> None:
    ink = np.zeros((28, 24), np.uint8)
    cv2.line(ink, (3, 3), (20, 24), 255, 4)
    cv2.line(ink, (20, 3), (3, 24), 255, 4)
    shape = shape_of(Glyph(GlyphInfo("x", "x", "upper", None), "emnist", ink=ink))
    assert shape.strokes is not None
    assert (shape.pen, shape.pressure) == (None, None)
    ends = np.concatenate([stroke[[0, -1]] for stroke in shape.strokes])
    assert (ends[:, 1] < 0.15).sum() == 2
    assert (ends[:, 1] > 0.85).sum() == 2


@pytest.mark.parametrize("source", ["emnist", "chars74k"])
def test_the_sources_of_ink_take_the_option(source: str) -> None:
    assert get_source(source).options.model_validate({"shapes": True}).model_dump()["shapes"]
