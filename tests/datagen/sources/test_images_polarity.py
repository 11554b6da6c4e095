"""Light ink on dark paper in the `images` source: refused, passed over, turned or taken."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datagen.core.errors import CorruptInputError, LightInkError, RecipeError
from datagen.core.glyphs import NumeralPool
from datagen.core.numerals import CLASSES
from datagen.recipes.load import load
from datagen.recipes.overrides import Overrides, override
from datagen.sources import open_source


def sheet(seed: int) -> np.ndarray:
    """Return an X, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    image = np.full((60, 60), 255, np.uint8)
    for low, high in (((15, 15), (45, 45)), ((45, 15), (15, 45))):
        ends = [tuple(int(p) for p in np.add(end, rng.integers(-6, 7, 2))) for end in (low, high)]
        cv2.line(image, ends[0], ends[1], 0, 4)
    return image


def clear(image: np.ndarray, ink: int) -> Image.Image:
    """Return the ink of `image` in one colour on nothing; what is clear has that colour too."""
    return Image.fromarray(np.dstack([np.full_like(image, ink)] * 3 + [255 - image]))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "numerals"
    for k, numeral in enumerate(CLASSES):
        (folder / numeral).mkdir(parents=True)
        for j in range(2):
            Image.fromarray(sheet(10 * k + j)).save(folder / numeral / f"{j}.png")
    return folder


def turn_all(root: Path) -> None:
    for file in root.glob("*/*.png"):
        Image.fromarray(255 - np.asarray(Image.open(file))).save(file)


def opened(root: Path, **options: object) -> NumeralPool:
    pool = open_source("images", root, options)
    assert isinstance(pool, NumeralPool)
    return pool


def paper_of(pool: NumeralPool) -> list[int]:
    return [int(np.median(pool[k])) for k in range(len(pool))]


def test_a_folder_of_light_ink_is_refused_whatever_is_passed_over(root: Path) -> None:
    turn_all(root)
    for options in ({}, {"skip_bad": True}):
        with pytest.raises(LightInkError, match=r"numerals is light ink on dark paper.*--flatten"):
            opened(root, **options)
    with pytest.raises(LightInkError, match=r"images\.invert=auto.*\(20 of 20 images\)"):
        opened(root)


@pytest.mark.parametrize(
    ("invert", "paper"), [("auto", 255), ("yes", 255), (True, 255), ("no", 0), (False, 0)]
)
def test_a_folder_of_light_ink_is_turned_or_taken(root: Path, invert: object, paper: int) -> None:
    turn_all(root)
    assert paper_of(opened(root, invert=invert)) == [paper] * 20


def test_one_image_of_light_ink_is_named_passed_over_or_turned(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dark = opened(root)
    Image.fromarray(255 - sheet(99)).save(root / "iv" / "7.png")
    with pytest.raises(CorruptInputError, match=r"iv/7\.png is light ink.*skip_bad"):
        opened(root)
    with caplog.at_level(logging.WARNING):
        assert len(opened(root, skip_bad=True)) == 20
    assert "iv/7.png is light ink" in caplog.text
    turned = opened(root, invert="auto")
    np.testing.assert_array_equal(turned.by_id("iv/7.png"), sheet(99))
    np.testing.assert_array_equal(turned.by_id("iv/0.png"), dark.by_id("iv/0.png"))
    assert paper_of(opened(root, invert="yes")) == [0] * 6 + [0, 0, 255] + [0] * 12


def test_ink_without_paper_ends_dark_on_white(root: Path) -> None:
    clear(sheet(7), ink=0).save(root / "i" / "black.png")
    np.testing.assert_array_equal(opened(root).by_id("i/black.png"), sheet(7))
    clear(sheet(8), ink=255).save(root / "i" / "white.png")
    with pytest.raises(LightInkError, match=r"white\.png is light ink"):
        opened(root)
    for invert in ("auto", "yes"):
        pool = opened(root, invert=invert, part=None)
        np.testing.assert_array_equal(pool.by_id("i/white.png"), sheet(8))
    with pytest.raises(CorruptInputError, match=r"white\.png is blank"):
        opened(root, invert="no")


def test_the_flag_takes_the_words(root: Path) -> None:
    recipe = override(load("default"), Overrides(paths=()))
    for word in ("auto", "yes", "no"):
        flags = Overrides(
            mix=(recipe.mix[0].model_copy(update={"source": "images", "path": root}),),
            options=(("images", "invert", word),),
        )
        assert override(recipe, flags).mix[0].options == {"invert": word}
    with pytest.raises(RecipeError, match="'auto', 'yes' or 'no'"):
        opened(root, invert="sometimes")
