"""The cache of letters."""

import io
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError
from datagen.core.glyphs import Glyph, GlyphInfo
from datagen.files.atomic import staged_file
from datagen.files.cache_dir import cache_folder, read_cached
from datagen.sources import glyph_cache as cache
from datagen.sources.glyph_cache import Note, cached_pool
from datagen.sources.registry import Options


class Choice(Options):
    """Options of a source that does not exist."""

    split: str = "a"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def glyph(k: int, shape: tuple[int, int] = (3, 2), writer: str | None = None) -> Glyph:
    info = GlyphInfo(f"g-{k}", "v", "upper", writer)
    ink = np.arange(k, k + shape[0] * shape[1], dtype=np.uint8).reshape(shape)
    return Glyph(info, "toy", ink=ink, body_top=k % 2)


class Extractor:
    """Yields glyphs and counts how often it was asked."""

    def __init__(self, *glyphs: Glyph) -> None:
        self.glyphs = glyphs
        self.calls = 0

    def __call__(self, note: Note) -> Iterator[Glyph]:
        self.calls += 1
        note("one font passed over")
        yield from self.glyphs


def source_file(tmp_path: Path, data: bytes = b"letters") -> Path:
    path = tmp_path / "letters.bin"
    path.write_bytes(data)
    return path


def test_folder_is_named_by_the_environment_else_by_the_system(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == folder
    monkeypatch.delenv("DATAGEN_CACHE")
    assert cache_folder().name == "roman-datagen"


def test_second_opening_gives_the_same_without_extracting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    extract = Extractor(glyph(0), glyph(1, (1, 5), "ann"), glyph(2, (4, 1)))
    path = source_file(tmp_path)
    for _ in range(2):
        caplog.clear()
        pool = cached_pool("toy", 1, Choice(), [path], extract)
        assert pool.infos == tuple(g.info for g in extract.glyphs)
        for got, made in zip(pool, extract.glyphs, strict=True):
            assert got.ink is not None
            assert made.ink is not None
            np.testing.assert_array_equal(got.ink, made.ink)
            assert (got.body_top, got.source) == (made.body_top, "toy")
        assert "toy: one font passed over" in caplog.text
    assert extract.calls == 1


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([None, "ann", "é 1"])),
        max_size=6,
    )
)
def test_any_glyphs_survive(shapes: list[tuple[int, int, str | None]]) -> None:
    glyphs = [glyph(k, (h, w), writer) for k, (h, w, writer) in enumerate(shapes)]
    name = "h" + "".join(f"{h}{w}{ord((writer or '-')[0])}" for h, w, writer in shapes)
    for _ in range(2):
        pool = cached_pool(name, 1, Choice(), [], Extractor(*glyphs))
        assert pool.infos == tuple(g.info for g in glyphs)
        assert [g.ink.tolist() for g in pool if g.ink is not None] == [
            g.ink.tolist() for g in glyphs if g.ink is not None
        ]


def test_any_change_of_input_extracts_again(tmp_path: Path) -> None:
    extract = Extractor(glyph(0))
    path = source_file(tmp_path)
    cached_pool("toy", 1, Choice(), [path], extract)
    os.utime(path, ns=(1, 1))
    cached_pool("toy", 1, Choice(), [path], extract)
    path.write_bytes(b"more letters")
    os.utime(path, ns=(1, 1))
    cached_pool("toy", 1, Choice(), [path], extract)
    cached_pool("toy", 2, Choice(), [path], extract)
    cached_pool("toy", 2, Choice(split="b"), [path], extract)
    assert extract.calls == 5


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda _: b"", lambda _: b"PK no"])
def test_corrupt_cache_is_set_aside_and_made_anew(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture, damage
) -> None:
    extract = Extractor(glyph(0), glyph(1))
    path = source_file(tmp_path)
    cached_pool("toy", 1, Choice(), [path], extract)
    (cached,) = folder.rglob("*.npz")
    cached.write_bytes(damage(cached.read_bytes()))
    assert len(cached_pool("toy", 1, Choice(), [path], extract)) == 2
    assert extract.calls == 2
    assert "cannot be read" in caplog.text
    assert cached.with_name(cached.name + ".corrupt").is_file()
    cached_pool("toy", 1, Choice(), [path], extract)
    assert extract.calls == 2


def test_a_flipped_bit_of_ink_is_noticed(tmp_path: Path, folder: Path) -> None:
    extract = Extractor(glyph(0, (40, 40)))
    path = source_file(tmp_path)
    cached_pool("toy", 1, Choice(), [path], extract)
    (cached,) = folder.rglob("*.npz")
    data = bytearray(cached.read_bytes())
    data[data.index(bytes(range(100, 120)))] ^= 1
    cached.write_bytes(data)
    pool = cached_pool("toy", 1, Choice(), [path], extract)
    assert extract.calls == 2
    np.testing.assert_array_equal(pool[0].ink, extract.glyphs[0].ink)


def test_failed_extraction_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    def extract(_: Note) -> Iterator[Glyph]:
        yield glyph(0)
        raise CorruptInputError("half a file")

    with pytest.raises(CorruptInputError, match="half a file"):
        cached_pool("toy", 1, Choice(), [source_file(tmp_path)], extract)
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_unwritable_cache_is_told_and_lived_with(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        pool = cached_pool("toy", 1, Choice(), [source_file(tmp_path)], Extractor(glyph(0)))
    assert len(pool) == 1
    assert "could not cache" in caplog.text


def test_staged_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.txt"

    def interrupted() -> None:
        with staged_file(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(target.parent.iterdir()) == []
    with staged_file(target) as temporary:
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) & 0o044 == 0o044 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_bundle_with_flipped_bits_is_set_aside_whatever_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.arange(3) for name in ("ids", "letters", "ink")})
    sound = buffer.getvalue()
    rng = np.random.default_rng(0)
    for _ in range(600):
        damaged = bytearray(sound)
        for place in rng.integers(len(sound), size=2):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        assert read_cached(path, cache._read, cache._UNREADABLE) is None


def test_a_cache_that_is_a_file_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "file"))
    assert len(cached_pool("any", 1, Options(), [], lambda _: iter(()))) == 0
    assert len(caplog.records) == 1
    assert "could not cache" in caplog.text
