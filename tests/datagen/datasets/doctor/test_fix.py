"""A corrected copy has nothing left that needs no judgement, and the original is as it was."""

import hashlib
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datagen.core.errors import UsageError
from datagen.core.numerals import CLASSES
from datagen.datasets.doctor.diagnose import diagnose
from datagen.datasets.doctor.fix import MECHANICAL, FixRecord, write_fixed
from datagen.sources.images.source import ImagesOptions, survey
from tests.datagen.datasets.doctor.conftest import drawn, save


def content(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def spoilt(photos: Path) -> Path:
    """Everything that can be put right, in one folder."""
    (photos / "i" / "empty.png").write_bytes(b"")
    (photos / "i" / "notes.txt").write_text("notes")
    save(photos / "i" / "white.png", np.full((30, 30), 255, np.uint8))
    save(photos / "i" / "tiny.png", np.zeros((2, 2), np.uint8))
    shutil.copy(photos / "v" / "0.png", photos / "v" / "twin.png")
    save(photos / "vi" / "photo.webp", drawn(100))
    (photos / "iv").rename(photos / "IV ")
    save(photos / "class_x" / "0.png", drawn(101))  # of the same name as x/0.png
    (photos / "@eaDir").mkdir()
    (photos / ".DS_Store").write_text("")
    save(photos / "xi" / "0.png", drawn(102))
    if hasattr(os, "mkfifo"):
        os.mkfifo(photos / "v" / "pipe.png")
        (photos / "v" / "gone.png").symlink_to("nowhere")
    return photos


def test_nothing_mechanical_is_left(spoilt: Path, tmp_path: Path) -> None:
    (spoilt / "v" / "pipe.png").unlink(missing_ok=True)
    before = content(spoilt)
    fixed = write_fixed(diagnose(spoilt), tmp_path / "fixed")
    assert content(spoilt) == before
    again = diagnose(tmp_path / "fixed")
    assert [f for f in again.findings if f.kind in MECHANICAL] == []
    assert again.clean
    assert fixed.clean
    assert fixed.images == len(again.pictures) == 22
    assert (tmp_path / "fixed" / "iv" / "0.png").read_bytes() == (
        spoilt / "IV " / "0.png"
    ).read_bytes()
    assert len(survey(tmp_path / "fixed", ImagesOptions()).kept) == 22
    assert fixed.left == {"unknown-folder": 1}
    record = FixRecord.model_validate_json((tmp_path / "fixed" / "doctor.json").read_bytes())
    assert record.source == "photos"
    left_out = {file.path: file.kind for file in record.left_out}
    assert left_out["i/empty.png"] == "unreadable"
    assert left_out["xi/0.png"] == "unknown-folder"
    assert fixed.done["files left out that lie in no class folder"] == 1
    assert {file.source for file in record.changed} == {
        "IV /0.png",
        "IV /1.png",
        "class_x/0.png",
        "vi/photo.webp",
    }


def test_traps_are_written_as_everybody_reads_them(photos: Path, tmp_path: Path) -> None:
    image = drawn(100)
    exif = Image.Exif()
    exif[0x0112] = 6
    clear = np.dstack([np.zeros_like(image)] * 3 + [255 - image])
    Image.fromarray(clear).save(photos / "v" / "clear.png")
    Image.fromarray(np.rot90(drawn(101))).save(photos / "v" / "side.png", exif=exif)
    Image.fromarray(drawn(102)).save(photos / "v" / "webp.png", "WEBP", lossless=True)
    Image.fromarray(255 - drawn(103)).save(photos / "v" / "white.bmp")
    Image.fromarray(255 - drawn(2 * CLASSES.index("v"))).save(photos / "v" / "negative.png")
    light = np.dstack([np.full_like(image, 255)] * 3 + [255 - drawn(104)])  # and no paper
    Image.fromarray(light).save(photos / "v" / "light.png")
    fixed = write_fixed(diagnose(photos), tmp_path / "fixed")
    assert diagnose(tmp_path / "fixed").findings == ()
    assert fixed.done["copies left out, the first kept"] == 1  # the negative of v/0.png
    seeds = {"clear": 100, "side": 101, "webp": 102, "white": 103, "light": 104}
    for name, seed in seeds.items():
        written = cv2.imread(str(tmp_path / "fixed" / "v" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(written, drawn(seed)), name


def test_pipes_do_not_stop_it(spoilt: Path, tmp_path: Path) -> None:
    fixed = write_fixed(diagnose(spoilt), tmp_path / "fixed")
    assert fixed.clean
    assert not [p for p in (tmp_path / "fixed").rglob("*") if p.is_symlink() or p.is_fifo()]


def test_a_leak_is_taken_out_of_train(split: Path, tmp_path: Path) -> None:
    shutil.copy(split / "val" / "v" / "2.png", split / "train" / "v" / "again.png")
    test = tmp_path / "test"
    shutil.copytree(split / "val" / "x", test / "x")
    fixed = write_fixed(diagnose(split, against=[test]), tmp_path / "fixed")
    assert fixed.done == {
        "pictures of a test set left out": 1,
        "pictures left out that a later part holds too": 1,
    }
    assert not (tmp_path / "fixed" / "train" / "v" / "again.png").exists()
    assert (tmp_path / "fixed" / "val" / "v" / "2.png").exists()
    assert not (tmp_path / "fixed" / "val" / "x" / "2.png").exists()


def test_contradictions_are_left_for_a_person(photos: Path, tmp_path: Path) -> None:
    save(photos / "x" / "wrong.png", drawn(0))
    fixed = write_fixed(diagnose(photos), tmp_path / "fixed")
    assert fixed.left == {"contradiction": 2}
    assert fixed.images == 21


@pytest.mark.parametrize("place", ["photos", "photos/fixed", "."])
def test_never_in_place(photos: Path, tmp_path: Path, place: str) -> None:
    before = content(photos)
    with pytest.raises(UsageError, match="lie in one another"):
        write_fixed(diagnose(photos), tmp_path / place, overwrite=True)
    assert content(photos) == before


def test_only_an_earlier_copy_is_replaced(photos: Path, tmp_path: Path) -> None:
    found = diagnose(photos)
    write_fixed(found, tmp_path / "fixed")
    with pytest.raises(UsageError, match="exists"):
        write_fixed(found, tmp_path / "fixed")
    write_fixed(found, tmp_path / "fixed", overwrite=True)
    shutil.copytree(photos, tmp_path / "mine")
    with pytest.raises(UsageError, match=r"holds no doctor\.json"):
        write_fixed(found, tmp_path / "mine", overwrite=True)


def test_a_copy_of_a_colour_photo_is_what_it_was(photos: Path, tmp_path: Path) -> None:
    image = cv2.cvtColor(drawn(50), cv2.COLOR_GRAY2BGR)
    save(photos / "v" / "colour.jpg", image)
    write_fixed(diagnose(photos), tmp_path / "fixed")
    assert (tmp_path / "fixed" / "v" / "colour.jpg").read_bytes() == (
        photos / "v" / "colour.jpg"
    ).read_bytes()
