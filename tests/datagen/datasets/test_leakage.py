"""Which test pictures a dataset knows: whatever its size, its source's format, and its pipeline."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import datagen
from datagen.building.build import build
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.numerals import CLASSES
from datagen.datasets import compared_pictures, leakage, parents
from datagen.datasets.compared_pictures import Held, remembered
from datagen.datasets.content import known_content, required_test_content
from datagen.datasets.format import MANIFEST, read_manifest
from datagen.evaluation.prepare import prepare
from datagen.evaluation.request import EvaluationRequest
from datagen.files.decode import decode_gray
from datagen.files.hashing import file_hash, view_hash
from datagen.recipes.schema import Ingredient, Recipe


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


Run = Callable[..., subprocess.CompletedProcess[str]]

KINDS: dict[str, Callable[[Image.Image, Path], None]] = {
    "grey.png": lambda image, path: image.save(path),
    "grey.jpg": lambda image, path: image.save(path, quality=70),
    "rgb.jpg": lambda image, path: _coloured(image).save(path, quality=70),
    "palette.png": lambda image, path: _coloured(image).quantize(16).save(path),
    "deep.png": lambda image, path: _deep(image).save(path),
    "turned.jpg": lambda image, path: image.save(path, exif=_turned()),
    "large.png": lambda image, path: image.resize((310, 217)).save(path),
    "alpha.png": lambda image, path: _transparent(image).save(path),
    "animated.gif": lambda image, path: image.save(path, save_all=True, append_images=[image]),
    "small.bmp": lambda image, path: image.resize((32, 32)).save(path),
}
"""How a picture may be stored: every kind that a decoder reads in its own way."""


def _coloured(image: Image.Image) -> Image.Image:
    """Blue ink on yellowish paper."""
    grey = np.asarray(image, np.float32)[..., None] / 255
    ink, paper = np.array([40, 50, 150]), np.array([250, 245, 225])
    return Image.fromarray((ink + grey * (paper - ink)).astype(np.uint8))


def _deep(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257 - np.asarray(image) // 3)


def _transparent(image: Image.Image) -> Image.Image:
    pixels = np.zeros((*np.asarray(image).shape, 4), np.uint8)
    pixels[..., 3] = 255 - np.asarray(image)
    return Image.fromarray(pixels)


def _picture(rng: np.random.Generator) -> Image.Image:
    """Dark blocks on white paper, never twice the same."""
    pixels = np.full((61, 74), 255, np.uint8)
    blocks = rng.integers(0, 2, (12, 16)).astype(np.uint8) * 225 + 20
    pixels[6:54, 5:69] = np.kron(blocks, np.ones((4, 4), np.uint8))
    return Image.fromarray(pixels)


def _write(root: Path, seed: int, kinds: dict[str, Callable[[Image.Image, Path], None]]) -> Path:
    rng = np.random.default_rng(seed)
    for numeral in CLASSES:
        (root / numeral).mkdir(parents=True)
        for name, write in kinds.items():
            write(_picture(rng), root / numeral / name)
    return root


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders with a picture of every kind of file."""
    return _write(tmp_path_factory.mktemp("pictures") / "src", 1, KINDS)


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of pictures that nothing is made from."""
    return _write(tmp_path_factory.mktemp("others") / "test", 2, {"a.jpg": KINDS["rgb.jpg"]})


@pytest.mark.parametrize("size", [32, "native"])
@pytest.mark.parametrize("pipeline", [None, "scanned"])
@pytest.mark.parametrize("scan", [False, True])
def test_every_source_picture_is_known_however_it_was_stored_and_used(
    pictures: Path, others: Path, tmp_path: Path, size: Any, pipeline: str | None, scan: bool
) -> None:
    recipe = Recipe(
        mix=(Ingredient(source="images", path=pictures, options={"scan": scan}),),
        images=100 if pipeline is None else 300,
        pipeline=pipeline,
        size=size,
    )
    ds = build(recipe, tmp_path / "ds").path
    found = datagen.find_leaks(ds, pictures)
    assert (found.images, found.leaked) == (100, 100)
    assert (found.parents > 0) == (pipeline is not None or scan)
    assert datagen.find_leaks(ds, others).leaked == 0


def test_several_test_sets_are_compared_with_one_reading_of_the_dataset(
    pictures: Path, others: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(mix=(Ingredient(source="images", path=pictures),), images=100)
    known = known_content(build(recipe, tmp_path / "ds").path)
    tests = [required_test_content(folder) for folder in (pictures, others)]
    read: list[Path] = []
    decoded = compared_pictures.read_gray
    monkeypatch.setattr(compared_pictures, "read_gray", lambda p: (read.append(p), decoded(p))[1])

    def compare(held: Sequence[Held], cache: str) -> list[Any]:
        monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / cache))
        pairs = zip(held, tests, strict=True)
        return [remembered(each, test, near=True) for each, test in pairs]

    one = Held(known, several=True)
    together = compare([one, one], "together")
    shared = len(read)
    assert together == compare([Held(known), Held(known)], "apart")
    assert len(together[0].same) == 100
    assert len(read) - shared == shared + 2 * len(known.files)  # once for views, once for sketches


def test_the_manifest_is_read_once_for_several_test_sets(
    pictures: Path, others: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(mix=(Ingredient(source="images", path=pictures),), images=100)
    ds = build(recipe, tmp_path / "ds").path
    reads: list[Path] = []
    read = parents.read_manifest
    monkeypatch.setattr(parents, "read_manifest", lambda path: (reads.append(path), read(path))[1])
    request = EvaluationRequest(ds, tests=(pictures, others))
    found = prepare(request, request.jobs())
    assert [leaks and leaks.parents for leaks in found.leaks] == [0, 0]
    assert reads == [ds]


def test_a_picture_that_only_val_has_is_known_and_unused_ones_are_not(
    pictures: Path, tmp_path: Path
) -> None:
    mix = (Ingredient(source="images", path=pictures),)
    ds = build(Recipe(mix=mix, images=60, size=32), tmp_path / "ds").path
    parents = {entry.parent: entry.split for entry in read_manifest(ds)}
    found = datagen.find_leaks(ds, pictures)
    assert {path for path, kind in found.files if kind == "same picture"} == parents.keys()
    assert set(parents.values()) == {"train", "val"}
    shutil.rmtree(ds / "train")
    assert datagen.find_leaks(ds, pictures).same_picture == sum(
        split == "val" for split in parents.values()
    )


def test_what_a_review_relabels_is_known_too(pictures: Path, tmp_path: Path) -> None:
    verdicts = {
        "i/grey.png": {"verdict": "relabel", "class": "ii", "was": "i", "reason": "two strokes"},
        "v/rgb.jpg": {"verdict": "drop", "was": "v", "reason": "nothing to see"},
    }
    review = tmp_path / "review.yaml"
    found = {file_hash(pictures / path): verdict for path, verdict in verdicts.items()}
    review.write_text(
        json.dumps({"review": 1, "name": "mine", "about": "the pictures", "images": found})
    )
    ingredient = Ingredient(source="images", path=pictures, options={"review": str(review)})
    ds = build(Recipe(mix=(ingredient,), images=300, pipeline="scanned"), tmp_path / "ds").path
    leaks = datagen.find_leaks(ds, pictures)
    assert leaks.leaked == 99
    assert "v/rgb.jpg" not in dict(leaks.files)


def test_of_two_test_sets_the_one_that_leaks_is_named(
    pictures: Path, others: Path, tmp_path: Path, datagen_here: Run
) -> None:
    mix = (Ingredient(source="images", path=pictures),)
    ds = build(Recipe(mix=mix, images=300, pipeline="scanned"), tmp_path / "ds").path
    tests = ("--against", str(others), "--against", str(pictures))
    answer = datagen_here("inspect", str(ds), *tests, "--json")
    first, second = json.loads(answer.stdout)["against"]
    assert (first["leaked"], first["files"]) == (0, {})
    assert second["leaked"] == 100
    assert second["same_picture"] + second["parents"] == 100
    assert answer.returncode == 3
    said = answer.stderr.splitlines()[-1]
    assert f"100 of 100 images of {pictures} are leaked" in said
    assert str(others) not in said


def test_a_dataset_by_anybody_is_compared_as_it_is(
    pictures: Path, tmp_path: Path, datagen_here: Run
) -> None:
    ds = tmp_path / "theirs"
    shutil.copytree(pictures, ds / "train")
    shutil.copytree(
        pictures, ds / "val" / "v" / "more"
    )  # folders in a class folder: Keras reads them
    shutil.rmtree(ds / "train" / "x")
    assert datagen.find_leaks(ds, pictures).same_picture == 100
    assert datagen.find_leaks(pictures, pictures).same_picture == 100
    assert datagen_here("inspect", str(pictures), "--against", str(pictures)).returncode == 3


def test_a_dataset_without_parents_pixels_is_read_back_from_its_sources(
    pictures: Path, tmp_path: Path
) -> None:
    """As earlier versions built it."""
    root = Path(shutil.copytree(pictures, tmp_path / "src"))
    mix = (Ingredient(source="images", path=root),)
    ds = build(Recipe(mix=mix, images=300, pipeline="scanned"), tmp_path / "ds").path
    lines = [json.loads(line) for line in (ds / MANIFEST).read_text().splitlines()]
    assert all(len(line.pop("parent_pixels")) == 64 for line in lines)
    (ds / MANIFEST).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert datagen.find_leaks(ds, pictures).leaked == 100
    shutil.rmtree(root)
    found = datagen.find_leaks(ds, pictures)
    assert found.leaked < 100
    assert "parents of images are unknown" in found.notes[0]


def test_a_near_duplicate_is_counted_but_has_not_leaked(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mix = (Ingredient(source="images", path=pictures),)
    ds = build(Recipe(mix=mix, images=100, size="native"), tmp_path / "ds").path
    (tmp_path / "test" / "v").mkdir(parents=True)
    with Image.open(pictures / "v" / "grey.png") as image:
        image.resize((96, 80)).save(tmp_path / "test" / "v" / "a.jpg", quality=60)
    found = datagen.find_leaks(ds, tmp_path / "test")
    assert (found.leaked, found.near_duplicates, found.notes) == (0, 1, ())
    assert found.files == (("v/a.jpg", "near-duplicate"),)
    ((own, (kind, (digest,))),) = found.ours.items()
    assert (kind, digest) == ("near-duplicate", file_hash(tmp_path / "test" / "v" / "a.jpg"))
    assert view_hash(decode_gray((ds / own).read_bytes(), own)) == view_hash(
        decode_gray((pictures / "v" / "grey.png").read_bytes(), own)
    )
    monkeypatch.setattr(leakage, "NEAR_LIMIT", 100)
    found = datagen.find_leaks(ds, tmp_path / "test")
    assert (found.leaked, found.near_duplicates) == (0, None)
    assert found.near_note is not None
    assert "101 images are more than the 100" in found.near_note


def test_what_cannot_be_compared_is_refused_in_a_line(pictures: Path, tmp_path: Path) -> None:
    test = tmp_path / "test"
    (test / "v").mkdir(parents=True)
    with pytest.raises(MissingInputError, match="no images in class folders"):
        datagen.find_leaks(pictures, test)
    with pytest.raises(MissingInputError, match="no folder at"):
        datagen.find_leaks(pictures, tmp_path / "nowhere")
    (test / "v" / "a.png").write_bytes(b"no image")
    with pytest.raises(CorruptInputError, match="cannot be decoded"):
        datagen.find_leaks(pictures, test)
    (test / "v" / "a.png").unlink()
    os.mkfifo(test / "v" / "a.png")
    with pytest.raises(CorruptInputError, match="named pipe"):
        datagen.find_leaks(pictures, test)
    (test / "v" / "a.png").unlink()
    (test / "xi").mkdir()
    with pytest.raises(CorruptInputError, match="xi"):
        datagen.find_leaks(pictures, test)


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70))))
def test_a_picture_stored_as_the_evaluator_sees_it_keeps_its_hash(image: np.ndarray) -> None:
    small = cv2.imencode(".png", evaluator_view(image))[1].tobytes()
    large = cv2.imencode(".png", image)[1].tobytes()
    assert view_hash(decode_gray(small, "")) == view_hash(decode_gray(large, ""))
