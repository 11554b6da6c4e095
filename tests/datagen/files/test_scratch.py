import errno
import os
import stat
import tempfile
from pathlib import Path

import pytest

from datagen.files.scratch import scratch


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_private_and_goes_with_its_block(temporary_folder: Path) -> None:
    with scratch("datagen-a") as one, scratch("datagen-a") as other:
        assert one != other
        assert stat.S_IMODE(one.stat().st_mode) == 0o700 or os.name == "nt"
        (one / "file").write_text("")
        assert one.parent == other.parent == temporary_folder.resolve()
    assert list(temporary_folder.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(temporary_folder: Path) -> None:
    left = temporary_folder / f".datagen-a.{'0' * 32}.partial"
    other = temporary_folder / f".datagen-b.{'0' * 32}.partial"
    for folder in (left, other):
        folder.mkdir()
        (folder / "data.npz").write_text("")
    with scratch("datagen-a"):
        assert not left.exists()
    assert list(temporary_folder.iterdir()) == [other]


def test_a_full_disk_is_named(temporary_folder: Path) -> None:
    with pytest.raises(OSError, match="No space left") as full, scratch("datagen-a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(temporary_folder.resolve()) in full.value.filename
