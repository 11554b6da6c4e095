"""`datagen diff` as a user runs it; what it finds is tested elsewhere."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_diff_as_a_process(datagen: Run, dataset: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(dataset, tmp_path / "other"))
    gone = next((other / "train" / "v").iterdir())
    gone.unlink()
    done = datagen("diff", dataset, other, "--json", "--out", tmp_path / "diff.png")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["counts"]["went"] == 1
    assert found["images"][0]["before"]["path"] == f"train/v/{gone.name}"
    assert (tmp_path / "diff.png").is_file()
    assert all(len(line) <= 80 for line in done.stderr.splitlines() if "/" not in line)
    row = next(line for line in done.stderr.splitlines() if line.startswith("v "))
    assert row.split() == ["v", "10", "9", "9", "·", "·", "·", "·", "1"]


def test_equal_datasets_and_what_is_no_dataset(
    datagen_here: Run, dataset: Path, tmp_path: Path
) -> None:
    done = datagen_here("diff", dataset, dataset)
    assert done.returncode in (0, None)
    assert "equal        every image, byte by byte" in done.stdout
    done = datagen_here("diff", dataset, tmp_path / "nowhere")
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.startswith("datagen: no dataset at")
    assert datagen_here("diff", dataset).returncode == 2
