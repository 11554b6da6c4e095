"""Published datasets, opened by the libraries that they are for: the same images and labels."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import datagen
from datagen.core.errors import LicenceError, RuleError, UnknownNameError, UsageError
from datagen.core.numerals import CLASSES
from datagen.datasets.publishing import forms
from datagen.datasets.publishing.forms import FORMS, Form

READ = """
import hashlib, json, sys
import datasets, numpy, webdataset
datasets.disable_progress_bars()

def digest(image):
    return hashlib.sha256(numpy.asarray(image.convert("L")).tobytes()).hexdigest()

found = {}
for form in ("hf", "parquet"):
    data = datasets.load_dataset(f"ds-{form}", cache_dir="cache")
    kind = data["train"].features["label"]
    name = kind.int2str if hasattr(kind, "int2str") else str
    found[form] = {part: sorted([name(row["label"]), digest(row["image"]), row["source"]]
                                for row in rows) for part, rows in data.items()}
    assert form == "hf" or kind.names == sys.argv[1].split(), kind
found["webdataset"] = {}
for part in ("train", "val"):
    rows = webdataset.WebDataset(f"ds-webdataset/{part}-000000.tar", shardshuffle=False)
    rows = rows.decode("pil").to_tuple("png", "cls", "json")
    found["webdataset"][part] = sorted(
        [sys.argv[1].split()[label], digest(image), told["source"]] for image, label, told in rows)
tars = datasets.load_dataset("ds-webdataset", cache_dir="cache")
assert {part: len(rows) for part, rows in tars.items()} == {"train": 80, "validation": 20}
print(json.dumps(found))
"""


@pytest.mark.slow
def test_what_others_open_is_what_was_built(dataset: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="Hugging Face datasets is not installed")
    pytest.importorskip("webdataset", reason="webdataset is not installed")
    for form in FORMS:
        datagen.publish(dataset, form=form)
    quiet = {"HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", READ, " ".join(CLASSES)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | quiet,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    wanted = {
        split: sorted(
            [path.parent.name, _digest(path), "pen"] for path in (dataset / split).glob("*/*.png")
        )
        for split in ("train", "val")
    }
    hub = {"train": wanted["train"], "validation": wanted["val"]}
    assert found == {"hf": hub, "parquet": hub, "webdataset": wanted}


def _digest(path: Path) -> str:
    return hashlib.sha256(np.asarray(Image.open(path).convert("L")).tobytes()).hexdigest()


def test_an_imagefolder_is_a_dataset_still(dataset: Path) -> None:
    folder, published = datagen.publish(dataset)
    found = datagen.inspect(folder)
    assert found.clean
    assert found.fingerprint == published.fingerprint == datagen.inspect(dataset).fingerprint
    assert published.budget == {"limit": 10_000, "exact": 100, "in_batches": 104}
    line = json.loads((folder / "val" / "metadata.jsonl").read_text().splitlines()[0])
    assert (folder / "val" / line["file_name"]).is_file()
    assert line["label"] == line["file_name"].split("/")[0]


def test_equal_datasets_are_published_alike(dataset: Path, tmp_path: Path) -> None:
    for form in FORMS:
        one, _ = datagen.publish(dataset, tmp_path / "one" / form, form=form)
        two, _ = datagen.publish(dataset, tmp_path / "two" / form, form=form)
        names = [path.relative_to(one) for path in one.rglob("*") if path.is_file()]
        assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


def test_large_datasets_are_divided(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    monkeypatch.setattr(forms, "SHARD_BYTES", 5_000)
    folder, _ = datagen.publish(dataset, form="parquet")
    files = sorted((folder / "data").glob("train-*.parquet"))
    assert len(files) > 2
    assert files[0].name == f"train-00000-of-{len(files):05d}.parquet"
    assert sum(parquet.read_table(file).num_rows for file in files) == 80
    folder, _ = datagen.publish(dataset, form="webdataset")
    names: list[str] = []
    for file in folder.glob("train-*.tar"):
        with tarfile.open(file) as tar:
            names += tar.getnames()
    assert len(names) == len(set(names)) == 240


def test_a_webdataset_has_images_of_one_kind(dataset: Path) -> None:
    for record in ("dataset.json", "manifest.jsonl", "recipe.yaml"):
        (dataset / record).unlink()
    files = sorted(dataset.glob("*/*/*.png"))
    for k, file in enumerate(files):
        ending = (".png", ".JPG", ".bmp", ".gif")[k % 4]
        with Image.open(file) as image:
            image.save(file.with_name(f"a.b [{k}]{ending}"))
        file.unlink()
    stated = {"images": "CC0"}
    folder, _ = datagen.publish(dataset, form="webdataset", licences=stated)
    with tarfile.open(folder / "val-000000.tar") as tar:
        found = {member.name: tar.extractfile(member) for member in tar}
        for name, stream in found.items():
            if name.endswith(".json"):
                told = json.loads(stream.read())  # type: ignore[union-attr]
                png = found[name.replace("json", "png")]
                with Image.open(png) as image, Image.open(dataset / told["path"]) as given:
                    assert image.format == "PNG"
                    assert np.array_equal(image.convert("L"), given.convert("L"))
    assert {name.split(".", 1)[1] for name in found} == {"png", "cls", "json"}
    for file in dataset.glob("*/*/*"):
        with Image.open(file) as image:
            image.convert("L").save(file.with_name(f"{file.stem}-{file.suffix[1:]}.jpeg"))
        file.unlink()
    folder, _ = datagen.publish(dataset, form="webdataset", licences=stated, overwrite=True)
    with tarfile.open(folder / "val-000000.tar") as tar:
        assert {name.split(".", 1)[1] for name in tar.getnames()} == {"jpg", "cls", "json"}


def test_no_record_names_a_folder_of_whoever_built_it(dataset: Path, tmp_path: Path) -> None:
    recipe = {"images": 100, "mix": [{"source": "images", "path": str(dataset)}]}
    made = datagen.build(recipe, tmp_path / "deep" / "made")
    folder, _ = datagen.publish(made)
    for name in ("README.md", "dataset.json", "recipe.yaml", "manifest.jsonl"):
        text = (folder / name).read_text()
        assert str(tmp_path) not in text
        assert "../" not in text


@pytest.mark.parametrize("form", FORMS)
def test_what_exists_is_not_replaced_unasked(dataset: Path, tmp_path: Path, form: Form) -> None:
    out = tmp_path / "out"
    datagen.publish(dataset, out, form=form)
    with pytest.raises(UsageError, match="exists; --overwrite replaces it"):
        datagen.publish(dataset, out, form=form)
    datagen.publish(dataset, out, form=form, overwrite=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"holds no export\.json"):
        datagen.publish(dataset, tmp_path / "notes", form=form, overwrite=True)


def test_what_cannot_be_published(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown form 'hff'"):
        datagen.publish(dataset, form="hff")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="lie in one another"):
        datagen.publish(dataset, dataset / "hf")
    next((dataset / "train" / "v").iterdir()).unlink()
    with pytest.raises(RuleError, match="not fit to publish"):
        datagen.publish(dataset)
    (dataset / "dataset.json").unlink()
    with pytest.raises(LicenceError, match="may not be published"):
        datagen.publish(dataset)
    assert not (tmp_path / "ds-hf").exists()


def test_parquet_needs_pyarrow(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"needs the package pyarrow; in the clone, run pip"):
        datagen.publish(dataset, form="parquet")
