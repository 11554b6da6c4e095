"""Chars74K archives and folders."""

import io
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.glyphs import GlyphPool
from datagen.sources import get_source


def open_chars74k(path: Path | None) -> GlyphPool:
    source = get_source("chars74k")
    pool = source.open(path, source.options())
    assert isinstance(pool, GlyphPool)
    return pool


def png(left: int = 300, *, paper: int = 255) -> bytes:
    """Return a page with a dotted i of ink box 300×40 at `left`."""
    page = np.full((450, 600), paper, np.uint8)
    page[100:140, left : left + 40] = 0
    page[180:400, left : left + 40] = 0
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    return stream.getvalue()


def members(kind: str = "Hnd/Img") -> dict[str, bytes]:
    return {
        f"English/{kind}/Sample{sample:03d}/img{sample:03d}-{writer:03d}.png": png(100 + writer)
        for sample in (2, 19, 22, 32, 34, 45, 48, 58, 60)
        for writer in (1, 55)
    }


def write_tgz(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write_folder(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


SIX = {(letter, case): 2 for letter in "ivx" for case in ("lower", "upper")}


def test_archive_gives_letters_by_writer(tmp_path: Path) -> None:
    pool = open_chars74k(write_tgz(tmp_path / "EnglishHnd.tgz", members()))
    assert Counter((info.letter, info.case) for info in pool.infos) == SIX
    assert {info.writer for info in pool.infos} == {"001", "055"}
    assert pool.infos[0].id == "img019-001"
    small = next(glyph for glyph in pool if glyph.info.id == "img045-055")
    assert small.ink is not None
    assert small.ink.shape == (300, 40)
    assert small.ink.max() == 255
    assert small.body_top == 80
    assert pool[0].body_top == 0  # a capital has no dot


@pytest.mark.parametrize("below", ["", "English", "English/Hnd", "English/Hnd/Img"])
def test_unpacked_folder_at_any_depth(tmp_path: Path, below: str) -> None:
    pool = open_chars74k(write_folder(tmp_path / "data", members()) / below)
    assert Counter((info.letter, info.case) for info in pool.infos) == SIX


def test_fonts_work_the_same_way(tmp_path: Path) -> None:
    files = {name.replace("-0", "-000"): data for name, data in members("Fnt").items()}
    pool = open_chars74k(write_tgz(tmp_path / "EnglishFnt.tgz", files))
    assert Counter((info.letter, info.case) for info in pool.infos) == SIX
    assert {info.writer for info in pool.infos} == {"00001", "00055"}


def test_hands_win_where_a_folder_holds_both(tmp_path: Path) -> None:
    scenes = {name.replace("Fnt", "Img/GoodImg/Bmp"): data for name, data in members("Fnt").items()}
    root = write_folder(tmp_path / "data", {**members(), **members("Fnt"), **scenes})
    assert Counter((i.letter, i.case) for i in open_chars74k(root).infos) == SIX


def test_faint_paper_is_not_ink(tmp_path: Path) -> None:
    files = {name: png(paper=240) for name in members()}
    glyph = open_chars74k(write_tgz(tmp_path / "a.tgz", files))[0]
    assert glyph.ink is not None
    assert glyph.ink.shape == (300, 40)
    assert set(np.unique(glyph.ink)) == {0, 255}


def test_blank_page_is_passed_over_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = io.BytesIO()
    Image.new("L", (60, 40), 255).save(stream, "PNG")
    files = members() | {"English/Hnd/Img/Sample019/img019-001.png": stream.getvalue()}
    pool = open_chars74k(write_tgz(tmp_path / "a.tgz", files))
    assert len(pool) == 11
    assert "1 blank images passed over, the first English/Hnd/Img/Sample019" in caplog.text


def test_damaged_image_is_named(tmp_path: Path) -> None:
    files = members()
    name = next(name for name in files if "Sample034" in name)
    files[name] = files[name][:200]
    with pytest.raises(CorruptInputError, match=name):
        open_chars74k(write_tgz(tmp_path / "a.tgz", files))


def test_missing_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"datagen fetch chars74k.*--source chars74k:PATH"):
        open_chars74k(None)
    with pytest.raises(MissingInputError, match="no letters i, v, x"):
        open_chars74k(write_tgz(tmp_path / "a.tgz", {"English/readme.txt": b"hello"}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match="at any depth"):
        open_chars74k(tmp_path / "empty")


def test_truncated_and_hostile_archives(tmp_path: Path) -> None:
    path = write_tgz(tmp_path / "a.tgz", members())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CorruptInputError, match="truncated"):
        open_chars74k(path)
    hostile = {**members(), "../../evil.png": b"x"}
    with pytest.raises(CorruptInputError, match=r"\.\./\.\./evil\.png"):
        open_chars74k(write_tgz(tmp_path / "b.tgz", hostile))


@pytest.mark.slow
def test_the_shared_archive_matches_its_readme(shared_data: Path) -> None:
    pool = open_chars74k(shared_data / "chars74k" / "EnglishHnd.tgz")
    assert len(pool) == 330
    assert len({info.writer for info in pool.infos}) == 55
