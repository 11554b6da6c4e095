"""What is no regular file, or far too large, is refused at once by whatever reads or writes it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.core.errors import InputError
from datagen.datasets.format import INFO, MANIFEST, read_info, read_manifest
from datagen.evaluation.load import read_summaries
from datagen.evaluation.records import read_score
from datagen.previews.samples import read_samples
from datagen.sources.images.source import read_numeral
from datagen.sources.images.weights import read_weights
from datagen.sources.trajectories.read import read_trajectories
from datagen.sweeps.records import TRIALS, read_trials
from tests.conftest import Run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs named pipes and sparse files")

READERS: dict[str, Callable[[Path], object]] = {
    MANIFEST: lambda path: read_manifest(path.parent),
    INFO: lambda path: read_info(path.parent),
    TRIALS: lambda path: read_trials(path.parent),
    "score.json": read_score,
    "scores.jsonl": read_summaries,
    "hard.json": read_weights,
    "strokes.json": read_trajectories,
    "i.png": lambda path: read_samples([path], numeral="i", style="lower", per_class=1),
    "ii.png": read_numeral,
}


@pytest.mark.parametrize("name", READERS)
def test_readers_wait_for_nobody_and_read_no_gigabytes(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datagen.files.reading._PATIENCE", 0.05)
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises(InputError) as caught:
        READERS[name](path)
    assert "\n" not in str(caught.value)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(InputError):
        READERS[name](path)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(4 << 30)
    with pytest.raises(InputError, match=r"4,294,967,296 bytes, more than"):
        READERS[name](path)


@pytest.mark.parametrize("target", ["pipe.png", "loop.png", "folder.png", "/dev/null"])
def test_commands_write_to_files_and_folders_only(
    tmp_path: Path, datagen_here: Run, target: str
) -> None:
    assert datagen_here("build", "--images", 100, "--quiet", "--out", "ds").returncode == 0
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "folder.png").mkdir()
    before = (tmp_path / target).lstat().st_mode
    commands: list[tuple[object, ...]] = [
        ("preview", "ds", "--out", target),
        ("export", "ds", "--zip", target, "--overwrite"),
        ("card", "ds", "--out", target, "--overwrite"),
        ("diff", "ds", "ds", "--out", target),
        ("rare", "ds/train", "--clusters", 2, "--out", target, "--sheet", "s.png"),
        ("rare", "ds/train", "--clusters", 2, "--out", "r.json", "--sheet", target),
    ]
    if target != "folder.png":
        commands.append(("build", "--images", 100, "--out", target, "--overwrite"))
    for command in commands:
        ran = datagen_here(*command)
        assert ran.returncode == 2, ran.stderr
        assert ran.stderr.startswith("datagen: "), ran.stderr
        assert len(ran.stderr.splitlines()) == 1
        assert (tmp_path / target).lstat().st_mode == before


def test_a_report_goes_into_a_folder(tmp_path: Path, datagen_here: Run) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "ds").mkdir()
    for target in ("pipe", "/dev/null"):
        ran = datagen_here("evaluate", "ds", "--out", target)
        assert ran.returncode == 2
        assert "--out names a folder" in ran.stderr
