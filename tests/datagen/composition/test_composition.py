"""Numerals from glyphs: casting, drawing parameters, rendering them."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from datagen.composition import (
    ComposeOptions,
    Composition,
    glyph_ids,
    render,
    render_judged,
    sample,
)
from datagen.composition.classic import ClassicChars74kOptions, ClassicEmnistOptions
from datagen.composition.handwritten import render as by_hand
from datagen.composition.handwritten.parameters import Hand, HandOptions
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.numerals import CLASSES, CaseStyle
from datagen.planning.writer_index import WriterIndex
from datagen.sources import open_source

WIDE = HandOptions(ranges="wide")
METHODS = (HandOptions(), WIDE, ClassicEmnistOptions(), ClassicChars74kOptions())
adapter: TypeAdapter[Composition] = TypeAdapter(Composition)


@pytest.fixture(scope="module")
def pool() -> GlyphPool:
    opened = open_source("pen", None, {"writers": 6})
    assert isinstance(opened, GlyphPool)
    return opened


def draw(
    pool: GlyphPool, numeral: str, style: CaseStyle, options: ComposeOptions, seed: int
) -> tuple[Composition, list[Glyph]]:
    rng = np.random.default_rng(seed)
    chosen = WriterIndex(pool.infos, range(len(pool))).choose(numeral, style, rng)
    drawn = sample([pool.infos[k] for k in chosen], numeral, style, options, rng)
    return drawn, [pool[k] for k in chosen]


@pytest.mark.parametrize("options", METHODS, ids=["hand", "wide", "emnist", "chars74k"])
@pytest.mark.parametrize("numeral", CLASSES)
def test_an_image_can_be_made_again_from_its_record(
    pool: GlyphPool, options: ComposeOptions, numeral: str
) -> None:
    drawn, glyphs = draw(pool, numeral, "upper", options, 7)
    image = render(drawn, glyphs)
    read_back = adapter.validate_json(adapter.dump_json(drawn))
    assert read_back == drawn
    again = render(read_back, [pool.by_id(name) for name in glyph_ids(read_back)])
    np.testing.assert_array_equal(image, again)
    assert image.dtype == np.uint8
    assert image.min() < 128 < image.max()


@settings(max_examples=60)
@example(numeral="vi", style="lower", seed=1092)  # a pen that swells at the sheet's edge
@given(
    numeral=st.sampled_from(CLASSES),
    style=st.sampled_from(["lower", "upper"]),
    seed=st.integers(0, 10_000),
)
def test_no_ink_is_cut_off_at_the_sheets_edge(numeral: str, style: CaseStyle, seed: int) -> None:
    opened = open_source("pen", None, {"writers": 6})
    assert isinstance(opened, GlyphPool)
    drawn, glyphs = draw(opened, numeral, style, HandOptions(), seed)
    assert isinstance(drawn, Hand)
    image = render(drawn, glyphs)
    assert image.shape == drawn.sheet[::-1]
    assert set(np.unique(image)) <= {0, 64, 255}
    assert (image < 255).mean() > 0.002  # something is written
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert edge.min() == 255


@given(
    numeral=st.sampled_from(CLASSES), seed=st.integers(0, 10_000), blur=st.sampled_from([1, 3, 5])
)
@settings(max_examples=60)
def test_blurring_the_inked_part_alone_blurs_the_sheet(
    pool: GlyphPool, numeral: str, seed: int, blur: int
) -> None:
    drawn, glyphs = draw(pool, numeral, "upper", WIDE, seed)  # some ink leaves the sheet
    assert isinstance(drawn, Hand)
    hand = replace(drawn, blur=blur, scan=False)
    with pytest.MonkeyPatch.context() as patch:
        everything = slice(0, hand.sheet[1]), slice(0, hand.sheet[0])
        patch.setattr(by_hand, "_ink_box", lambda *_: everything)
        whole = render(hand, glyphs)
    np.testing.assert_array_equal(render(hand, glyphs), whole)


@given(numeral=st.sampled_from(CLASSES), seed=st.integers(0, 10_000))
@settings(max_examples=60)
def test_strokes_are_drawn_together_as_one_by_one(pool: GlyphPool, numeral: str, seed: int) -> None:
    drawn, glyphs = draw(pool, numeral, "lower", HandOptions(bars_lower=1), seed)
    assert isinstance(drawn, Hand)
    together = render(drawn, glyphs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            by_hand, "groupby", lambda lines, key: [(key(line), [line]) for line in lines]
        )
        one_by_one = render(drawn, glyphs)
    np.testing.assert_array_equal(together, one_by_one)


@pytest.mark.parametrize("case", ["lower", "upper"])
def test_raster_letters_keep_a_legible_line(case: CaseStyle) -> None:
    """Thin ink, in a numeral much smaller than its sheet, must not vanish under the scan."""
    infos = [GlyphInfo(f"{letter}{k}", letter, case, "w") for letter in "ivx" for k in range(4)]  # type: ignore[arg-type]
    ink = np.zeros((20, 5), np.uint8)
    ink[:, 2] = 200  # a faint line one pixel wide
    pool = GlyphPool("thin", infos, lambda k: Glyph(infos[k], "thin", ink=ink))
    for seed in range(30):
        drawn, glyphs = draw(pool, "iii", case, HandOptions(bars=0, bars_lower=0), seed)
        image = render(drawn, glyphs)
        columns = (image < 128).any(axis=0).astype(int)
        strokes = int((np.diff(columns, prepend=0) == 1).sum())
        assert strokes == 3


@given(numeral=st.sampled_from(CLASSES), seed=st.integers(0, 10_000), factor=st.floats(0.3, 2))
@settings(max_examples=40)
@pytest.mark.parametrize("ranges", ["fitted", "wide"])
def test_a_width_changes_letters_and_gaps_of_several_letters_only(
    pool: GlyphPool, ranges: Literal["fitted", "wide"], numeral: str, seed: int, factor: float
) -> None:
    options = HandOptions(ranges=ranges)
    usual, _ = draw(pool, numeral, "upper", options, seed)
    drawn, _ = draw(
        pool, numeral, "upper", options.model_copy(update={"width": (factor, factor)}), seed
    )
    assert isinstance(usual, Hand)
    assert isinstance(drawn, Hand)
    assert replace(drawn, letters=usual.letters) == usual
    if len(usual.letters) == 1:
        assert drawn == usual
        return
    for narrow, letter in zip(drawn.letters, usual.letters, strict=True):
        assert narrow.stretch == pytest.approx(letter.stretch * factor)
        assert narrow.gap == pytest.approx(max(letter.gap * factor, min(letter.gap, 0.05)))
        assert replace(narrow, stretch=letter.stretch, gap=letter.gap) == letter


def test_a_narrow_numeral_is_narrower_on_its_sheet(pool: GlyphPool) -> None:
    def breadth(options: HandOptions, seed: int) -> float:
        ink = render(*draw(pool, "viii", "upper", options, seed)) < 128
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        return float(np.ptp(columns) / np.ptp(rows))

    narrow = [breadth(HandOptions(bars=0, width=(0.5, 0.6)), seed) for seed in range(20)]
    usual = [breadth(HandOptions(bars=0), seed) for seed in range(20)]
    assert np.median(narrow) < 0.75 * np.median(usual)


@pytest.mark.parametrize("width", [(0.9, 0.5), (0.1, 1), (1, 3)])
def test_a_width_out_of_range_is_refused(width: tuple[float, float]) -> None:
    with pytest.raises(ValidationError):
        HandOptions(width=width)


def test_a_numeral_is_by_one_writer(pool: GlyphPool) -> None:
    writer_index = WriterIndex(pool.infos, range(len(pool)))
    rng = np.random.default_rng(0)
    for _ in range(50):
        chosen = writer_index.choose("viii", "lower", rng)
        assert len({pool.infos[k].writer for k in chosen}) == 1
        assert len(set(chosen)) == 4  # four letters, three different i's


def test_a_writer_repeats_a_letter_only_where_it_must() -> None:
    infos = [GlyphInfo(f"{letter}", letter, "upper", "w") for letter in ("i", "v", "x")]
    chosen = WriterIndex(infos, range(3)).choose("viii", "upper", np.random.default_rng(0))
    assert [infos[k].letter for k in chosen] == ["v", "i", "i", "i"]


def test_a_writer_index_knows_what_can_be_written() -> None:
    infos = [
        GlyphInfo("a", "i", "lower", "one"),
        GlyphInfo("b", "v", "lower", "other"),
        GlyphInfo("c", "x", "upper", "one"),
    ]
    writer_index = WriterIndex(infos, range(3))
    assert writer_index.styles["iii"] == ("lower",)
    assert writer_index.styles["iv"] == ()  # i and v, but by two people
    assert writer_index.styles["ix"] == ("mixed",)
    with pytest.raises(ValueError, match="no writer has every letter of 'iv'"):
        writer_index.choose("iv", "lower", np.random.default_rng(0))


def test_render_refuses_other_glyphs(pool: GlyphPool) -> None:
    drawn, glyphs = draw(pool, "iv", "upper", HandOptions(), 1)
    with pytest.raises(ValueError, match="not those named by hand.letters"):
        render(drawn, glyphs[::-1])


def test_bars_come_as_often_as_asked(pool: GlyphPool) -> None:
    for share in (0.0, 0.5, 1.0):
        options = HandOptions(bars=share)
        barred = [
            bool(drawn.bars)
            for seed in range(200)
            if isinstance(drawn := draw(pool, "ii", "upper", options, seed)[0], Hand)
        ]
        assert abs(np.mean(barred) - share) < 0.12


def test_classic_emnist_moves_and_widens_as_published(pool: GlyphPool) -> None:
    shifts = {"ii": (0, 8), "iii": (0, 8, -8), "iv": (-7, 7), "viii": (-7, 7, 14, 21)}
    for numeral, expected in shifts.items():
        drawn, glyphs = draw(pool, numeral, "upper", ClassicEmnistOptions(), 3)
        assert drawn.method == "classic-emnist"
        assert drawn.shifts == expected
        assert 175 <= drawn.threshold <= 200
        assert max(drawn.gaussian, drawn.uniform) <= 0.1
        assert render(drawn, glyphs).shape == (28, {"viii": 36}.get(numeral, 28))
    drawn, glyphs = draw(pool, "vii", "upper", ClassicEmnistOptions(), 3)
    assert render(drawn, glyphs).shape == (28, 32)


def test_classic_chars74k_ends_at_32(pool: GlyphPool) -> None:
    drawn, glyphs = draw(pool, "viii", "upper", ClassicChars74kOptions(), 3)
    assert render(drawn, glyphs).shape == (32, 32)


def test_wide_hands_have_extremes_as_often_as_the_middle(pool: GlyphPool) -> None:
    drawn = [draw(pool, "iv", "upper", WIDE, seed)[0] for seed in range(600)]
    hands = [hand for hand in drawn if isinstance(hand, Hand)]
    for values in (
        [hand.rotation for hand in hands],
        [np.log(hand.pen) for hand in hands],
        [hand.at[0] for hand in hands],
        [np.log(hand.sheet[0] / hand.sheet[1]) for hand in hands],
        [hand.darkness for hand in hands],
    ):
        assert np.histogram(values, bins=4)[0].min() > 110  # of 150
    fills = [hand.fill for hand in hands]
    assert np.histogram(fills, bins=4, range=(0.3, 1.08))[0].min() > 60
    assert min(fills) < 0.3
    bars = [bar for hand in hands for bar in hand.bars]
    assert min(bar.offset for bar in bars) < -0.1  # crosses the letters
    assert max(bar.right for bar in bars) > 0.5  # overshoots
    assert any(bar.last == 0 for bar in bars)  # spans a part only


def test_wide_hands_touch_and_leave_the_sheet_and_scans_keep_their_ink(pool: GlyphPool) -> None:
    leaving = 0
    for seed in range(60):
        drawn, glyphs = draw(pool, "vi", "upper", WIDE, seed)
        image = render(drawn, glyphs)
        assert set(np.unique(image)) <= {0, 64, 255}
        assert image.min() < 255
        leaving += min(e.min() for e in (image[0], image[-1], image[:, 0], image[:, -1])) < 255
    assert 3 < leaving < 30


def test_wide_has_defaults_of_its_own_that_a_recipe_states() -> None:
    own = WIDE.model_dump(exclude_none=True)
    assert own["fill"] == (0.18, 1.08)
    assert HandOptions.model_validate(own) == WIDE
    assert HandOptions(ranges="wide", fill=(0.5, 0.6)).fill == (0.5, 0.6)
    back = HandOptions.model_validate({**WIDE.model_dump(exclude_unset=True), "ranges": "fitted"})
    assert back.fill == HandOptions().fill
    assert "ranges" not in HandOptions().model_dump(exclude_none=True)


@pytest.mark.parametrize("numeral", CLASSES)
def test_a_large_numeral_can_be_read_and_a_tiny_one_cannot(pool: GlyphPool, numeral: str) -> None:
    large, tiny = [], []
    for seed in range(12):
        options = HandOptions(bars=0, spacing=(0.4, 0.5))
        drawn, glyphs = draw(pool, numeral, "upper", options, seed)
        assert isinstance(drawn, Hand)
        clear = replace(drawn, fill=0.95, pen=0.05, darkness=255, blur=3)
        image, legibility = render_judged(clear, glyphs)
        np.testing.assert_array_equal(image, render(clear, glyphs))
        assert legibility is not None
        large.append(legibility)
        tiny.append(render_judged(replace(clear, fill=0.08), glyphs)[1])
    assert np.median(large) >= 0.6
    assert max(0 if each is None else each for each in tiny) < 0.5


def test_stems_without_paper_between_them_cannot_be_read(pool: GlyphPool) -> None:
    drawn, glyphs = draw(pool, "iii", "upper", HandOptions(bars=0), 1)
    assert isinstance(drawn, Hand)
    stem = np.array([(0, 0), (0, 0.5), (0, 1)], np.float32)
    stems = [Glyph(glyph.info, "stem", strokes=(stem,), pen=0.1) for glyph in glyphs]
    judged = {}
    for gap in (-0.02, 0.3):
        letters = tuple(replace(pose, gap=gap, slant=0.0) for pose in drawn.letters)
        hand = replace(drawn, letters=letters, fill=0.8, rotation=0.0, pen=0.06)
        judged[gap] = render_judged(hand, stems)[1]
    assert judged == {-0.02: 0.0, 0.3: 1.0}


def test_letters_of_ink_and_classic_methods_are_not_judged_by_strokes(pool: GlyphPool) -> None:
    drawn, glyphs = draw(pool, "iv", "upper", ClassicEmnistOptions(), 3)
    assert render_judged(drawn, glyphs)[1] is None
