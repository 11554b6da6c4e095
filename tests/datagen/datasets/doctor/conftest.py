"""A folder of twenty sound images, two of each class."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.numerals import CLASSES

Drawn = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def drawn(seed: int) -> Drawn:
    """Return a picture of its own: a few dark strokes on white paper."""
    random = np.random.default_rng(seed)
    image = np.full((48, 40), 255, np.uint8)
    for _ in range(4):
        (x, y, a, b) = (int(n) for n in random.integers(4, 36, 4))
        cv2.line(image, (x, y), (a, b), int(random.integers(0, 40)), 2)
    return image


def save(path: Path, image: Drawn) -> None:
    """Write a picture in the format of its name, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for k, numeral in enumerate(CLASSES):
        for j in range(2):
            save(root / numeral / f"{j}.png", drawn(2 * k + j))
    return root


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """A dataset with two images of each class in train, and one in val."""
    root = tmp_path / "split"
    for k, numeral in enumerate(CLASSES):
        for j in range(3):
            save(root / ("val" if j == 2 else "train") / numeral / f"{j}.png", drawn(3 * k + j))
    return root
