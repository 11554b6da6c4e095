"""Logs of one record per line, where the disk refuses a line."""

import errno
from pathlib import Path

import pytest
from pydantic import BaseModel

from datagen.files.lines import append_line


class Record(BaseModel):
    """A line."""

    number: int


def test_a_full_disk_is_said_with_the_name_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("datagen.files.lines.os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*log\.jsonl") as refused:
        append_line(tmp_path / "log.jsonl", Record(number=1))
    assert refused.value.errno == errno.ENOSPC
