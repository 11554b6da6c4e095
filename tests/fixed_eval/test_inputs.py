"""What one evaluation reads: further training folders, which must not hold pictures of val."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fixed_eval.errors import BudgetError, ChangedError, RuleError
from fixed_eval.inputs import Inputs, check_unchanged, list_inputs, load_inputs
from fixed_eval.protocols import base
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50

PROTOCOL = dataclasses.replace(CUTOFF_RESNET50, pixels="uint8")


def read(dataset: Path, *extra: Path) -> Inputs:
    files = list_inputs(dataset, PROTOCOL, 123, extra=extra, tests=())
    return load_inputs(files, PROTOCOL)


def test_further_folders_follow_the_datasets_own_images(
    dataset: Path, make_dataset: Callable[..., Path]
):
    other = make_dataset(seed=5) / "train"
    inputs = read(dataset, other)
    assert inputs.parts == (30, 30)
    learned = inputs.learned()
    assert learned.images.shape == (60, 32, 32, 3)
    assert learned.images.dtype == "uint8"
    assert learned.file_sha256 == inputs.train.file_sha256 + inputs.extra[0].file_sha256
    check_unchanged(other, inputs.extra[0], PROTOCOL)
    alone = read(dataset)
    assert alone.learned() is alone.train


def test_pictures_of_val_are_not_trained_on(dataset: Path):
    with pytest.raises(RuleError, match=r"20 of the 20 further training images, such as .*in val"):
        read(dataset, dataset / "val")


def test_further_images_count_towards_the_budget(dataset: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(base, "MAX_IMAGES", 60)
    assert read(dataset).parts == (30,)
    with pytest.raises(BudgetError, match=r"train 60 \+ val 20"):
        read(dataset, dataset / "train")


def test_a_file_that_comes_later_is_noticed(tmp_path: Path, dataset: Path):
    copy = tmp_path / "more"
    shutil.copytree(dataset / "train", copy)
    inputs = read(dataset, copy)
    one = next(copy.rglob("*.png"))
    shutil.copyfile(one, one.with_name("new.png"))
    with pytest.raises(ChangedError, match=r"more changed while it was evaluated .*new\.png"):
        check_unchanged(copy, inputs.extra[0], PROTOCOL)
