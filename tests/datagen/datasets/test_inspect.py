import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from datagen.building.build import build
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.datasets.format import fingerprint, read_info, read_manifest
from datagen.datasets.inspect import inspect
from datagen.previews.contents import preview_dataset
from datagen.recipes.schema import Ingredient, Recipe, Validation


def test_a_built_dataset_is_clean(dataset: Path) -> None:
    found = inspect(dataset)
    assert found.clean
    assert found.has_manifest
    assert (found.duplicates, found.leaked, found.shared) == (0, 0, ())
    assert found.fingerprint == read_info(dataset).fingerprint
    assert found.count.exact == 100
    assert sum(found.styles.values()) == sum(found.sources.values()) == 100


def test_the_fingerprint_ignores_names_order_and_times(dataset: Path) -> None:
    before = inspect(dataset).fingerprint
    first = next((dataset / "train" / "v").iterdir())
    first.rename(first.with_name("zzz.png"))
    assert inspect(dataset).fingerprint == before
    assert fingerprint([("a", "b", "c"), ("d", "e", "f")]) == fingerprint(
        [("d", "e", "f"), ("a", "b", "c")]
    )


def _leak(root: Path) -> None:
    source = next((root / "train" / "v").iterdir())
    image = cv2.imread(str(source), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    # other bytes, same pixels
    cv2.imwrite(str(root / "val" / "v" / "twin.png"), image, [cv2.IMWRITE_PNG_COMPRESSION, 0])


def _delete(root: Path) -> None:
    next((root / "train" / "v").iterdir()).unlink()


def _change(root: Path) -> None:
    path = next((root / "train" / "v").iterdir())
    cv2.imwrite(str(path), np.zeros((32, 32), np.uint8))


def _add(root: Path) -> None:
    cv2.imwrite(str(root / "train" / "v" / "new.png"), np.zeros((32, 32), np.uint8))


def _empty(root: Path) -> None:
    for path in (root / "train" / "ix").iterdir():
        path.unlink()


def _share_writer(root: Path) -> None:
    entries = read_manifest(root)
    train, val = (
        next(e.writers[0] for e in entries if e.split == split) for split in ("train", "val")
    )
    manifest = root / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace(f'"{val}"', f'"{train}"'))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_leak, "1 picture in both train and val"),
        (_delete, "1 file missing, but in the manifest"),
        (_change, "1 file changed since the manifest was written"),
        (_add, "1 file not in the manifest"),
        (_empty, "no image in train/ix"),
        (_share_writer, "on both sides of the split"),
    ],
)
def test_every_broken_rule_is_said(dataset: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(dataset)
    found = inspect(dataset)
    assert not found.clean
    assert any(says in problem for problem in found.problems)


def test_a_broken_budget_is_said(dataset: Path) -> None:
    info = dataset / "dataset.json"
    info.write_text(info.read_text().replace('"limit": 10000', '"limit": 96'))
    found = inspect(dataset)
    assert found.problems == (
        "train 80 + val 20 = 100 images, 104 counted in batches of 8; the budget is 96; remove 4",
    )


def test_a_folder_of_somebody_else_is_counted_too(dataset: Path) -> None:
    (dataset / "manifest.jsonl").unlink()
    (dataset / "dataset.json").unlink()
    found = inspect(dataset)
    assert found.clean
    assert not found.has_manifest
    assert found.budget == 10_000


def test_near_duplicates_in_a_folder_of_somebody_else_are_found(tmp_path: Path) -> None:
    root = build(Recipe(images=100, size="native"), tmp_path / "ds").path
    for record in ("manifest.jsonl", "dataset.json"):
        (root / record).unlink()
    assert inspect(root).near_duplicates == ()
    source = next((root / "train" / "viii").iterdir())
    image = cv2.imread(str(source), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    cv2.imwrite(str(root / "val" / "viii" / "copy.jpg"), image * 0.8)
    found = inspect(root)
    assert found.near_duplicates == (("val/viii/copy.jpg", f"train/viii/{source.name}"),)
    assert found.leaked == 0
    assert found.problems == (
        "1 pictures of val have a near-duplicate in train, first val/viii/copy.jpg and "
        f"train/viii/{source.name}",
    )


def test_near_duplicates_are_known_from_the_manifest(numeral_folder: Path, tmp_path: Path) -> None:
    recipe = Recipe(mix=(Ingredient(source="images", path=numeral_folder),))
    root = build(recipe, tmp_path / "ds").path
    assert inspect(root).near_duplicates == ()
    lines = [json.loads(line) for line in (root / "manifest.jsonl").read_text().splitlines()]
    train, val = (
        next(line for line in lines if line["split"] == side) for side in ("train", "val")
    )
    val["group"] = train["group"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (root / "manifest.jsonl").write_text(text)
    assert inspect(root).near_duplicates == ((val["path"], train["path"]),)
    # of an earlier version, the manifest does not know: the images are compared
    for line in lines:
        del line["group"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (root / "manifest.jsonl").write_text(text)
    assert inspect(root).near_duplicates == ()


def test_an_unreadable_image_is_named(dataset: Path) -> None:
    path = next((dataset / "train" / "v").iterdir())
    for content in (b"", b"no image"):
        path.write_bytes(content)
        with pytest.raises(CorruptInputError, match=path.name):
            inspect(dataset)


def test_missing_and_stray_folders_are_named(dataset: Path) -> None:
    with pytest.raises(MissingInputError, match="no dataset at"):
        inspect(dataset / "nowhere")
    (dataset / "train" / "xi").mkdir()
    with pytest.raises(CorruptInputError, match="xi is not one of the class folders"):
        inspect(dataset)
    (dataset / "train" / "xi").rmdir()
    shutil.rmtree(dataset / "val")
    with pytest.raises(MissingInputError, match="no val/"):
        inspect(dataset)


def test_what_the_evaluator_reads_keeps_the_rules(dataset: Path) -> None:
    for record in ("manifest.jsonl", "dataset.json", "recipe.yaml"):
        (dataset / record).unlink()
    shutil.rmtree(dataset / "val" / "v")
    for name in ("train/.DS_Store", "val/i/Thumbs.db", "val/i/._a.png", "train/x/notes.txt"):
        (dataset / name).write_text("litter")
    for folder in ("train/.ipynb_checkpoints", "train/__MACOSX", "val/@eaDir", "train/i/scans"):
        (dataset / folder).mkdir()
    photo = next((dataset / "train" / "i").glob("*.png"))
    image = cv2.imread(str(photo), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    cv2.imwrite(str(dataset / "train" / "i" / "scans" / "a.JPG"), image)
    photo.rename(dataset / "train" / "i" / "scans" / "b.PNG")
    found = inspect(dataset)
    assert found.problems == ()
    assert found.count.train == 81


def test_a_spoilt_record_is_named(dataset: Path) -> None:
    manifest = dataset / "manifest.jsonl"
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([*lines[:4], '{"index": 4}', *lines[5:]]))
    with pytest.raises(CorruptInputError, match="line 5 is not an entry"):
        inspect(dataset)
    manifest.unlink()
    (dataset / "dataset.json").write_text('{"colour": 1}')
    with pytest.raises(CorruptInputError, match=r"dataset\.json"):
        inspect(dataset)


@pytest.mark.slow
def test_the_competitions_own_split_leaks(shared_data: Path) -> None:
    """49 of the published training images are byte-identical to validation images."""
    found = inspect(shared_data / "roman-mnist")
    assert found.count.exact == 2_880
    assert found.leaked == 49


def huge_png() -> bytes:
    """A PNG whose header says 100,000 × 100,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def test_a_bomb_is_named(dataset: Path) -> None:
    (dataset / "train" / "i" / "00000.png").write_bytes(huge_png())
    with pytest.raises(CorruptInputError, match=r"00000\.png is too large"):
        inspect(dataset)
    with pytest.raises(CorruptInputError, match=r"00000\.png is too large"):
        preview_dataset(dataset, 8)


def test_a_tampered_record_is_said(dataset: Path) -> None:
    manifest, info = dataset / "manifest.jsonl", dataset / "dataset.json"
    lines, record = manifest.read_text().splitlines(keepends=True), info.read_text()
    manifest.write_text("".join([*lines, lines[0]]))
    with pytest.raises(CorruptInputError, match=r"manifest\.jsonl line \d+ names .* again"):
        inspect(dataset)
    manifest.write_text("".join(lines).replace('"class":"i"', '"class":"v"'))
    assert "10 files of another split or class by the manifest" in inspect(dataset).problems[0]
    manifest.write_text("".join(lines))
    now = inspect(dataset).fingerprint
    info.write_text(record.replace(now, "0" * 64))
    assert inspect(dataset).problems == (
        f"the files' fingerprint is {now[:16]}, dataset.json says {'0' * 16}",
    )


def test_writers_shared_between_two_keys_of_a_source_are_found(tmp_path: Path) -> None:
    parts = [Ingredient(source="pen", options={"writers": n}) for n in (30, 12)]
    recipe = Recipe(mix=(parts[0],), val=Validation(mix=(parts[1],)), images=100)
    root = build(recipe, tmp_path / "ds").path
    lines = (root / "manifest.jsonl").read_text().splitlines(keepends=True)
    val = json.loads(next(line for line in lines if '"split":"val"' in line))
    train = json.loads(lines[0]) | {"writers": val["writers"]}
    (root / "manifest.jsonl").write_text("".join([json.dumps(train) + "\n", *lines[1:]]))
    assert inspect(root).shared == (f"writer {val['writers'][0]} of pen",)
