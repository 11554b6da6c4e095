"""`datagen diff` as a user runs it; what it finds is tested elsewhere."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


def ends(*words: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


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
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends("diff", str(dataset), str(dataset)) in (0, None)
    assert "equal        every image, byte by byte" in capsys.readouterr().out
    assert ends("diff", str(dataset), str(tmp_path / "nowhere")) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("datagen: no dataset at")
    assert ends("diff", str(dataset)) == 2
