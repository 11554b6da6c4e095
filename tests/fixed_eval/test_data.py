"""Reading a directory: what an image means, and errors that name what is wrong."""

import os
from pathlib import Path

import numpy as np
import pytest

from fixed_eval import data
from fixed_eval.errors import BudgetError, InputError, RuleError
from fixed_eval.protocols.base import check_budget
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"no image at all, but long enough to have a header", "not a PNG, JPEG, GIF or BMP image"),
        ("truncated", ""),
    ],
)
def test_an_unreadable_file_is_named(make_dataset, load, encode, content, reason):
    root = make_dataset()
    bad = root / "train" / "vi" / "001.png"
    if content == "truncated":
        noise = np.random.default_rng(0).integers(0, 256, (40, 40, 1), dtype=np.uint8)
        content = encode(noise)[:300]
    bad.write_bytes(content)
    with pytest.raises(InputError, match="nothing was trained") as error:
        load(root)
    assert str(bad) in str(error.value)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pipe_or_device_among_the_images_is_refused_and_not_opened(make_dataset, load):
    root = make_dataset()
    pipe = root / "val" / "v" / "zz.png"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match=f"{pipe} is a named pipe, not a regular file"):
        data.list_dataset(root, PROTOCOL, 123)
    pipe.unlink()
    pipe.symlink_to("/dev/zero")
    with pytest.raises(InputError, match="is a device"):
        data.list_split(root / "val", PROTOCOL, None)
    pipe.unlink()
    pipe.symlink_to(root / "nowhere.png")
    with pytest.raises(InputError, match=f"{pipe}: No such file or directory"):
        load(root)
    pipe.unlink()
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match="named pipe"):  # it took the place of a listed file
        data.read_file(pipe)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.bmp"])
def test_an_image_too_large_to_decode_is_refused_by_its_header(tmp_path: Path, name: str):
    image = pytest.importorskip("PIL.Image", reason="Pillow writes the file")
    image.new("L", (5001, 5000), 255).save(tmp_path / name)
    file = data.ImageFile(tmp_path / name, name, 0)
    with pytest.raises(InputError, match=r"25,005,000 pixels, more than the 25,000,000 allowed"):
        data.load_split("train", [file], PROTOCOL)


def test_a_file_too_large_to_read_is_refused(tmp_path: Path):
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match="bytes, more than the 67,108,864 allowed"):
        data.load_split("val", [data.ImageFile(tmp_path / "a.png", "a.png", 0)], PROTOCOL)


def test_many_unreadable_files_are_counted_and_the_first_named(make_dataset, load):
    root = make_dataset()
    for path in (root / "val").rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"20 of 20 val images .* and 15 more"):
        load(root)


def test_files_that_keras_does_not_list_are_passed_over(make_dataset, load):
    root = make_dataset()
    (root / "train" / "i" / "notes.txt").write_text("not an image")
    (root / "train" / "manifest.jsonl").write_text("{}")
    (root / "train" / ".ipynb_checkpoints").mkdir()
    assert len(load(root)[0]) == 30


def test_litter_is_passed_over_although_it_looks_like_images(make_dataset, load):
    root = make_dataset()
    image = (root / "train" / "i" / "000.png").read_bytes()
    for name in ("__MACOSX/i/a.png", "@eaDir/i/a.png", "#recycle/a.png", "lost+found/a.png"):
        (root / "train" / name).parent.mkdir(parents=True)
        (root / "train" / name).write_bytes(image)
        (root / "train" / "i" / name).parent.mkdir(parents=True)
        (root / "train" / "i" / name).write_bytes(image)
    (root / "train" / "i" / "._000.png").write_bytes(b"metadata")
    (root / "train" / "i" / ".ipynb_checkpoints").mkdir()
    (root / "train" / "i" / ".ipynb_checkpoints" / "000-checkpoint.png").write_bytes(image)
    assert len(load(root)[0]) == 30


def test_a_missing_split_is_named(tmp_path: Path):
    (tmp_path / "train").mkdir()
    with pytest.raises(InputError, match="no val/ folder"):
        data.list_dataset(tmp_path, PROTOCOL, 123)
    with pytest.raises(InputError, match="is not a folder"):
        data.list_dataset(tmp_path / "nowhere", PROTOCOL, 123)


def test_a_class_without_training_images_is_named(make_dataset):
    root = make_dataset(train=1)
    (root / "train" / "vii" / "000.png").unlink()
    with pytest.raises(RuleError, match="no image of class vii;"):
        data.list_dataset(root, PROTOCOL, 123)


def test_an_empty_val_is_refused_and_an_empty_class_in_it_reported(make_dataset):
    root = make_dataset(val=1)
    (root / "val" / "x" / "000.png").unlink()
    val = data.list_dataset(root, PROTOCOL, 123)[1]
    assert data.empty_classes(val, PROTOCOL) == ["x"]
    for path in (root / "val").rglob("*.png"):
        path.unlink()
    with pytest.raises(RuleError, match="has no image"):
        data.list_dataset(root, PROTOCOL, 123)


def test_an_unknown_folder_is_named(make_dataset):
    root = make_dataset(train=1, val=1)
    (root / "val" / "xi").mkdir()
    with pytest.raises(RuleError, match="unknown class folder 'xi'"):
        data.list_dataset(root, PROTOCOL, 123)


def test_the_budget_counts_whole_batches_and_files():
    check_budget(9_744, 256)
    with pytest.raises(BudgetError, match=r"10,000 images.*: 10,008;"):
        check_budget(9_750, 250)
    with pytest.raises(BudgetError, match="10,001 images"):
        check_budget(10_000, 1)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("x", "ix", "v", "ii"), ("ii", "v", "ix", "x")),
        (("10", "9", "2"), ("2", "9", "10")),
        (("dog", "Cat", "ant 10", "ant 9"), ("ant 9", "ant 10", "Cat", "dog")),
        (("x", "y", "i"), ("i", "x", "y")),  # not all of them are numerals
    ],
)
def test_the_classes_are_the_folders_in_natural_order(tmp_path: Path, names, expected):
    for name in (*names, ".hidden", "__MACOSX"):
        (tmp_path / "train" / name).mkdir(parents=True)
    (tmp_path / "val").mkdir()
    assert data.find_classes(tmp_path) == expected


def test_one_class_is_no_classification(tmp_path: Path):
    (tmp_path / "train" / "i").mkdir(parents=True)
    (tmp_path / "val").mkdir()
    with pytest.raises(RuleError, match="holds 1 class folder; a classifier needs at least 2"):
        data.find_classes(tmp_path)


@pytest.mark.parametrize(("size", "threads"), [(data.SMALL - 1, 1), (data.SMALL, 3)])
def test_only_files_that_are_not_small_are_read_by_several_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, threads: int
):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    path = tmp_path / "a.png"
    path.write_bytes(bytes(size))
    assert data._threads([data.ImageFile(path, path.name, 0)]) == threads
