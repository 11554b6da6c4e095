import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.viewing.rows import ViewImage, class_order, list_images, sample


def images(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / name), np.full((9, 9), 200, np.uint8))
    return root


def test_a_dataset_of_ours_has_its_manifest(dataset: Path) -> None:
    found = list_images(dataset)
    assert (found.total, found.has_manifest, found.notes) == (100, True, ())
    assert all(image.entry is not None for image in found.images)
    assert {image.source for image in found.images} == {"pen"}
    assert [image.part for image in found.images] == ["train"] * 80 + ["val"] * 20
    assert found.images[0].numeral == "i"


def test_any_class_folders_are_shown(tmp_path: Path) -> None:
    root = images(tmp_path / "a", "cat/x.png", "cat/anna/2.jpg", "iv/1.png", "x/.hidden.png")
    found = list_images(root)
    assert [(i.numeral, i.source, i.name) for i in found.images] == [
        ("iv", "", "iv/1.png"),
        ("cat", "anna", "cat/anna/2.jpg"),
        ("cat", "", "cat/x.png"),
    ]
    assert found.notes == ("2 images in folders that are no class of ours: cat",)
    assert not found.has_manifest


def test_parts_may_lack_one_and_have_a_third(tmp_path: Path) -> None:
    root = images(tmp_path / "a", "val/dog/1.png", "test/dog/1.png", "test/ape/1.png")
    assert [(i.part, i.numeral) for i in list_images(root).images] == [
        ("val", "dog"),
        ("test", "ape"),
        ("test", "dog"),
    ]


def test_what_the_manifest_does_not_fit_is_said(dataset: Path) -> None:
    gone = next(dataset.glob("train/i/*.png"))
    shutil.move(gone, dataset / "train/x/new.png")
    assert list_images(dataset).notes == (
        f"the manifest names 1 image not there, first train/i/{gone.name}",
        "the manifest does not name 1 image, first train/x/new.png",
    )


@pytest.mark.parametrize("what", ["missing", "empty", "files", "deeper"])
def test_a_folder_without_images_is_refused(tmp_path: Path, what: str) -> None:
    root = tmp_path / "a"
    if what != "missing":
        root.mkdir()
    if what == "files":
        images(root, "1.png")
    if what == "deeper":
        (root / "iv").mkdir()
    with pytest.raises(MissingInputError, match="expected|no dataset"):
        list_images(root)


def test_a_damaged_manifest_is_refused_by_its_line(dataset: Path) -> None:
    lines = (dataset / "manifest.jsonl").read_text("utf-8").splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | {"class": "iix"})
    (dataset / "manifest.jsonl").write_text("\n".join(lines), "utf-8")
    with pytest.raises(CorruptInputError, match="line 3"):
        list_images(dataset)


def test_a_link_that_leads_out_of_a_dataset_of_ours_is_refused(
    dataset: Path, tmp_path: Path
) -> None:
    outside = images(tmp_path, "secret.png") / "secret.png"
    (dataset / "train/i/link.png").symlink_to(outside)
    with pytest.raises(CorruptInputError, match="leads out of the dataset"):
        list_images(dataset)


def test_of_too_many_images_every_class_keeps_its_share() -> None:
    many = [
        ViewImage(f"{n}{k}", Path(), "train", n)
        for n, count in (("i", 900), ("v", 90), ("x", 1))
        for k in range(count)
    ]
    kept = sample(many, 100)
    counts = {n: sum(image.numeral == n for image in kept) for n in ("i", "v", "x")}
    assert counts["x"] == 1
    assert abs(counts["i"] - 90) <= 1
    assert abs(counts["v"] - 9) <= 1
    assert list(kept) == sorted(kept, key=many.index)
    assert sample(many, 991) == tuple(many)


def test_numerals_come_first_in_numeric_order() -> None:
    assert sorted(["cat", "ix", "v", "iv"], key=class_order) == ["iv", "v", "ix", "cat"]
