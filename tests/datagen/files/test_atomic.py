import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from datagen.core.errors import UsageError
from datagen.files.atomic import (
    made_folder,
    require_writable,
    require_writable_folder,
    resolved,
    staged,
    staged_file,
    write_texts,
)


def fill(folder: Path, text: str = "new") -> None:
    (folder / "marker").write_text(text)


def fail_midway(target: Path, error: BaseException, *, overwrite: bool = False) -> None:
    with staged(target, overwrite=overwrite, marker="marker") as folder:
        fill(folder)
        raise error


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "ds"
    with staged(target, overwrite=False, marker="marker") as folder:
        fill(folder)
        assert not target.exists()
    assert (target / "marker").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["ds"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a" / "b" / "ds"
    with pytest.raises(error):
        fail_midway(target, error())
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_what_stood_there(tmp_path: Path) -> None:
    target = tmp_path / "ds"
    target.mkdir()
    fill(target, "old")
    with pytest.raises(ValueError, match="no"):
        fail_midway(target, ValueError("no"), overwrite=True)
    assert (target / "marker").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]


def test_an_existing_target_needs_overwrite(tmp_path: Path) -> None:
    target = tmp_path / "ds"
    target.mkdir()
    fill(target, "old")
    with pytest.raises(UsageError, match="exists; --overwrite"):
        staged(target, overwrite=False, marker="marker").__enter__()
    with staged(target, overwrite=True, marker="marker") as folder:
        fill(folder)
    assert (target / "marker").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]


def test_what_is_not_ours_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis").write_text("mine")
    with pytest.raises(UsageError, match="not ours to overwrite"):
        staged(tmp_path / "home", overwrite=True, marker="marker").__enter__()
    with pytest.raises(UsageError, match="is a file"):
        staged(tmp_path / "home" / "thesis", overwrite=True, marker="marker").__enter__()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write in .*file: "):
        staged(tmp_path / "file" / "ds", overwrite=False, marker="marker").__enter__()


@pytest.mark.skipif(os.name != "posix", reason="needs a folder where nobody may write")
def test_a_place_where_nobody_may_write() -> None:
    with pytest.raises(UsageError, match="cannot write in /proc|cannot make /proc"):
        staged(Path("/proc/ds"), overwrite=False, marker="marker").__enter__()


def fill_while_another_run_ends(target: Path) -> None:
    with staged(target, overwrite=False, marker="marker") as folder:
        fill(folder)
        target.mkdir()
        fill(target, "another run's")


def test_a_target_that_another_run_made_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "ds"
    with pytest.raises(UsageError, match="exists; --overwrite"):
        fill_while_another_run_ends(target)
    assert (target / "marker").read_text() == "another run's"
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]


def test_a_target_that_appears_at_the_last_moment_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "ds"
    rename = Path.rename

    def late(self: Path, to: Path) -> Path:
        to.mkdir()
        fill(to, "another run's")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", late)
    with (
        pytest.raises(UsageError, match="does another run write there"),
        staged(target, overwrite=False, marker="marker") as folder,
    ):
        fill(folder)
    assert (target / "marker").read_text() == "another run's"
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]


@pytest.mark.parametrize("error", [OSError(5, "I/O error"), KeyboardInterrupt()])
def test_what_stood_there_comes_back_when_the_last_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    target = tmp_path / "ds"
    target.mkdir()
    fill(target, "old")
    rename = Path.rename

    def failing(self: Path, to: Path) -> Path:
        if self.suffix == ".partial":
            raise error
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    monkeypatch.setattr("datagen.files.atomic.exchange", lambda *_: False)
    with (
        pytest.raises((UsageError, KeyboardInterrupt)),
        staged(target, overwrite=True, marker="marker") as folder,
    ):
        fill(folder)
    assert (target / "marker").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["ds"]


@pytest.mark.skipif(os.name != "posix", reason="Windows makes links for administrators only")
def test_a_target_is_taken_where_it_really_is(tmp_path: Path) -> None:
    (tmp_path / "big disk").mkdir()
    (tmp_path / "ds").symlink_to(tmp_path / "big disk")
    real = (tmp_path / "big disk").resolve()
    assert resolved(tmp_path / "ds") == real
    assert resolved(tmp_path / "ds" / ".." / "big disk") == real
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for bad in ("loop", "x" * 300):
        with pytest.raises(UsageError, match="cannot use .*; choose another --out"):
            resolved(tmp_path / bad)


def refusing(times: int, how: Callable[..., Path]) -> Callable[..., Path]:
    """Return `how`, refused at first as where a virus scanner holds what was just written."""
    left = [times]

    def rename(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] >= 0:
            raise PermissionError(13, "held by another program")
        return how(self, target)

    return rename


def test_on_windows_a_rename_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datagen.files.atomic._PAUSES", (0.0, 0.0))
    monkeypatch.setattr("datagen.files.atomic.sys.platform", "win32")
    for times in (2, 3):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", refusing(times, Path.replace))
            patched.setattr(Path, "rename", refusing(times, Path.rename))
            if times == 2:
                write(tmp_path / "file")
                with staged(tmp_path / "ds", overwrite=False, marker="marker") as folder:
                    fill(folder)
            else:
                with pytest.raises(PermissionError):
                    write(tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ds", "file"]


def write(target: Path) -> None:
    with staged_file(target) as temporary:
        temporary.write_text("whole")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX's special files")
@pytest.mark.parametrize("linked", [False, True])
def test_only_files_are_replaced(tmp_path: Path, linked: bool) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("circle")
    (tmp_path / "circle").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listener, (tmp_path / "log").open("w") as log:
        listener.bind(str(tmp_path / "socket"))
        for name, said in {
            "fifo": "named pipe",
            "folder": "a folder",
            "socket": "a socket",
            "loop": "circle",
            "/dev/null": "device",
            "/dev/stdout": "device",
            f"/dev/fd/{log.fileno()}": "device",  # which leads to a file
            f"/proc/self/fd/{log.fileno()}": "device",
        }.items():
            target = tmp_path / name
            if linked:
                target = tmp_path / "link"
                target.unlink(missing_ok=True)
                target.symlink_to(tmp_path / name)
            before = (tmp_path / name).lstat().st_mode
            with pytest.raises(OSError, match=said):
                write(target)
            assert (tmp_path / name).lstat().st_mode == before
    for name in ("fifo", "/dev/null"):
        with pytest.raises(UsageError, match="is a (named pipe|device); choose another --out"):
            staged(tmp_path / name, overwrite=True, marker="marker").__enter__()


@pytest.mark.skipif(os.name != "posix", reason="Windows makes links for administrators only")
def test_a_link_stays_and_what_it_names_is_written(tmp_path: Path) -> None:
    for place in ("a", "b", "disk"):
        (tmp_path / place).mkdir()
    (tmp_path / "a" / "link").symlink_to("../b/second")
    (tmp_path / "b" / "second").symlink_to(tmp_path / "disk" / "file")
    for _ in ("dangling", "there"):
        write(tmp_path / "a" / "link")
        assert (tmp_path / "a" / "link").is_symlink()
        assert (tmp_path / "b" / "second").is_symlink()
        assert (tmp_path / "disk" / "file").read_text() == "whole"
    (tmp_path / "ds").symlink_to("disk/ds")
    for _ in ("dangling", "there"):
        with staged(tmp_path / "ds", overwrite=True, marker="marker") as folder:
            fill(folder)
        assert (tmp_path / "ds").is_symlink()
        assert (tmp_path / "disk" / "ds" / "marker").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "disk", "ds"]


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_named_by_the_file_that_was_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No space left.*a\.json"), staged_file(tmp_path / "a.json"):
        full()
    assert list(tmp_path.iterdir()) == []


def test_texts_appear_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("old")
    write = Path.write_text

    def write_some(self: Path, text: str, *args: str, **words: str) -> int:
        return full() or 0 if text == "third" else write(self, text, *args, **words)

    monkeypatch.setattr(Path, "write_text", write_some)
    with pytest.raises(OSError, match="No space left"):
        write_texts(tmp_path, {"a": "first", "c": "third", "b": "second"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}
    monkeypatch.undo()
    write_texts(tmp_path, {"a": "first", "c": "third", "b": "second"})
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"a": "first", "b": "second", "c": "third"}


def test_the_last_text_appears_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    appeared: list[str] = []
    replace = Path.replace

    def seen(self: Path, to: Path) -> Path:
        appeared.append(to.name)
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", seen)
    write_texts(tmp_path, {"z": "", "a": "", "summary": ""})
    assert appeared == ["z", "a", "summary"]


def test_a_folder_that_was_made_in_vain_goes_again(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"), made_folder(tmp_path / "a" / "b"):
        full()
    assert list(tmp_path.iterdir()) == []
    with made_folder(tmp_path / "a" / "b"):
        pass
    assert (tmp_path / "a" / "b").is_dir()


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    require_writable(tmp_path / "a")
    require_writable_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="cannot write .*: no folder .*; choose another --out"):
        require_writable(tmp_path / "no" / "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write in .*choose another --out"):
        require_writable_folder(tmp_path / "file" / "a")


@pytest.mark.skipif(os.name != "posix", reason="needs a folder where nobody may write")
def test_a_folder_where_nobody_may_write_is_known_before() -> None:
    with pytest.raises(UsageError, match="cannot write /proc/a: .*; choose another --out"):
        require_writable(Path("/proc/a"))
    with pytest.raises(UsageError, match="cannot write in /proc"):
        require_writable_folder(Path("/proc/ds"))
