"""Paths as records say them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import datagen
from datagen.core.errors import MissingInputError
from datagen.files.paths import absolute, recorded_place, recorded_text, user_path

Run = Callable[..., subprocess.CompletedProcess[str]]
posix = pytest.mark.skipif(os.name != "posix", reason="Windows removes no working folder")


def test_a_place_is_found_again_from_the_folder_of_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    for given in ("ds", tmp_path / "ds", "report/../ds", "link/ds", ".", "real/.."):
        told = recorded_place(given, Path("report"))
        assert str(tmp_path) not in told
        assert absolute(told, tmp_path / "report") == Path(given).resolve()
    assert recorded_place("link", Path("report")) == "../link"  # keeps the name that people know


def test_sentences_name_no_users_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "ana"
    monkeypatch.setenv("HOME", str(home))
    data = home / "data"
    text = f"2 files of {data} (first {data}/i/a.png), not {data}-2 nor {tmp_path}/else."
    assert recorded_text(text, [data], home / "report") == (
        f"2 files of ../data (first ../data/i/a.png), not ~/data-2 nor {tmp_path}/else."
    )


@pytest.fixture
def removed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the working folder be one that was removed."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    return folder


LOST = "^the working folder is not there any more; change to another$"


@posix
@pytest.mark.usefixtures("removed_folder")
def test_a_working_folder_that_was_removed_is_named(dataset: Path) -> None:
    calls: list[Callable[[], object]] = [
        lambda: datagen.plan({"images": 60}),
        lambda: datagen.load_recipe("default"),
        lambda: datagen.open_dataset("ds"),
        lambda: datagen.evaluate(dataset, preview=1),
        lambda: datagen.sweep({"vary": {"seed": [0, 1]}}, dataset.parent / "sweep"),
        lambda: user_path("ds"),
    ]
    for call in calls:
        with pytest.raises(MissingInputError, match=LOST):
            call()
    assert absolute("train", dataset) == dataset / "train"


@posix
def test_a_command_says_that_its_working_folder_was_removed(
    datagen_here: Run, removed_folder: Path, dataset: Path, tmp_path: Path
) -> None:
    assert not removed_folder.exists()
    for words in (f"build --images 60 --out {tmp_path}/new", "preview", "inspect ds", "rare ds"):
        done = datagen_here(*words.split())
        assert done.returncode == 4
        (line,) = done.stderr.splitlines()
        assert line == "datagen: the working folder is not there any more; change to another"
    assert datagen_here("inspect", dataset).returncode == 0
