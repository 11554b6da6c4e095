"""EMNIST files as published, and as damaged."""

import gzip
import struct
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.glyphs import GlyphPool
from datagen.sources import get_source
from datagen.sources.emnist import read_characters

Write = Callable[..., Path]


def idx(array: np.ndarray, *, magic: int | None = None, count: int | None = None) -> bytes:
    """Return `array` as an idx-ubyte file; `magic` and `count` lie about it."""
    magic = 0x800 | array.ndim if magic is None else magic
    lengths = (array.shape[0] if count is None else count, *array.shape[1:])
    return struct.pack(f">{1 + array.ndim}I", magic, *lengths) + array.tobytes()


def letter_image(char: str) -> np.ndarray:
    """Return a 28×28 drawing, white on black and upright, unlike its mirror images."""
    image = np.zeros((28, 28), np.uint8)
    if char == "i":
        image[3:6, 10:13] = 255  # the dot
        image[10:26, 10:13] = 255
        image[23:26, 10:18] = 255  # a tail to the right
    elif char != " ":
        image[4:24, 6:9] = 255  # an L: taller than wide
        image[21:24, 6:20] = ord(char)
    return image


@pytest.fixture
def emnist_folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of EMNIST files: `split`, characters per part, gzipped or not."""

    def write(
        split: str = "byclass",
        train: str = "0IVXivxb",
        test: str = "ix",
        *,
        zipped: bool = True,
        mapping: bool = True,
    ) -> Path:
        folder = tmp_path / "emnist"
        folder.mkdir(exist_ok=True)
        table = {
            "byclass": [chr(c) for c in (*range(48, 58), *range(65, 91), *range(97, 123))],
            "letters": ["", *(chr(c) for c in range(65, 91))],
        }.get(split, [*"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"])
        if mapping:
            lines = [f"{k} {ord(c)}" for k, c in enumerate(table) if c]
            (folder / f"emnist-{split}-mapping.txt").write_text("\n".join(lines) + "\n")
        for part, chars in (("train", train), ("test", test)):
            fold = str if split == "byclass" else str.upper
            labels = np.array([table.index(fold(char)) for char in chars], np.uint8)
            images = np.array([letter_image(char).T for char in chars], np.uint8)
            for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
                name = f"emnist-{split}-{part}-{kind}-ubyte"
                data = idx(array)
                if zipped:
                    (folder / f"{name}.gz").write_bytes(gzip.compress(data, 1))
                else:
                    (folder / name).write_bytes(data)
        return folder

    return write


def open_emnist(path: Path | None, **options: str) -> GlyphPool:
    source = get_source("emnist")
    pool = source.open(path, source.options.model_validate(options))
    assert isinstance(pool, GlyphPool)
    return pool


def as_zip(folder: Path) -> Path:
    path = folder.parent / "gzip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"gzip/{file.name}")
    return path


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("archive", [True, False])
def test_only_i_v_x_are_kept_upright(emnist_folder: Write, zipped: bool, archive: bool) -> None:
    folder = emnist_folder(zipped=zipped)
    pool = open_emnist(as_zip(folder) if archive else folder)
    assert [(info.letter, info.case) for info in pool.infos] == [
        ("i", "upper"),
        ("v", "upper"),
        ("x", "upper"),
        ("i", "lower"),
        ("v", "lower"),
        ("x", "lower"),
        ("i", "lower"),
        ("x", "lower"),
    ]
    assert pool.infos[0].id == "byclass-train-000001"
    assert pool.infos[-1].id == "byclass-test-000001"
    assert {info.writer for info in pool.infos} == {None}
    i = pool[3]
    assert i.ink is not None
    np.testing.assert_array_equal(i.ink, letter_image("i")[3:26, 10:18])
    assert i.body_top == 10 - 3
    v = pool[4]
    assert v.ink is not None
    np.testing.assert_array_equal(v.ink, letter_image("v")[4:24, 6:20])
    assert v.body_top == 0


@pytest.mark.parametrize("mapping", [True, False])
@pytest.mark.parametrize("split", ["bymerge", "balanced", "letters"])
def test_merged_splits_leave_the_case_open(emnist_folder: Write, split: str, mapping: bool) -> None:
    pool = open_emnist(emnist_folder(split, "Ivxab", "X", mapping=mapping), split=split)
    assert Counter((info.letter, info.case) for info in pool.infos) == {
        ("i", "unknown"): 1,
        ("v", "unknown"): 1,
        ("x", "unknown"): 2,
    }


def test_documented_mapping_serves_where_the_file_is_absent(emnist_folder: Write) -> None:
    cases = [info.case for info in open_emnist(emnist_folder(mapping=False)).infos]
    assert cases == ["upper"] * 3 + ["lower"] * 5


@pytest.mark.parametrize(("parts", "count"), [("train", 6), ("test", 2), ("both", 8)])
def test_parts(emnist_folder: Write, parts: str, count: int) -> None:
    assert len(open_emnist(emnist_folder(), parts=parts)) == count


def test_blank_images_are_passed_over_and_told(
    emnist_folder: Write, caplog: pytest.LogCaptureFixture
) -> None:
    folder = emnist_folder("byclass", "iv", "x")
    images = np.array([letter_image("i").T, letter_image(" ")])
    target = folder / "emnist-byclass-train-images-idx3-ubyte.gz"
    target.write_bytes(gzip.compress(idx(images)))
    for _ in range(2):  # extracted, then from the cache
        caplog.clear()
        assert [info.letter for info in open_emnist(folder).infos] == ["i", "x"]
        assert "1 blank images of byclass-train passed over" in caplog.text


def test_second_opening_reads_the_cache_not_the_archive(
    emnist_folder: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = emnist_folder()
    first = open_emnist(folder)
    monkeypatch.setattr("datagen.sources.emnist.read_labels", None)  # calling it would fail
    again = open_emnist(folder)
    assert again.infos == first.infos
    for one, other in zip(first, again, strict=True):
        assert one.ink is not None
        assert other.ink is not None
        np.testing.assert_array_equal(one.ink, other.ink)
        assert one.body_top == other.body_top


def test_fetched_copy_is_found_by_default(emnist_folder: Write, tmp_path: Path) -> None:
    source = get_source("emnist")
    assert source.default_path() is None
    with pytest.raises(MissingInputError, match="datagen fetch emnist"):
        open_emnist(None)
    (tmp_path / "cache").mkdir(exist_ok=True)
    emnist_folder().rename(tmp_path / "cache" / "emnist")
    assert source.default_path() == tmp_path / "cache" / "emnist"
    assert len(open_emnist(None)) == 8


def test_zip_without_the_split_lists_those_it_has(emnist_folder: Write) -> None:
    with pytest.raises(MissingInputError, match=r"split 'letters' needs; splits it has: byclass"):
        open_emnist(as_zip(emnist_folder()), split="letters")


def test_a_folder_may_hold_the_archive(emnist_folder: Write, tmp_path: Path) -> None:
    as_zip(emnist_folder())
    (tmp_path / "holder").mkdir()
    (tmp_path / "gzip.zip").rename(tmp_path / "holder" / "gzip.zip")
    assert len(open_emnist(tmp_path / "holder")) == 8


def corrupt(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


IMAGES = "emnist-byclass-train-images-idx3-ubyte.gz"
LABELS = "emnist-byclass-train-labels-idx1-ubyte.gz"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (IMAGES, lambda b: b[: len(b) // 2], "truncated or damaged"),
        (LABELS, lambda b: b[:-4], "truncated or damaged"),
        (LABELS, lambda b: b[:-8] + bytes(4) + b[-4:], "CRC check failed"),
        (IMAGES, lambda _: b"<!DOCTYPE html>", "damaged"),
        (IMAGES, lambda _: gzip.compress(b"\0\0"), "too few for an idx header"),
        (IMAGES, lambda _: gzip.compress(b"\0\0\x08\x01" + bytes(12)), "0x00000801, expected"),
        (
            IMAGES,
            lambda _: gzip.compress(idx(np.zeros((8, 28, 28), np.uint8), count=9)),
            "says 9 images, but .* holds 8 labels",
        ),
        (
            IMAGES,
            lambda _: gzip.compress(idx(np.zeros((7, 28, 28), np.uint8), count=8)),
            "says 8 images .* holds only",
        ),
        (
            IMAGES,
            lambda _: gzip.compress(idx(np.zeros((9, 28, 28), np.uint8), count=8)),
            "more bytes follow",
        ),
        (IMAGES, lambda _: gzip.compress(idx(np.zeros((8, 32, 32), np.uint8))), "32×32 images"),
        (LABELS, lambda _: gzip.compress(idx(np.zeros(8, np.uint8), count=7)), "holds more"),
        (LABELS, lambda _: gzip.compress(idx(np.zeros(8, np.uint8), count=9)), "holds only 8"),
        (LABELS, lambda _: gzip.compress(idx(np.zeros(7, np.uint8))), "holds 7 labels"),
    ],
)
def test_damage_is_named_and_nothing_cached(
    emnist_folder: Write, name: str, change: Callable[[bytes], bytes], said: str, tmp_path: Path
) -> None:
    folder = emnist_folder()
    corrupt(folder, name, change((folder / name).read_bytes()))
    with pytest.raises(CorruptInputError, match=said) as caught:
        open_emnist(folder)
    assert name in str(caught.value)
    assert not list(tmp_path.glob("cache/**/*.npz"))


def test_damage_inside_the_zip_is_found(emnist_folder: Write) -> None:
    path = as_zip(emnist_folder())
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"gzip/{IMAGES}")
    start = info.header_offset + 30 + len(info.filename)
    data[start + info.compress_size - 6] ^= 0xFF  # the gzip trailer
    path.write_bytes(data)
    with pytest.raises(CorruptInputError, match=IMAGES):
        open_emnist(path)
    path.write_bytes(data[:-40])
    with pytest.raises(CorruptInputError, match="not a readable zip"):
        open_emnist(path)


def test_bad_mapping_is_named(emnist_folder: Write) -> None:
    folder = emnist_folder()
    corrupt(folder, "emnist-byclass-mapping.txt", b"one two\n")
    with pytest.raises(CorruptInputError, match=r"mapping\.txt is not lines of"):
        open_emnist(folder)
    corrupt(folder, "emnist-byclass-mapping.txt", b"0 48\n1 201\n")
    with pytest.raises(CorruptInputError, match="maps the label 1 to the code 201, which is no d"):
        open_emnist(folder)
    corrupt(folder, "emnist-byclass-mapping.txt", b"0 48\n")
    with pytest.raises(CorruptInputError, match="maps no label to one of i, v, x"):
        open_emnist(folder)


def test_missing_archive_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"datagen fetch emnist.*--source emnist:PATH"):
        open_emnist(tmp_path / "nowhere")
    (tmp_path / "note.zip").write_text("hello")
    with pytest.raises(CorruptInputError, match="not a readable zip"):
        open_emnist(tmp_path / "note.zip")


def test_the_shared_archive_matches_its_readme(shared_data: Path) -> None:
    pool = open_emnist(shared_data / "emnist" / "gzip.zip")
    assert pool.infos == open_emnist(shared_data / "emnist" / "gzip").infos
    counts = Counter((info.letter, info.case) for info in pool.infos)
    assert min(counts.values()) >= 300
    assert len(counts) == 6


def test_an_archive_serves_the_splits_that_lie_not_loose_beside_it(emnist_folder: Write) -> None:
    folder = emnist_folder("letters", "iv", "x")
    as_zip(folder).rename(folder / "gzip.zip")
    for file in folder.glob("emnist-*"):
        file.unlink()
    emnist_folder("byclass")
    assert len(open_emnist(folder)) == 8
    assert len(open_emnist(folder, split="letters")) == 3


def test_all_characters_of_a_split_are_read_upright(emnist_folder: Write) -> None:
    folder = emnist_folder("letters", train="abcaA", test="z")
    found = read_characters(folder, "letters", "train")
    assert found.characters == tuple("ABCAA")
    assert np.array_equal(found.images[1], letter_image("b"))
    first = read_characters(folder, "letters", "train", most=1)
    assert first.characters == tuple("ABC")
    with pytest.raises(MissingInputError, match="digits"):
        read_characters(folder, "digits", "train")
