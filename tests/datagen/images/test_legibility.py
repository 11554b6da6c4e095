"""What the evaluator's sampling leaves of an image."""

import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.core.evaluator_resize import evaluator_view
from datagen.images.legibility import raster_legibility


def sheet(*strokes: tuple[int, int], rows: tuple[int, int] = (60, 260)) -> GrayImage:
    """Return a sheet of 320×320 with upright strokes between columns: 10 pixels are a cell."""
    image = np.full((320, 320), 255, np.uint8)
    for start, end in strokes:
        image[slice(*rows), start:end] = 0
    return image


def judged(image: GrayImage) -> float:
    return raster_legibility(image, evaluator_view(image))


@pytest.mark.parametrize(
    ("strokes", "expected"),
    [
        (((103, 117),), 1),  # wider than a cell
        (((103, 117), (143, 157)), 1),
        (((106, 113),), 0),  # between two columns
        (((103, 117), (206, 213)), 0),  # one of two is gone
        (((103, 116), (123, 137)), 0),  # the gap between them lies between two columns
    ],
)
def test_strokes_and_gaps_between_two_columns_are_lost(
    strokes: tuple[tuple[int, int], ...], expected: float
) -> None:
    assert judged(sheet(*strokes)) == expected


def test_what_is_lost_over_a_few_rows_counts_less() -> None:
    whole = sheet((103, 117))
    dotted = whole.copy()
    for row in range(6, 26, 2):
        dotted[10 * row : 10 * row + 10, 103:117] = 255
        dotted[10 * row : 10 * row + 10, 106:113] = 0
    assert judged(whole) == 1
    assert 0.3 <= judged(dotted) <= 0.7


def test_specks_are_no_strokes_and_a_blank_sheet_is_illegible() -> None:
    image = sheet((103, 117))
    image[100:104, 206:210] = 0
    assert judged(image) > 0.7
    assert judged(sheet()) == 0


def test_pale_ink_on_grey_paper_is_judged_by_its_own_contrast() -> None:
    for strokes, expected in ((((103, 117),), 1), (((103, 117), (206, 213)), 0)):
        pale = (180 + sheet(*strokes) * (60 / 255)).astype(np.uint8)
        assert judged(pale) == expected


def test_any_size_can_be_judged() -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (2, 3), (28, 36), (32, 32), (500, 40)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        assert 0 <= judged(image) <= 1
