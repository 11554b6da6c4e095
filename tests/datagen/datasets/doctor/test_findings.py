"""One test per kind of finding, and none where nothing is wrong."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datagen.building.build import build
from datagen.core.errors import MissingInputError
from datagen.core.numerals import CLASSES
from datagen.datasets.doctor.diagnose import diagnose
from datagen.datasets.doctor.finding import KINDS, Finding
from datagen.datasets.format import MANIFEST
from datagen.recipes.schema import Ingredient, Recipe
from tests.datagen.datasets.doctor.conftest import drawn, save


def of_kind(root: Path, kind: str) -> list[Finding]:
    return [finding for finding in diagnose(root).findings if finding.kind == kind]


def paths(root: Path, kind: str) -> list[str]:
    return [finding.path for finding in of_kind(root, kind)]


def test_sound_folders_have_no_findings(photos: Path, split: Path) -> None:
    for root, count in ((photos, 20), (split, 30)):
        found = diagnose(root)
        assert found.findings == ()
        assert found.clean
        assert len(found.pictures) == count


def test_a_built_dataset_breaks_no_rule(dataset: Path) -> None:
    found = diagnose(dataset)
    assert [f for f in found.findings if f.severity != "note"] == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"no image", "is not an image"),
        (cv2.imencode(".png", drawn(1))[1].tobytes()[:90], "cannot be decoded"),
    ],
)
def test_unreadable(photos: Path, content: bytes, says: str) -> None:
    (photos / "v" / "bad.png").write_bytes(content)
    (finding,) = of_kind(photos, "unreadable")
    assert (finding.path, finding.severity) == ("v/bad.png", "broken")
    assert finding.message.startswith(says)
    assert "remove" in finding.advice
    assert str(photos) not in finding.message


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (np.full((30, 30), 255, np.uint8), "blank"),
        (np.full((30, 30), 130, np.uint8), "blank"),
        (np.zeros((2, 30), np.uint8), "too-small"),
    ],
)
def test_without_ink_or_too_small(photos: Path, split: Path, image: np.ndarray, kind: str) -> None:
    save(photos / "v" / "odd.png", image)
    save(split / "train" / "v" / "odd.png", image)
    assert [(f.path, f.severity) for f in of_kind(photos, kind)] == [("v/odd.png", "broken")]
    assert [f.severity for f in of_kind(split, kind)] == ["warning"]


def test_special_files_are_listed_and_never_opened(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(photos / "v" / "pipe.png")
    with socket.socket(socket.AF_UNIX) as here:
        monkeypatch.chdir(photos / "v")  # a socket's path is short
        here.bind("s.png")
        found = {f.path: f.message for f in of_kind(photos, "special-file")}
    assert found == {
        "v/pipe.png": "is a named pipe, no file of pixels",
        "v/s.png": "is a socket, no file of pixels",
    }


def test_links(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos / "x", tmp_path / "more")
    try:
        (photos / "v" / "gone.png").symlink_to("nowhere.png")
        (photos / "v" / "there.png").symlink_to(photos / "i" / "0.png")
        (photos / "v" / "more").symlink_to(tmp_path / "more")
    except OSError:
        pytest.skip("this system lets us make no links")
    assert paths(photos, "link-to-nowhere") == ["v/gone.png"]
    found = {f.path: f.message for f in of_kind(photos, "link")}
    assert found["v/there.png"].endswith("0.png, read as a file")
    assert found["v/more"].endswith("more, not followed")
    assert len(diagnose(photos).pictures) == 21


def test_a_name_that_is_no_unicode(photos: Path) -> None:
    try:
        shutil.copy(photos / "v" / "0.png", photos / "v" / os.fsdecode(b"\xff.png"))
    except OSError:
        pytest.skip("names are Unicode here")
    assert paths(photos, "not-unicode") == ["v/\udcff.png"]


def test_files_that_the_evaluator_passes_over(photos: Path, split: Path) -> None:
    save(photos / "v" / "a.webp", drawn(100))
    (photos / "v" / "notes.txt").write_text("notes")
    save(photos / "stray.png", drawn(101))
    assert paths(photos, "unread-image") == ["v/a.webp"]
    assert [(f.path, f.severity) for f in of_kind(photos, "no-image")] == [
        ("v/notes.txt", "broken")
    ]
    assert paths(photos, "outside") == ["stray.png"]
    (split / "train" / "v" / "notes.txt").write_text("notes")
    (split / "train" / "notes.txt").write_text("notes")
    save(split / "train" / "stray.png", drawn(101))
    save(split / "stray.jpg", drawn(102))
    assert [f.severity for f in of_kind(split, "no-image")] == ["note"]
    assert paths(split, "outside") == ["stray.jpg", "train/stray.png"]


def test_what_the_evaluator_ignores_in_a_file(photos: Path, split: Path) -> None:
    image = drawn(100)
    clear = np.dstack([np.zeros_like(image)] * 3 + [255 - image])
    exif = Image.Exif()
    exif[0x0112] = 6
    for root, folder in ((photos, photos / "v"), (split, split / "train" / "v")):
        Image.fromarray(clear).save(folder / "clear.png")
        Image.fromarray(drawn(101)).save(folder / "side.jpg", exif=exif)
        Image.fromarray(drawn(102).astype(np.uint16) * 4).save(folder / "deep.png")
        Image.fromarray(drawn(103)).save(folder / "webp.png", "WEBP", lossless=True)
        Image.fromarray(255 - drawn(104)).save(folder / "white.png")
        found = {f.kind: (Path(f.path).name, f.severity) for f in diagnose(root).findings}
        light = "warning" if root == split else "broken"
        assert found == {
            "alpha": ("clear.png", "warning"),
            "orientation": ("side.jpg", "warning"),
            "depth": ("deep.png", "warning"),
            "format": ("webp.png", "broken"),
            "polarity": ("white.png", light),
        }


@pytest.mark.parametrize("name", ["III", "class_iii", "3", "iii ", "iil"])
def test_a_misspelt_class(photos: Path, name: str) -> None:
    (photos / "iii").rename(photos / name)
    (finding,) = of_kind(photos, "misspelt-class")
    assert (finding.path, finding.advice) == (name, "rename it to iii")
    assert paths(photos, "empty-class") == []
    assert len(diagnose(photos).pictures) == 20


@pytest.mark.parametrize("name", ["xi", "blank", "one", "u", "viiii", "train", "0"])
def test_a_folder_that_is_no_class(photos: Path, name: str) -> None:
    save(photos / name / "a.png", drawn(100))
    (finding,) = of_kind(photos, "unknown-folder")
    assert (finding.path, finding.advice) == (name, "move it elsewhere")
    assert len(diagnose(photos).pictures) == 20


def test_all_class_folders_misspelt(photos: Path, split: Path) -> None:
    for root in (photos, split / "train", split / "val"):
        for numeral in CLASSES:
            (root / numeral).rename(root / f"{CLASSES.index(numeral) + 1:02}")
    assert len(paths(photos, "misspelt-class")) == 10
    assert len(paths(split, "misspelt-class")) == 20


def test_empty_classes_and_a_missing_side(photos: Path, split: Path) -> None:
    shutil.rmtree(split / "train" / "iv")
    shutil.rmtree(split / "val" / "v")
    assert [(f.path, f.severity) for f in of_kind(split, "empty-class")] == [
        ("train/iv", "broken"),
        ("val/v", "warning"),
    ]
    shutil.rmtree(photos / "iv")
    assert paths(photos, "empty-class") == ["iv"]
    shutil.rmtree(split / "val")
    assert [(f.path, f.severity) for f in of_kind(split, "missing-split")] == [("val", "warning")]


def test_litter(photos: Path, split: Path) -> None:
    names = (".DS_Store", "v/Thumbs.db", "v/._0.png", "v/.ipynb_checkpoints/0.png", "@eaDir/a.png")
    for name in names:
        (photos / name).parent.mkdir(exist_ok=True)
        shutil.copy(photos / "v" / "0.png", photos / name)
    assert paths(photos, "litter") == [
        ".DS_Store",
        "@eaDir",
        "v/._0.png",
        "v/.ipynb_checkpoints",
        "v/Thumbs.db",
    ]
    assert diagnose(photos).clean
    (split / ".git").mkdir()
    (split / "val" / "desktop.ini").write_text("")
    assert paths(split, "litter") == [".git", "val/desktop.ini"]


def test_copies_and_contradictions(photos: Path) -> None:
    shutil.copy(photos / "v" / "0.png", photos / "v" / "twin.png")
    image = drawn(2 * CLASSES.index("v") + 1)
    cv2.imwrite(str(photos / "v" / "same.bmp"), image)
    save(photos / "x" / "wrong.png", drawn(0))
    found = {f.path: f for f in of_kind(photos, "copy")}
    assert found["v/twin.png"].message == "is an exact copy of v/0.png"
    assert found["v/same.bmp"].message == "is the same picture as v/1.png"
    torn = of_kind(photos, "contradiction")
    assert [f.path for f in torn] == ["i/0.png", "x/wrong.png"]
    assert torn[0].others == ("x/wrong.png",)
    assert "one of i and x is wrong" in torn[0].message


def test_one_picture_on_both_sides(split: Path) -> None:
    shutil.copy(split / "val" / "v" / "2.png", split / "train" / "v" / "again.png")
    (finding,) = of_kind(split, "in-both-splits")
    assert (finding.path, finding.others) == ("val/v/2.png", ("train/v/again.png",))
    assert finding.severity == "broken"
    assert of_kind(split, "near-duplicate") == []


def test_one_writing_on_both_sides(split: Path) -> None:
    image = drawn(3 * CLASSES.index("v") + 2)
    save(split / "train" / "v" / "larger.png", cv2.resize(image, None, fx=1.5, fy=1.5))
    (finding,) = of_kind(split, "near-duplicate")
    assert (finding.path, finding.others) == ("val/v/2.png", ("train/v/larger.png",))
    assert not [f for f in diagnose(split, near_duplicates=False).findings if "near" in f.kind]


def test_pictures_of_a_test_set(photos: Path, tmp_path: Path) -> None:
    test = tmp_path / "test"
    for k, numeral in enumerate(CLASSES):
        save(test / numeral / "a.png", drawn(500 + k))
    shutil.copy(photos / "v" / "0.png", test / "v" / "0.png")
    image = drawn(2 * CLASSES.index("x"))
    save(test / "x" / "larger.png", cv2.resize(image, None, fx=1.5, fy=1.5))
    found = diagnose(photos, against=[test]).findings
    assert [(f.kind, f.path, f.others) for f in found] == [
        ("in-test", "v/0.png", ("v/0.png",)),
        ("near-test", "x/0.png", ("x/larger.png",)),
    ]
    assert not diagnose(photos, against=[test]).clean
    with pytest.raises(MissingInputError, match="no folder at"):
        diagnose(photos, against=[tmp_path / "nowhere"])


def test_what_was_made_from_a_test_picture_is_known_without_its_hash(
    photos: Path, tmp_path: Path
) -> None:
    """Datasets of earlier versions name the parents, and do not say how they look."""
    recipe = Recipe(mix=(Ingredient(source="images", path=photos),), images=60, pipeline="scanned")
    root = build(recipe, tmp_path / "ds").path
    lines = [json.loads(line) for line in (root / MANIFEST).read_text().splitlines()]
    parents = [{k: v for k, v in line.items() if k != "parent_pixels"} for line in lines]
    (root / MANIFEST).write_text("".join(f"{json.dumps(line)}\n" for line in parents))
    findings = diagnose(root, against=[photos], near_duplicates=False).findings
    known = [finding for finding in findings if finding.kind == "in-test"]
    assert {finding.path for finding in known} == {line["path"] for line in lines}
    assert any(f.message.startswith("was made from a picture of") for f in known)


def _change(root: Path) -> str:
    path = next((root / "train" / "v").iterdir())
    save(path, drawn(999))
    return path.relative_to(root).as_posix()


def _add(root: Path) -> str:
    save(root / "val" / "x" / "new.png", drawn(998))
    return "val/x/new.png"


def _delete(root: Path) -> str:
    path = next((root / "train" / "v").iterdir())
    path.unlink()
    return path.relative_to(root).as_posix()


@pytest.mark.parametrize("spoil", [_change, _add, _delete])
def test_files_unlike_the_records(dataset: Path, spoil: Callable[[Path], str]) -> None:
    name = spoil(dataset)
    assert paths(dataset, "record") == [name]


def test_a_damaged_record_is_a_finding(dataset: Path) -> None:
    (dataset / "manifest.jsonl").write_text("{}\n")
    assert paths(dataset, "record") == ["manifest.jsonl"]
    (dataset / "manifest.jsonl").unlink()
    info = dataset / "dataset.json"
    record = info.read_text()
    info.write_text(record.replace('"fingerprint":"', '"fingerprint":"00'))
    info.write_text(record.replace('"limit": 10000', '"limit": 96'))
    assert paths(dataset, "budget") == ["."]
    info.write_text("{")
    assert paths(dataset, "record") == ["dataset.json"]


def test_shared_identities(dataset: Path) -> None:
    manifest = dataset / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"split":"train"', '"split":"val"', 1))
    assert "stands in train and in val" in of_kind(dataset, "shared-identity")[0].message


def test_images_unlike_the_rest(photos: Path) -> None:
    save(photos / "v" / "large.png", cv2.resize(drawn(100), (600, 700)))
    save(photos / "v" / "gray.png", (drawn(101) // 2).astype(np.uint8))
    assert paths(photos, "unlike-size") == ["v/large.png"]
    assert paths(photos, "unlike-gray") == ["v/gray.png"]
    assert diagnose(photos).clean


def test_a_folder_without_classes_is_refused(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(MissingInputError, match="no folder at"):
        diagnose(tmp_path / "nowhere")
    with pytest.raises(MissingInputError, match="none of the class folders .*did you mean photos"):
        diagnose(tmp_path)
    with pytest.raises(MissingInputError, match="0.png is a file, no folder; expected the class"):
        diagnose(photos / "i" / "0.png")


def test_every_kind_has_a_test() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
