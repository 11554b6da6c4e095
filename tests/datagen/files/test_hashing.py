"""Remembered hashes belong to the files that were read, not to others in their places."""

import os
from pathlib import Path

import pytest

from datagen.files.hashing import file_hash, hash_files


def test_files_that_changed_places_are_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As files out of one archive: equal sizes, equal times."""
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "images"
    folder.mkdir()
    for name, data in (("a", b"one"), ("b", b"two")):
        (folder / name).write_bytes(data)
        os.utime(folder / name, (1_000_000_000, 1_000_000_000))
    before = hash_files(folder, ["a", "b"], "bytes", file_hash)
    (folder / "a").rename(folder / "c")
    (folder / "b").rename(folder / "a")
    (folder / "c").rename(folder / "b")
    after = hash_files(folder, ["a", "b"], "bytes", file_hash)
    assert (after["a"], after["b"]) == (before["b"], before["a"])


def test_a_file_that_is_as_it_was_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a").write_bytes(b"one")
    read: list[Path] = []

    def noted(path: Path) -> str:
        read.append(path)
        return file_hash(path)

    assert hash_files(tmp_path, ["a"], "v", noted) == hash_files(tmp_path, ["a"], "v", noted)
    assert len(read) == 1
