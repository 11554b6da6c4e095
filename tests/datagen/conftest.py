"""Small recipes that build in a moment, with no download."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.build import build
from datagen.numerals import CLASSES
from datagen.recipe import Ingredient, Recipe


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def pen() -> Ingredient:
    """A few of the embedded pen's writers."""
    return Ingredient(source="pen", options={"writers": 12})


@pytest.fixture(scope="session")
def recipe(pen: Ingredient) -> Recipe:
    """100 images by twelve writers."""
    return Recipe(name="small", mix=(pen,), images=100)


@pytest.fixture(scope="session")
def _built_once(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(recipe, tmp_path_factory.mktemp("built") / "ds").path


@pytest.fixture
def dataset(_built_once: Path, tmp_path: Path) -> Path:
    """A freshly built dataset of `recipe` that a test may change."""
    import shutil

    return Path(shutil.copytree(_built_once, tmp_path / "ds"))


@pytest.fixture
def numeral_folder(tmp_path: Path) -> Path:
    """Class folders with six different finished images each."""
    rng = np.random.default_rng(5)
    root = tmp_path / "numerals"
    for numeral in CLASSES:
        (root / numeral).mkdir(parents=True)
        for k in range(6):
            image = np.full((40, 50), 255, np.uint8)
            image[8:32, 8:40] = rng.integers(0, 2, (24, 32)) * 255
            cv2.imwrite(str(root / numeral / f"{k}.png"), image)
    return root
