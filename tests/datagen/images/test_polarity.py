"""Light ink on dark paper is told from dark ink on light paper, in any light."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.files.decode import decode_gray
from datagen.images.polarity import has_light_ink, ink_balance, turned


def letter(side: int = 100, pen: int = 6, ink: int = 0, paper: int = 255) -> np.ndarray:
    """Return an X with a margin."""
    image = np.full((side, side), paper, np.uint8)
    low, high = side // 5, side - side // 5
    cv2.line(image, (low, low), (high, high), ink, pen)
    cv2.line(image, (high, low), (low, high), ink, pen)
    return image


def shaded(image: np.ndarray, darkest: float) -> np.ndarray:
    """Return an image whose left half lies in a soft shadow."""
    light = np.interp(np.linspace(0, 1, image.shape[1]), [0.4, 0.6], [darkest, 1])
    return (image * light[None, :]).astype(np.uint8)


PICTURES = {
    "scan": letter(),
    "pencil": letter(ink=150),
    "photo in the dark": letter(ink=15, paper=60),
    "faint photo in the dark": letter(ink=90, paper=110),
    "half in the shadow": shaded(letter(), 0.3),
    "mostly in the shadow": shaded(letter(ink=20), 0.15)[:, :70],
    "marker": letter(pen=22),
    "cut to the ink": letter()[20:80, 20:80],
    "network size": letter(32, 2),
    "tall": cv2.copyMakeBorder(letter(60), 400, 400, 0, 0, cv2.BORDER_CONSTANT, value=255),
    "photo": letter(1500, 60),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_ink_is_told_by_its_surroundings(kind: str) -> None:
    image = PICTURES[kind]
    assert not has_light_ink(image)
    assert has_light_ink(turned(image))


def test_what_shows_nothing_is_left_alone() -> None:
    for shape in ((1, 1), (1, 30_000), (30_000, 1), (2, 2), (40, 40)):
        for level in (0, 128, 255):
            assert ink_balance(np.full(shape, level, np.uint8)) == 0


def test_turning_twice_changes_nothing() -> None:
    image = letter()
    np.testing.assert_array_equal(turned(turned(image)), image)
    assert turned(image).dtype == np.uint8


@pytest.mark.slow
def test_the_competition_data(shared_data: Path) -> None:
    files = sorted((shared_data / "roman-mnist").glob("*/*/*.png"))
    images = [decode_gray(file.read_bytes(), str(file)) for file in files]
    assert sum(has_light_ink(image) for image in images) <= 1
    found = sum(has_light_ink(turned(image)) for image in images)
    assert found >= 0.995 * len(images)
