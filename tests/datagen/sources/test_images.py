"""Class folders of numerals, tidy and untidy."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datagen.errors import CorruptInput, MissingInput
from datagen.numerals import CLASSES
from datagen.sources import get_source, open_source
from datagen.sources.base import NumeralPool
from pipelines.ops import scan


def open_images(path: Path | None, **options: bool) -> NumeralPool:
    source = get_source("images")
    pool = source.open(path, source.options.model_validate(options))
    assert isinstance(pool, NumeralPool)
    return pool


def picture(seed: int, shape: tuple[int, int] = (24, 30)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with two images of each class."""
    folder = tmp_path / "numerals"
    for k, numeral in enumerate(CLASSES):
        (folder / numeral).mkdir(parents=True)
        for j in range(2):
            Image.fromarray(picture(10 * k + j)).save(folder / numeral / f"{j}.png")
    return folder


def test_every_image_in_class_order(root: Path) -> None:
    (root / ".hidden").mkdir()
    (root / "i" / ".DS_Store").write_text("x")
    (root / "i" / "Thumbs.db").write_text("x")
    (root / "readme.txt").write_text("x")
    pool = open_images(root)
    assert [info.numeral for info in pool.infos] == [c for c in CLASSES for _ in range(2)]
    assert pool.infos[1].id == "i/1.png"
    np.testing.assert_array_equal(pool[1], picture(1))
    assert len({info.identity for info in pool.infos}) == 20


def test_folders_below_a_class_count(root: Path) -> None:
    (root / "x" / "ann").mkdir()
    Image.fromarray(picture(99)).save(root / "x" / "ann" / "1.png")
    assert open_images(root).infos[-1].id == "x/ann/1.png"


def test_scan_makes_the_three_levels_of_the_competition(root: Path) -> None:
    pool = open_images(root, scan=True)
    np.testing.assert_array_equal(pool[0], scan(picture(0)))
    assert pool.infos[0].identity != open_images(root).infos[0].identity


def test_equal_pictures_count_once(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "i" / "2.png").write_bytes((root / "i" / "0.png").read_bytes())
    Image.fromarray(picture(0)).convert("RGB").save(root / "i" / "3.bmp")
    pool = open_images(root)
    assert [info.id for info in pool.infos if info.numeral == "i"] == ["i/0.png", "i/1.png"]
    assert "2 copies of other images of their class count once" in caplog.text


def test_equal_pictures_of_two_classes_are_left_out(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "v" / "9.png").write_bytes((root / "i" / "0.png").read_bytes())
    pool = open_images(root)
    assert len(pool) == 19
    assert not {"i/0.png", "v/9.png"} & {info.id for info in pool.infos}
    assert "different classes; all left out: i/0.png = v/9.png" in caplog.text


def test_second_opening_decodes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_images(root)
    with monkeypatch.context() as patch:
        patch.setattr("datagen.sources.images.decode_gray", None)
        assert open_images(root).infos == first.infos
    Image.fromarray(picture(77)).save(root / "x" / "1.png")
    os.utime(root / "x" / "1.png", ns=(1, 1))
    again = open_images(root)
    assert again.infos[:-1] == first.infos[:-1]
    assert again.infos[-1] != first.infos[-1]


@pytest.mark.parametrize("damage", [b"[[1]]", b"{", b"", b"\xff\xfe"])
def test_damaged_memory_is_set_aside(
    root: Path, tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    first = open_images(root)
    (memory,) = (tmp_path / "cache").rglob("*.json")
    memory.write_bytes(damage)
    assert open_images(root).infos == first.infos
    assert memory.with_name(memory.name + ".corrupt").is_file()
    assert "cannot be read" in caplog.text


def test_misspelt_folder_names_the_nearest(root: Path) -> None:
    (root / "viii").rename(root / "viiii")
    with pytest.raises(CorruptInput, match=r"viiii is not one of .* \(nearest: 'viii'\)"):
        open_images(root)
    (root / "viiii").rename(root / "VIII")
    with pytest.raises(CorruptInput, match="nearest: 'viii'"):
        open_images(root)


def test_missing_classes_are_named_unless_partial(root: Path) -> None:
    for numeral in ("ii", "ix"):
        for file in (root / numeral).iterdir():
            file.unlink()
    (root / "ix").rmdir()
    with pytest.raises(MissingInput, match="no images of class ii, ix"):
        open_images(root)
    assert len(open_images(root, partial=True)) == 16


@pytest.mark.usefixtures("root")
def test_no_class_folders(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="needs a path"):
        open_images(None)
    with pytest.raises(MissingInput, match="no folder at"):
        open_images(tmp_path / "nowhere")
    with pytest.raises(MissingInput, match="did you mean numerals below it"):
        open_images(tmp_path)
    (tmp_path / "other" / "plain").mkdir(parents=True)
    with pytest.raises(MissingInput, match="none of the class folders"):
        open_images(tmp_path / "other")
    for numeral in CLASSES:
        (tmp_path / "empty" / numeral).mkdir(parents=True)
    with pytest.raises(MissingInput, match="no images of class i, ii"):
        open_images(tmp_path / "empty", partial=True)


BAD = {
    "empty": (b"", "is empty"),
    "text": (b"hello", "is not an image"),
    "tiny": (np.zeros((1, 1), np.uint8), "is 1×1 pixels"),
    "white": (np.full((30, 30), 255, np.uint8), "is blank"),
    "black": (np.zeros((30, 30), np.uint8), "is blank"),
    "noise": (250 + picture(3) // 60, "is blank"),
}


@pytest.mark.parametrize("kind", BAD)
def test_unusable_images_are_named_or_passed_over(
    root: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    data, said = BAD[kind]
    for name in ("a.png", "b.png"):
        if isinstance(data, bytes):
            (root / "iv" / name).write_bytes(data)
        else:
            Image.fromarray(data).save(root / "iv" / name)
    with pytest.raises(CorruptInput, match=f"iv/a.png {said}.*1 more unusable.*skip_bad"):
        open_images(root)
    assert len(open_images(root, skip_bad=True)) == 20
    assert "2 unusable files passed over" in caplog.text


def test_what_the_scan_erases_is_blank(root: Path) -> None:
    pencil = np.full((30, 30), 240, np.uint8)
    pencil[5:25, 14:16] = 140
    Image.fromarray(pencil).save(root / "i" / "pencil.png")
    assert len(open_images(root)) == 21
    with pytest.raises(CorruptInput, match="blank after the scan conversion"):
        open_images(root, scan=True)


def test_the_competition_data_opens(shared_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    counts = {"train": 2067, "val": 813, "label_book": 52}
    pools = {
        part: open_images(shared_data / "roman-mnist" / part, skip_bad=True) for part in counts
    }
    assert len(pools["train"]) == counts["train"] - 1  # vi/aac26b40….png is an empty sheet
    assert "vi/aac26b40" in caplog.text
    identities = {part: {info.identity for info in pool.infos} for part, pool in pools.items()}
    assert len(identities["train"] & identities["val"]) >= 40  # the published leak


def test_a_file_name_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    for numeral in CLASSES:
        (tmp_path / numeral).mkdir()
    try:
        (tmp_path / "i" / os.fsdecode(b"\xff.png")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only Unicode")
    with pytest.raises(CorruptInput, match="no Unicode.*rename the file"):
        open_source("images", tmp_path, {})
