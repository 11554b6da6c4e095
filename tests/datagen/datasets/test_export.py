import shutil
import zipfile
from pathlib import Path

import pytest

from datagen.core.errors import RuleError, UsageError
from datagen.datasets.export import export_zip


def test_an_archive_holds_the_images_and_nothing_else(dataset: Path, tmp_path: Path) -> None:
    assert export_zip(dataset, tmp_path / "a.zip") == 100
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert archive.read(names[0]) == (dataset / names[0]).read_bytes()
    assert len(names) == 100
    assert {name.split("/")[0] for name in names} == {"train", "val"}


def test_equal_datasets_make_equal_archives(dataset: Path, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        export_zip(dataset, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_an_existing_archive_needs_overwrite(dataset: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_text("mine")
    with pytest.raises(UsageError, match="exists; --overwrite"):
        export_zip(dataset, archive)
    export_zip(dataset, archive, overwrite=True)
    assert zipfile.is_zipfile(archive)


def test_a_dataset_that_breaks_a_rule_is_not_exported(dataset: Path, tmp_path: Path) -> None:
    next((dataset / "train" / "v").iterdir()).unlink()
    with pytest.raises(RuleError, match="not fit to submit"):
        export_zip(dataset, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_an_archive_has_no_place_in_the_dataset_nor_instead_of_a_folder(
    dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    before = sorted(dataset.rglob("*"))
    for archive in (dataset / "train" / "a.zip", tmp_path / "folder"):
        with pytest.raises(UsageError, match="it is a folder|lies in the dataset"):
            export_zip(dataset, archive, overwrite=True)
    with pytest.raises(UsageError, match="make it first"):
        export_zip(dataset, tmp_path / "nowhere" / "a.zip")
    assert sorted(dataset.rglob("*")) == before


def test_a_full_disk_leaves_no_archive(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    before = set(tmp_path.iterdir())
    with pytest.raises(UsageError, match=r"cannot write .*a\.zip: No space left"):
        export_zip(dataset, tmp_path / "a.zip")
    assert set(tmp_path.iterdir()) == before


def test_a_class_that_val_lacks_still_has_its_folder(dataset: Path, tmp_path: Path) -> None:
    for record in ("manifest.jsonl", "dataset.json"):
        (dataset / record).unlink()
    shutil.rmtree(dataset / "val" / "iv")
    export_zip(dataset, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "out")
    assert (tmp_path / "out" / "val" / "iv").is_dir()
