"""A source of a user's own whose pool is wrong is named in one sentence, and hides no other."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datagen.building.build import build
from datagen.core.errors import UsageError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool, NumeralInfo, NumeralPool
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sources import Source, open_source, register, unregister
from datagen.sources.catalog import catalog, catalog_entry

INK = np.full((60, 12), 255, np.uint8)
STROKE = np.array([[0, 0], [0, 1]], np.float32)
INFO = GlyphInfo("v-1", "v", "lower", "w1")
NUMERAL = NumeralInfo("a.png", "iv", "a")

Opened = Callable[[Any], None]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Register the source `mine`, which opens what it is given."""

    def use(answer: Any) -> None:
        class Mine(Source):
            name = "mine"
            summary = licence = citation = "none"

            def open(self, path: Path | None, options: object) -> Any:  # noqa: ARG002
                if isinstance(answer, Exception):
                    raise answer
                return answer

        register(Mine)

    yield use
    unregister("mine")


def letters(load: Any, infos: Any = (INFO,)) -> GlyphPool:
    return GlyphPool("mine", infos, lambda _: load)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "`open` must return a GlyphPool or a NumeralPool, and returned None"),
        ([INFO], "returned an object of the type list"),
        (letters(None, ["v-1"]), "must list GlyphInfo objects, and lists an object of the type s"),
        (letters(None, [GlyphInfo(1, "v", "lower", None)]), "1: its id must be a text"),  # type: ignore[arg-type]
        (letters(None, [GlyphInfo("a", "q", "lower", None)]), "'a': its letter must be one of"),  # type: ignore[arg-type]
        (letters(None, [GlyphInfo("a", "v", "Lower", None)]), "'a': its case must be one of"),  # type: ignore[arg-type]
        (letters(None, [GlyphInfo("a", "v", "lower", 3)]), "'a': its writer must be a text or"),  # type: ignore[arg-type]
        (letters(None, [INFO, INFO]), "the id 'v-1' is not unique in its pool"),
        (NumeralPool("mine", [NumeralInfo("a", "xi", "a")], lambda _: INK), "its numeral must"),
        (NumeralPool("mine", [NumeralInfo("a", "x", 1)], lambda _: INK), "its identity must"),  # type: ignore[arg-type]
    ],
)
def test_a_pool_that_is_none_is_said_and_hides_no_other_source(
    answer: Any, message: str, opened: Opened
) -> None:
    opened(answer)
    with pytest.raises(UsageError, match="^source 'mine'") as refused:
        open_source("mine", None, {})
    assert message in str(refused.value)
    found = {entry.name: entry for entry in catalog()}
    assert message in found["mine"].where
    assert (found["mine"].available, found["pen"].available) == (False, True)


def test_an_open_that_fails_hides_no_other_source(opened: Opened) -> None:
    opened(KeyError("nothing there"))
    with pytest.raises(KeyError):  # from Python it is the user's own
        open_source("mine", None, {})
    found = {entry.name: entry for entry in catalog()}
    assert found["mine"].where == "`open` failed: KeyError('nothing there')"
    assert found["pen"].available
    assert catalog_entry("mine") == found["mine"]


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (None, "must load a Glyph, and loads None"),
        (INK, "must load a Glyph, and loads an object of the type ndarray"),
        (Glyph(INFO, "mine", INK.astype(np.float32)), "is float32 of the shape (60, 12)"),
        (Glyph(INFO, "mine", INK > 0), "is bool of the shape (60, 12)"),
        (Glyph(INFO, "mine", np.dstack([INK] * 3)), "is uint8 of the shape (60, 12, 3)"),
        (Glyph(INFO, "mine", INK[:0]), "is uint8 of the shape (0, 12)"),
        (Glyph(INFO, "mine", INK.tolist()), "is an object of the type list"),
        (Glyph(INFO, "mine", INK, body_top=60), "a row of its ink, 0 … 59, and is 60"),
        (Glyph(INFO, "mine", strokes=()), "its strokes must be"),
        (Glyph(INFO, "mine", strokes=(STROKE[:0],)), "its strokes must be"),
        (Glyph(INFO, "mine", strokes=(np.zeros((2, 3)),)), "arrays N×2"),  # type: ignore[arg-type]
        (Glyph(INFO, "mine", strokes=(STROKE * np.nan,)), "of finite numbers"),
        (Glyph(INFO, "mine", strokes=(((1, 2), (3,)),)), "its strokes must be"),  # type: ignore[arg-type]
        (Glyph(INFO, "mine", strokes=(STROKE,), pressure=(STROKE,)), "its pressure must be"),
        (Glyph(INFO, "mine", strokes=(STROKE,), pen=-1), "its pen must be a width above 0"),
    ],
)
def test_a_letter_that_is_none_is_said_when_it_is_loaded(
    load: Any, message: str, opened: Opened
) -> None:
    opened(letters(load))
    pool = open_source("mine", None, {})
    with pytest.raises(UsageError, match="^source 'mine', 'v-1': its ") as refused:
        pool[0]
    assert message in str(refused.value)


def test_an_image_of_colours_is_said(opened: Opened) -> None:
    opened(NumeralPool("mine", [NUMERAL], lambda _: np.dstack([INK] * 3)))
    with pytest.raises(UsageError, match="^source 'mine', 'a.png': the image must be an array"):
        open_source("mine", None, {})[0]


def test_what_is_right_is_handed_on(opened: Opened) -> None:
    right = Glyph(INFO, "mine", strokes=(STROKE,), pressure=(np.ones(2, np.float32),), pen=0.1)
    for pool, loaded in (
        (letters(right), right),
        (NumeralPool("mine", [NUMERAL], lambda _: INK), INK),
    ):
        opened(pool)
        found = open_source("mine", None, {})
        assert (type(found), found.source, found.infos) == (type(pool), "mine", pool.infos)
        assert found[0] is loaded


def test_a_letter_says_what_it_is_made_of() -> None:
    with pytest.raises(UsageError, match="^source 'mine', 'v-1': give ink or strokes"):
        Glyph(INFO, "mine")


def test_a_build_ends_in_the_same_sentence(opened: Opened, tmp_path: Path) -> None:
    infos = [GlyphInfo(f"{c}-{k}", c, "lower", None) for c in "ivx" for k in range(9)]  # type: ignore[arg-type]
    opened(GlyphPool("mine", infos, lambda k: Glyph(infos[k], "mine", INK / 255)))
    recipe = Recipe(mix=(Ingredient(source="mine"),), images=60)
    with pytest.raises(UsageError, match="^source 'mine', '.*is float64 of the shape"):
        build(recipe, tmp_path / "ds", workers=1)
    assert not (tmp_path / "ds").exists()
