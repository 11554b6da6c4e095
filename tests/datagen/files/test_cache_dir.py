"""Cache files: read where they can be trusted, written where the system lets us."""

import hashlib
from pathlib import Path

import pytest

from datagen.core.errors import MissingInputError
from datagen.files.cache_dir import cache_key, read_cached, write_cached


def test_a_key_stays_what_it_was() -> None:
    """Scores of earlier versions are found under it."""
    assert cache_key([1, "a", None]) == hashlib.sha256(b'[1, "a", null]').hexdigest()[:24]
    assert cache_key([{"b": 1, "a": 2}]) == cache_key([{"a": 2, "b": 1}])


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "one"
    assert read_cached(path, Path.read_text) is None
    write_cached(path, lambda temporary: temporary.write_text("kept"))
    assert read_cached(path, Path.read_text) == "kept"
    assert [found.name for found in path.parent.iterdir()] == ["one"]


def test_what_cannot_be_trusted_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "one"
    path.write_text("no number")
    assert read_cached(path, lambda found: int(found.read_text())) is None
    assert [found.name for found in tmp_path.iterdir()] == ["one.corrupt"]
    assert "cannot be read" in caplog.text


def test_other_errors_are_not_hidden(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_text("")

    def fail(_: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_cached(path, fail)

    def missing(_: Path) -> None:
        raise MissingInputError("no file")

    assert read_cached(path, missing) is None
    assert path.is_file()


def test_a_place_that_takes_no_files_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    write_cached(tmp_path / "file" / "one", lambda temporary: temporary.write_text("kept"))
    assert "could not cache" in caplog.text
