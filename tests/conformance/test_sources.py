"""What every source promises, on made-up input: a new one is tested by being registered."""

import re
from pathlib import Path

import numpy as np
import pytest

from datagen.core.arrays import GrayImage
from datagen.core.errors import MissingInputError, RecipeError, UsageError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool, NumeralInfo, NumeralPool
from datagen.core.ink_boxes import FAINT
from datagen.core.numerals import CLASSES, LETTERS
from datagen.sources import Options, Source, all_sources, open_source
from tests.conformance.inputs import INPUTS, OPTIONS, input_of

EVERY = pytest.mark.parametrize("source", all_sources(), ids=lambda source: source.name)


@pytest.fixture
def pool(source: Source, tmp_path: Path) -> GlyphPool | NumeralPool:
    """The source, opened on its made-up input."""
    return open_source(source.name, input_of(source, tmp_path), OPTIONS.get(source.name, {}))


@EVERY
def test_it_says_what_it_is_and_what_it_may_be_used_for(source: Source) -> None:
    for text in (source.name, source.summary, source.licence, source.citation):
        assert text == text.strip() != ""
    assert re.fullmatch(r"[a-z][a-z0-9-]*", source.name)  # `NAME:PATH` and `NAME=RATIO` parse
    assert source.path_hint != ""


@EVERY
def test_without_a_path_it_opens_or_says_how_to_get_it(source: Source) -> None:
    assert source.default_path() is None
    refusal = None
    try:
        assert len(open_source(source.name, None, OPTIONS.get(source.name, {}))) > 0
    except MissingInputError as error:
        refusal = str(error)
    if refusal is not None:
        assert re.search(rf"datagen fetch {source.name}|--source {source.name}:PATH", refusal)
        assert "\n" not in refusal


@EVERY
def test_a_path_that_is_not_there_is_missing(source: Source, tmp_path: Path) -> None:
    expected = UsageError if source.path_hint is None else MissingInputError
    with pytest.raises(expected, match=str(tmp_path / "absent")):
        open_source(source.name, tmp_path / "absent", {})


@EVERY
def test_an_unknown_option_is_refused(source: Source) -> None:
    with pytest.raises(RecipeError, match=rf"source {source.name}: .*no_such_option"):
        open_source(source.name, None, {"no_such_option": 1})


@EVERY
def test_its_index_names_every_item_once(source: Source, pool: GlyphPool | NumeralPool) -> None:
    assert len(pool) == len(pool.infos) > 0
    assert pool.source == source.name
    ids = [info.id for info in pool.infos]
    assert "" not in ids
    assert len(set(ids)) == len(ids)
    if isinstance(pool, GlyphPool):
        assert all(_is_letter(info) for info in pool.infos)
    else:
        assert all(_is_numeral(info) for info in pool.infos)


def _is_letter(info: GlyphInfo) -> bool:
    return (
        info.letter in LETTERS
        and info.case in {"lower", "upper", "unknown"}
        and info.writer != ""
        and info.identity in {info.writer, info.id}
    )


def _is_numeral(info: NumeralInfo) -> bool:
    return info.numeral in CLASSES and info.identity != "" and info.weight > 0


@EVERY
def test_its_ink_keeps_the_contract(source: Source, pool: GlyphPool | NumeralPool) -> None:
    for info in pool.infos:
        item = pool.by_id(info.id)
        if isinstance(item, Glyph):
            assert item.info == info
            assert item.source == source.name
            _check_coverage(item) if item.ink is not None else _check_strokes(item)
        else:
            _check_image(item)


def _check_coverage(glyph: Glyph) -> None:
    """Coverage: full ink is 255, and the picture ends where the ink ends."""
    ink = glyph.ink
    assert ink is not None
    assert ink.dtype == np.uint8
    assert ink.ndim == 2
    assert ink.max() > 128
    assert all(edge.max() > FAINT for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))
    assert 0 <= glyph.body_top < len(ink)
    dotless = (glyph.info.letter, glyph.info.case) not in {("i", "lower"), ("i", "unknown")}
    assert glyph.body_top == 0 or not dotless


def _check_strokes(glyph: Glyph) -> None:
    """Pen paths in letter heights: the body from 0 to 1, a dot above it, x from 0."""
    assert glyph.strokes
    for path in glyph.strokes:
        assert path.dtype == np.float32
        assert path.shape[1:] == (2,)
        assert len(path) >= 2
        assert np.isfinite(path).all()
    every = np.concatenate(glyph.strokes)
    assert every[:, 0].min() == pytest.approx(0, abs=1e-4)
    assert every[:, 1].max() == pytest.approx(1, abs=1e-4)
    if (glyph.info.letter, glyph.info.case) != ("i", "lower"):
        assert every[:, 1].min() == pytest.approx(0, abs=1e-4)
    if glyph.pressure is not None:
        assert [p.shape for p in glyph.pressure] == [path[:, 0].shape for path in glyph.strokes]
        assert all((p > 0).all() for p in glyph.pressure)
    assert glyph.pen is None or glyph.pen > 0


def _check_image(image: GrayImage) -> None:
    """A picture: dark ink, 0, on white paper, 255, and more paper than ink."""
    assert image.dtype == np.uint8
    assert image.ndim == 2
    assert image.min() < 128 < np.median(image)


@EVERY
def test_opened_again_it_has_the_same_ink(source: Source, tmp_path: Path) -> None:
    path = input_of(source, tmp_path)
    first, again = (open_source(source.name, path, OPTIONS.get(source.name, {})) for _ in "12")
    assert again.infos == first.infos
    for k in range(len(first)):
        for one, other in zip(_arrays(first[k]), _arrays(again[k]), strict=True):
            assert np.array_equal(one, other)


def _arrays(item: Glyph | GrayImage) -> list[np.ndarray]:
    """Return all there is to a glyph or picture."""
    if not isinstance(item, Glyph):
        return [item]
    ink = [] if item.ink is None else [item.ink]
    numbers = np.array([item.body_top, -1 if item.pen is None else item.pen])
    return [*ink, *(item.strokes or ()), *(item.pressure or ()), numbers]


class _NewSource(Source):
    """A source that somebody has just written."""

    name = "new"
    path_hint = "a file"

    def open(self, path: Path | None, options: Options) -> GlyphPool:
        raise NotImplementedError(path, options)


def test_a_source_without_made_up_input_fails_and_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"source 'new' takes a path .*add a function"):
        input_of(_NewSource(), tmp_path)


def test_no_input_is_left_over() -> None:
    assert set(INPUTS) == {source.name for source in all_sources() if source.path_hint is not None}
