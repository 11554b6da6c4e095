"""Fonts that have the letters, lack them, or are no fonts."""

import contextlib
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.tables.DefaultTable import DefaultTable

from datagen.core.errors import MissingInputError
from datagen.core.glyphs import GlyphPool
from datagen.sources import get_source
from datagen.sources.font_letters import _meaning

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"  # that package's own, so always there
SYSTEM = Path("/usr/share/fonts/truetype/dejavu")


def open_fonts(path: Path | None) -> GlyphPool:
    source = get_source("fonts")
    pool = source.open(path, source.options())
    assert isinstance(pool, GlyphPool)
    return pool


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of three fonts, one of them further down."""
    path = tmp_path / "fonts"
    (path / "more").mkdir(parents=True)
    for name in ("DejaVuSans.ttf", "DejaVuSerif-Italic.ttf"):
        shutil.copy(FONTS / name, path)
    shutil.copy(FONTS / "DejaVuSansMono.ttf", path / "more" / "Mono.TTF")
    return path


def test_each_font_is_a_writer_of_six_letters(folder: Path) -> None:
    pool = open_fonts(folder)
    assert {info.writer for info in pool.infos} == {"DejaVuSans", "DejaVuSerif-Italic", "Mono"}
    assert set(Counter((info.letter, info.case) for info in pool.infos).values()) == {3}
    assert len({info.id for info in pool.infos}) == 18
    for glyph in pool:
        assert glyph.ink is not None
        assert 80 < glyph.ink.shape[0] < 200
        assert glyph.ink.max() == 255
        assert glyph.ink[0].any()
        assert glyph.ink[:, -1].any()
        dotted = (glyph.info.letter, glyph.info.case) == ("i", "lower")
        assert (glyph.body_top > 0) == dotted


def test_letters_are_whole_and_upright(folder: Path) -> None:
    """An upright sans v is mirror-symmetric and wide at the top; its box must not clip it."""
    pool = open_fonts(folder)
    v = next(g.ink for g in pool if g.info.id == "DejaVuSans:v")
    assert v is not None
    assert abs(v.astype(int) - v[:, ::-1]).mean() < 8
    widths = (v > 128).any(axis=0).sum(), (v[-3] > 128).sum(), (v[3] > 128).sum()
    assert widths[0] > 2 * widths[1]
    left, right = np.flatnonzero(v[2] > 128)[[0, -1]]
    assert right - left > 0.8 * v.shape[1]


def test_font_that_lacks_a_letter_is_named_each_time(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(FONTS / "DejaVuSansDisplay.ttf", folder)
    # one picture for every character; matplotlib has it from 3.11 on
    last_resort = [Path(shutil.copy(path, folder)).name for path in FONTS.glob("LastResort*")]
    (folder / "broken.otf").write_bytes(b"not a font")
    (folder / "empty.ttf").write_bytes(b"")
    for _ in range(2):  # drawn, then from the cache
        caplog.clear()
        assert len(open_fonts(folder)) == 18
        (line,) = caplog.messages
        assert line.startswith(
            f"fonts: {3 + len(last_resort)} of {6 + len(last_resort)} fonts pass"
        )
        assert "DejaVuSansDisplay.ttf lacks the letter 'i'" in line
        for name in last_resort:
            assert f"{name} draws the same picture for different letters" in line
        assert "broken.otf cannot be read" in line
        assert "empty.ttf cannot be read" in line


def test_a_copy_of_a_font_is_no_second_writer(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(FONTS / "DejaVuSans.ttf", folder / "more" / "copy.ttf")
    assert len(open_fonts(folder)) == 18
    assert (
        "1 of 4 fonts passed over: more/copy.ttf draws i, v, x just as DejaVuSans.ttf does"
        in caplog.text
    )


def test_fonts_of_one_name_stay_apart(folder: Path) -> None:
    shutil.copy(FONTS / "DejaVuSans-Bold.ttf", folder / "more" / "DejaVuSans.ttf")
    writers = {info.writer for info in open_fonts(folder).infos}
    assert {"DejaVuSans.ttf", "more/DejaVuSans.ttf"} < writers


def test_one_font_file_will_do(folder: Path) -> None:
    assert len(open_fonts(folder / "DejaVuSans.ttf")) == 6


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Return a file of two fonts, in a folder of its own."""
    both = TTCollection()
    both.fonts = [TTFont(FONTS / name) for name in ("DejaVuSans.ttf", "DejaVuSansMono.ttf")]
    path = tmp_path / "collections" / "two.ttc"
    path.parent.mkdir()
    both.save(path)
    return path


def test_a_collection_is_as_many_writers_as_it_has_fonts(
    collection: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (collection, collection.parent):
        pool = open_fonts(path)
        assert {info.writer for info in pool.infos} == {"two#1", "two#2"}
        assert len(pool) == 12
    assert not caplog.messages
    shutil.copy(collection, folder / "named.ttf")  # its header counts, not its name
    assert len(open_fonts(folder)) == 18
    (line,) = caplog.messages
    assert line.startswith("fonts: 2 of 5 fonts passed over: ")
    assert "named.ttf#1 draws i, v, x just as DejaVuSans.ttf does" in line
    assert "named.ttf#2 draws i, v, x just as Mono.TTF does" in line


@pytest.mark.parametrize("number", [0, 2**32 - 1, 200])
def test_a_collection_with_a_wrong_number_of_fonts_is_no_trouble(
    collection: Path, number: int
) -> None:
    data = bytearray(collection.read_bytes())
    data[8:12] = number.to_bytes(4, "big")
    collection.write_bytes(data)
    with contextlib.suppress(MissingInputError):
        assert len(open_fonts(collection)) in (6, 12)


def test_fonttools_says_nothing_by_itself(
    folder: Path, datagen: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    with TTFont(FONTS / "DejaVuSans-Bold.ttf") as font:
        cut = DefaultTable("post")
        cut.data = font.reader["post"][:-100]
        font["post"] = cut
        font.save(folder / "cut.ttf")
    done = datagen("sources", f"fonts:{folder}")  # a process: here pytest hears all warnings
    assert (done.returncode, done.stderr) == (0, "")
    assert "24 by 4 writers" in " ".join(done.stdout.split())  # a long path wraps the line


def test_nothing_usable(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="needs a folder of TTF/OTF files"):
        open_fonts(None)
    with pytest.raises(MissingInputError, match=r"no \.ttf, \.otf, \.ttc or \.otc file below"):
        open_fonts(tmp_path)
    with pytest.raises(MissingInputError, match=r"no file or folder .*nope; expected a folder of"):
        open_fonts(tmp_path / "nope")
    (tmp_path / "a.ttf").write_text("no font")
    with pytest.raises(MissingInputError, match=r"none of the 1 font .* a\.ttf cannot be read"):
        open_fonts(tmp_path)


def test_the_system_fonts() -> None:
    if not SYSTEM.is_dir():
        pytest.skip(f"no fonts at {SYSTEM}")
    pool = open_fonts(SYSTEM)
    assert len(pool) == 6 * len({info.writer for info in pool.infos})


def relabelled(source: Path, target: Path, pictures: dict[str, str], *, names: bool = True) -> None:
    """Write a font whose letters (keys) show the glyphs of other characters (values).

    With `names` the glyphs keep their own, else they have those of the letters they stand for.
    """
    font = TTFont(source)
    order = font.getBestCmap()
    if names:
        for table in font["cmap"].tables:
            table.cmap = {ord(letter): order[ord(shown)] for letter, shown in pictures.items()}
    else:
        taken = {letter: order[ord(shown)] for letter, shown in pictures.items()}
        outlines, widths = font.getGlyphSet(), dict(font["hmtx"].metrics)
        whole = {letter: DecomposingRecordingPen(outlines) for letter in taken}
        for letter, pen in whole.items():
            outlines[taken[letter]].draw(pen)
        for letter, pen in whole.items():
            glyph = TTGlyphPen(None)
            pen.replay(glyph)
            font["glyf"][order[ord(letter)]] = glyph.glyph()
            font["hmtx"][order[ord(letter)]] = widths[taken[letter]]
    font.save(target)


SYMBOLS = dict(zip("ivxIVX", "✂✈✉✌✎✔", strict=True))
GREEK = dict(zip("ivxIVX", "ιωξΙΩΞ", strict=True))
LATIN = {letter: letter for letter in "ivxIVX"}


@pytest.mark.parametrize(
    ("pictures", "names", "said"),
    [
        (SYMBOLS, True, r"has symbols in the places of letters \(its 'i' is called "),
        (SYMBOLS, False, "has pictures in the places of letters"),
        (GREEK, True, r"has symbols in the places of letters \(its 'i' is called iota\)"),
        (GREEK, False, "has pictures in the places of letters"),
        ({**LATIN, "x": "z"}, True, r".*its 'x' is called z"),
        ({**LATIN, "v": " "}, False, "lacks the letter 'v'"),
        ({**LATIN, "x": "i"}, False, "draws the same picture for different letters"),
        ({**LATIN, "X": "I"}, False, "draws the same picture for different letters"),
        (dict.fromkeys("abcде", "a"), True, "lacks the letter 'i'"),
    ],
)
def test_symbols_in_the_places_of_letters_are_no_letters(
    folder: Path,
    tmp_path: Path,
    pictures: dict[str, str],
    names: bool,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    relabelled(FONTS / "DejaVuSans.ttf", folder / "odd.ttf", pictures, names=names)
    assert len(open_fonts(folder)) == 18
    assert re.search(f"fonts: 1 of 4 fonts passed over: odd.ttf {said}", caplog.text)
    with pytest.raises(MissingInputError, match=f"none of the 1 font.*odd.ttf {said}"):
        open_fonts(folder / "odd.ttf")
    assert tmp_path in folder.parents


def test_small_capitals_and_fonts_without_names_are_letters(folder: Path) -> None:
    capitals = dict(zip("ivxIVX", "ɪᴠxIVX", strict=True))  # small capitals, but x
    relabelled(FONTS / "DejaVuSans.ttf", folder / "small.ttf", capitals, names=False)
    font = TTFont(FONTS / "DejaVuSans-Bold.ttf")
    font["post"].formatType = 3.0  # it holds no names
    font.save(folder / "nameless.ttf")
    writers = {info.writer for info in open_fonts(folder).infos}
    assert {"small", "nameless"} < writers


def test_a_symbol_character_map_is_no_alphabet(folder: Path) -> None:
    font = TTFont(FONTS / "DejaVuSans-Bold.ttf")
    (table, *_) = [table for table in font["cmap"].tables if table.isUnicode()]
    table.platformID, table.platEncID = 3, 0
    table.cmap = {0xF000 + code: name for code, name in table.cmap.items() if code < 256}
    font["cmap"].tables = [table]
    font.save(folder / "wing.ttf")
    with pytest.raises(MissingInputError, match=r"wing\.ttf is a font of symbols"):
        open_fonts(folder / "wing.ttf")


def test_every_latin_font_here_is_letters() -> None:
    """Fonts of symbols among them are matplotlib's: one per character, and mathematical ones."""
    passed = {"cmex10.ttf", "cmsy10.ttf"}
    for name in ("cmr10.ttf", "cmti10.ttf", "cmtt10.ttf", "STIXGeneralBolIta.ttf", *passed):
        if name in passed:
            with pytest.raises(MissingInputError, match="in the places of letters"):
                open_fonts(FONTS / name)
        else:
            assert len(open_fonts(FONTS / name)) == 6


def test_a_glyphs_name_stands_for_a_character() -> None:
    known = {"x": "x", "uni0078": "x", "x.alt": "x", "Xsmall": "X", "xi": "ξ", "a82": "❘"}
    assert {name: _meaning(name) for name in known} == known
    for name in ("glyph82", "cid00082", ".notdef", "small", "lastresortlatin"):
        assert _meaning(name) is None
