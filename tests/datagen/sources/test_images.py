"""Class folders of numerals, tidy and untidy."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datagen.core.errors import CorruptInputError, MissingInputError, UsageError
from datagen.core.glyphs import NumeralPool
from datagen.core.numerals import CLASSES
from datagen.curation.hard_examples.record import Hard, HardImage
from datagen.files.hashing import file_hash
from datagen.sources import get_source, open_source
from datagen.sources.images.weights import write_record
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
    # the split must tell a picture and its scan to be one
    assert [i.identity for i in pool.infos] == [i.identity for i in open_images(root).infos]


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
        patch.setattr("datagen.sources.images.read.decode_gray", None)
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


def test_a_misspelt_folder_is_named_with_its_class_where_that_is_sure(root: Path) -> None:
    (root / "viii").rename(root / "viiii")
    with pytest.raises(CorruptInputError, match=r"viiii is not one of .*; move it elsewhere"):
        open_images(root)
    (root / "viiii").rename(root / "VIII")
    with pytest.raises(CorruptInputError, match="rename it to viii"):
        open_images(root)


def test_missing_classes_are_named_unless_partial(root: Path) -> None:
    for numeral in ("ii", "ix"):
        for file in (root / numeral).iterdir():
            file.unlink()
    (root / "ix").rmdir()
    with pytest.raises(
        MissingInputError, match=r"no images of class ii, ix.* images\.partial=true"
    ):
        open_images(root)
    assert len(open_images(root, partial=True)) == 16


@pytest.mark.usefixtures("root")
def test_no_class_folders(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="needs a path"):
        open_images(None)
    with pytest.raises(MissingInputError, match="no folder at"):
        open_images(tmp_path / "nowhere")
    with pytest.raises(MissingInputError, match="did you mean numerals below it"):
        open_images(tmp_path)
    (tmp_path / "other" / "plain").mkdir(parents=True)
    with pytest.raises(MissingInputError, match="none of the class folders"):
        open_images(tmp_path / "other")
    for numeral in CLASSES:
        (tmp_path / "empty" / numeral).mkdir(parents=True)
    with pytest.raises(MissingInputError, match="no images of class i, ii"):
        open_images(tmp_path / "empty", partial=True)


def test_train_and_val_below_a_folder_are_one_collection(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parent = tmp_path / "parent"
    for part in ("train", "val", "label_book"):
        shutil.copytree(root, parent / part)
    Image.fromarray(picture(500)).save(parent / "val" / "i" / "new.png")
    pool = open_images(parent)
    assert len(pool) == 21  # the copies in val count once, label_book is not looked at
    assert "20 copies of other images of their class count once" in caplog.text
    assert [info.id for info in pool.infos][:3] == [
        "train/i/0.png",
        "train/i/1.png",
        "val/i/new.png",
    ]
    assert [info.numeral for info in pool.infos][:4] == ["i", "i", "i", "ii"]


def test_one_of_train_and_val_is_enough(root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "val")
    (tmp_path / "train").mkdir()
    assert open_images(tmp_path).infos[0].id == "val/i/0.png"


def test_a_stranger_below_train_is_named(root: Path, tmp_path: Path) -> None:
    (root / "viii").rename(root / "viiii")
    root.rename(tmp_path / "train")
    with pytest.raises(CorruptInputError, match=r"train/viiii is not one of .*; move it"):
        open_images(tmp_path)


def test_class_folders_beside_train_are_not_mixed_with_it(root: Path) -> None:
    shutil.copytree(root, root / "train")
    with pytest.raises(CorruptInputError, match="train is not one of the class folders"):
        open_images(root)


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
    with pytest.raises(CorruptInputError, match=f"iv/a.png {said}.*1 more unusable.*skip_bad"):
        open_images(root)
    assert len(open_images(root, skip_bad=True)) == 20
    assert "2 unusable files passed over" in caplog.text


def test_what_the_scan_erases_is_blank(root: Path) -> None:
    pencil = np.full((30, 30), 240, np.uint8)
    pencil[5:25, 14:16] = 140
    Image.fromarray(pencil).save(root / "i" / "pencil.png")
    assert len(open_images(root)) == 21
    with pytest.raises(CorruptInputError, match="blank after the scan conversion"):
        open_images(root, scan=True)


@pytest.mark.slow
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
    with pytest.raises(CorruptInputError, match="no Unicode.*rename it"):
        open_source("images", tmp_path, {})


def test_what_was_mined_serves_more_often(root: Path, tmp_path: Path) -> None:
    files = sorted(root.glob("*/*"))
    images = [
        HardImage(
            path="elsewhere.png",
            sha256=file_hash(file),
            numeral="i",
            predicted="v",
            probability=0.25,
            weight=4.0,
        )
        for file in files[:2]
    ]
    hard = Hard(
        dataset="ds",
        fingerprint="0",
        folder="photos",
        protocol="cutoff-resnet50",
        preview=None,
        seeds=(123,),
        top=1,
        images=tuple(images),
    )
    write_record(hard, tmp_path / "hard.json")
    pool = open_source("images", root, {"boost": str(tmp_path / "hard.json")})
    assert isinstance(pool, NumeralPool)
    known = {file.relative_to(root).as_posix() for file in files[:2]}
    assert {info.id for info in pool.infos if info.weight == 4.0} == known
    assert {info.weight for info in pool.infos} == {1.0, 4.0}
    write_record(hard.model_copy(update={"images": ()}), tmp_path / "none.json")
    with pytest.raises(UsageError, match="names none of the"):
        open_source("images", root, {"boost": str(tmp_path / "none.json")})


def test_one_part_of_a_collection(tmp_path: Path) -> None:
    for seed, split in enumerate(("train", "val")):
        for k, numeral in enumerate(CLASSES):
            (tmp_path / split / numeral).mkdir(parents=True)
            Image.fromarray(picture(10 * seed + k)).save(tmp_path / split / numeral / "a.png")
    both, val = (open_source("images", tmp_path, options) for options in ({}, {"part": "val"}))
    assert (len(both), len(val)) == (20, 10)
    assert {info.identity for info in val.infos} < {info.identity for info in both.infos}
    assert {info.id for info in val.infos} == {f"val/{numeral}/a.png" for numeral in CLASSES}
    assert isinstance(val, NumeralPool)
    np.testing.assert_array_equal(val.by_id("val/ii/a.png"), picture(11))
    with pytest.raises(MissingInputError, match="no folder at .*train"):
        open_source("images", tmp_path / "val", {"part": "train"})


def test_what_only_a_scan_makes_alike_is_one_to_the_split_and_two_to_look_at(root: Path) -> None:
    paler = np.minimum(picture(0), 254).astype(np.uint8)
    Image.fromarray(paler).save(root / "i" / "2.png")
    faint = np.where(picture(0) < 128, 200, 255).astype(np.uint8)  # a scan leaves nothing of it
    fainter = np.where(picture(1) < 128, 200, 255).astype(np.uint8)
    for name, image in (("3.png", faint), ("4.png", fainter)):
        Image.fromarray(image).save(root / "i" / name)
    found = {info.id: info.identity for info in open_images(root).infos}
    assert found["i/2.png"] == found["i/0.png"]
    assert len({found[f"i/{k}.png"] for k in (0, 1, 3, 4)}) == 4


@pytest.mark.parametrize("weight", [0.0, 1e300])
def test_a_boost_out_of_range_is_refused(root: Path, tmp_path: Path, weight: float) -> None:
    image = {"path": "a", "sha256": "0" * 64, "class": "i", "predicted": "v", "probability": 0.2}
    record = {
        "dataset": "ds",
        "fingerprint": "0",
        "folder": "photos",
        "protocol": "p",
        "preview": None,
        "seeds": [1],
        "top": 1,
        "images": [{**image, "weight": weight}],
    }
    (tmp_path / "hard.json").write_text(json.dumps(record))
    with pytest.raises(CorruptInputError, match=r"images\.0\.weight: expected"):
        open_source("images", root, {"boost": str(tmp_path / "hard.json")})
