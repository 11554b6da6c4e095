"""What a killed run leaves beside its target goes away or is put back; a live run's stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.files import leftovers
from datagen.files.atomic import staged, staged_file
from datagen.files.leftovers import clear, is_folder, recover, require_folder

DIGITS = "0123456789abcdef" * 2
posix = pytest.mark.skipif(os.name != "posix", reason="Windows locks no folders")

KILLED = """
import os, pathlib, signal, sys
from datagen.files import atomic
number, calls, rename = int(sys.argv[2]), [], pathlib.Path.rename
def killed(self, to):
    calls.append(to)
    if len(calls) == number: os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, to)
pathlib.Path.rename = killed
if sys.argv[3] == "steps": atomic.exchange = lambda *_: False
with atomic.staged(pathlib.Path(sys.argv[1]), overwrite=True, marker="marker") as folder:
    (folder / "marker").write_text("new")
"""


def make(target: Path, text: str) -> None:
    with staged(target, overwrite=True, marker="marker") as folder:
        (folder / "marker").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@posix
def test_the_next_run_clears_what_dead_ones_left(tmp_path: Path) -> None:
    make(tmp_path / "ds", "old")
    for name in (f".ds.{DIGITS}.partial", f".ds.{DIGITS}.old", ".ds.abcd_123.old/old"):
        (tmp_path / name / "train").mkdir(parents=True)
    (tmp_path / f".ds.json.{DIGITS}").write_text("half")
    make(tmp_path / "ds", "new")
    with staged_file(tmp_path / "ds.json") as file:
        file.write_text("whole")
    assert names(tmp_path) == ["ds", "ds.json"]


def test_what_is_not_ours_or_another_targets_stays(tmp_path: Path) -> None:
    others = [".ds.backup12.old", ".ds.partial", ".ds.v1.old", f".ds2.{DIGITS}.partial", "x.old"]
    for name in others:
        (tmp_path / name / "train").mkdir(parents=True)
    (tmp_path / f".ds.{DIGITS[:-1]}g").write_text("a file of somebody's")
    before = names(tmp_path)
    make(tmp_path / "ds", "new")
    assert names(tmp_path) == sorted([*before, "ds"])


def test_a_live_run_keeps_its_own(tmp_path: Path) -> None:
    target = tmp_path / "ds"
    with staged(target, overwrite=True, marker="marker") as first:
        (first / "marker").write_text("first")
        make(target, "second")
        assert first.is_dir()
    assert (target / "marker").read_text() == "first"
    with staged_file(tmp_path / "a") as one:
        one.write_text("one")
        with staged_file(tmp_path / "a") as two:
            two.write_text("two")
    assert (tmp_path / "a").read_text() == "one"
    assert names(tmp_path) == ["a", "ds"]


@pytest.mark.parametrize("days", [0.5, 1.5])
def test_where_nothing_can_be_locked_age_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: float
) -> None:
    def no_locks(_: Path) -> int | None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(leftovers, "try_hold", no_locks)
    left = tmp_path / f".ds.{DIGITS}.partial"
    (left / "train" / "i").mkdir(parents=True)
    now = left.stat().st_mtime
    monkeypatch.setattr("datagen.files.leftovers.time.time", lambda: now + days * 86_400)
    clear(tmp_path / "ds", ".partial")
    assert left.exists() == (days < 1)
    make(tmp_path / "ds", "new")
    assert (tmp_path / "ds" / "marker").read_text() == "new"


@posix
@pytest.mark.parametrize("moved", [f".ds.{DIGITS}.old", ".ds.abcd_123.old/old"])
def test_what_was_moved_aside_comes_back(tmp_path: Path, moved: str) -> None:
    (tmp_path / moved).mkdir(parents=True)
    (tmp_path / moved / "marker").write_text("old")
    (tmp_path / "link").symlink_to("ds")
    assert is_folder(tmp_path / "link")
    assert (tmp_path / "ds" / "marker").read_text() == "old"
    recover(tmp_path / "ds")
    clear(tmp_path / "ds", ".partial")
    assert names(tmp_path) == ["ds", "link"]


def test_what_cannot_be_a_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for name in ("none", "loop", "a\0b", "x" * 300):
        assert not is_folder(tmp_path / name)


@posix
def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    require_folder(tmp_path, "images")
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("file", "file is a file, no dataset; expected images"),
        ("file/below", "no dataset at .*file/below; expected images"),
        ("pipe", "pipe is a named pipe, no dataset; expected images"),
        ("none", "no dataset at .*none; expected images"),
        ("a\0b", "no dataset at .*"),
    ):
        with pytest.raises(MissingInputError, match=said):
            require_folder(tmp_path / name, "images", "dataset")
    for name in ("loop", "x" * 300):
        with pytest.raises(CorruptInputError, match="cannot be used"):
            require_folder(tmp_path / name, "images")


@posix
@pytest.mark.parametrize("how", ["at once", "steps"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_killed_between_renames_the_old_or_the_new_is_there(
    tmp_path: Path, number: int, how: str
) -> None:
    target = tmp_path / "ds"
    make(target, "old")
    run = subprocess.run([sys.executable, "-c", KILLED, target, str(number), how], check=False)
    if how == "at once":
        assert run.returncode == 0
        assert names(tmp_path) == ["ds"]
    else:
        assert run.returncode == -9
        assert is_folder(target)
        assert (target / "marker").read_text() == ("new" if number == 3 else "old")
    make(target, "newer")
    assert (target / "marker").read_text() == "newer"
    assert names(tmp_path) == ["ds"]
