"""Fonts that have the letters, lack them, or are no fonts."""

import shutil
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from datagen.core.errors import MissingInputError
from datagen.core.glyphs import GlyphPool
from datagen.sources import get_source

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
        assert "font DejaVuSansDisplay.ttf lacks the letter 'i'; passed over" in caplog.text
        for name in last_resort:
            assert f"font {name} draws the same picture for different letters" in caplog.text
        assert "font broken.otf cannot be read" in caplog.text
        assert "font empty.ttf cannot be read" in caplog.text


def test_a_copy_of_a_font_is_no_second_writer(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(FONTS / "DejaVuSans.ttf", folder / "more" / "copy.ttf")
    assert len(open_fonts(folder)) == 18
    assert "font more/copy.ttf draws i, v, x just as DejaVuSans.ttf does" in caplog.text


def test_fonts_of_one_name_stay_apart(folder: Path) -> None:
    shutil.copy(FONTS / "DejaVuSans-Bold.ttf", folder / "more" / "DejaVuSans.ttf")
    writers = {info.writer for info in open_fonts(folder).infos}
    assert {"DejaVuSans.ttf", "more/DejaVuSans.ttf"} < writers


def test_one_font_file_will_do(folder: Path) -> None:
    assert len(open_fonts(folder / "DejaVuSans.ttf")) == 6


def test_nothing_usable(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="needs a folder of TTF/OTF files"):
        open_fonts(None)
    with pytest.raises(MissingInputError, match=r"no \.ttf or \.otf file below"):
        open_fonts(tmp_path)
    (tmp_path / "a.ttf").write_text("no font")
    with pytest.raises(MissingInputError, match=r"none of the 1 fonts .* a\.ttf cannot be read"):
        open_fonts(tmp_path)


def test_the_system_fonts() -> None:
    if not SYSTEM.is_dir():
        pytest.skip(f"no fonts at {SYSTEM}")
    pool = open_fonts(SYSTEM)
    assert len(pool) == 6 * len({info.writer for info in pool.infos})
