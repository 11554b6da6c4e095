"""A link that leads to itself is one clear line for every command, as input and as output."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

READ = [
    ("audit", "loop"),
    ("card", "loop"),
    ("compare-models", "loop", "--models", "simple-cnn", "--test", "ds/val"),
    ("compare-models", "ds", "--models", "simple-cnn", "--test", "loop"),
    ("diff", "loop", "ds"),
    ("doctor", "loop"),
    ("evaluate", "loop", "--preview", "1"),
    ("evaluate", "ds", "--preview", "1", "--test", "loop"),
    ("export", "loop", "--zip"),
    ("export", "loop", "--flatten"),
    ("holdout", "loop", "--out", "h"),
    ("inspect", "loop"),
    ("mine", "ds", "--test", "loop"),
    ("rare", "loop"),
    ("verify", "loop"),
    ("view", "loop"),
]
WRITTEN = [
    ("card", "ds", "-o", "loop"),
    ("doctor", "ds", "--fix", "loop"),
    ("evaluate", "ds", "--preview", "1", "--out", "loop"),
    ("evaluate", "ds", "--preview", "1", "--out", "loop/x"),
    ("export", "ds", "loop", "--zip"),
    ("export", "ds", "loop", "--flatten"),
    ("export", "ds", "loop", "--hf"),
    ("holdout", "ds/train", "--out", "loop"),
    ("view", "ds", "--html", "loop"),
    ("view", "ds", "--html", "loop/x"),
]


@pytest.mark.parametrize(
    ("words", "code"), [*((words, 4) for words in READ), *((words, 2) for words in WRITTEN)]
)
def test_it_is_one_clear_line(
    datagen_here: Run, dataset: Path, tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.iterdir())
    done = datagen_here(*words)
    assert (done.returncode, done.stdout) == (code, "")
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("datagen:")]
    assert "loop" in said
    assert "Traceback" not in done.stderr
    assert "epoch 1/1" not in done.stderr
    made = {place for place in tmp_path.iterdir() if place not in before}
    assert {place.name for place in made} <= {"cache"}
    assert dataset.is_dir()
