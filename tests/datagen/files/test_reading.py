"""Only regular files are read, and never more of them than their kind may hold."""

import codecs
import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.errors import CorruptInputError, InputError, MissingInputError
from datagen.files import reading
from datagen.files.reading import FileKind, read_bytes, read_lines, read_text

SMALL = FileKind("a note", 100)
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX's special files")


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_file_within_its_bound_is_read_whole(tmp_path: Path, size: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_bytes(tmp_path / "a", SMALL) == b"x" * size
    assert read_bytes(tmp_path / "link", SMALL) == b"x" * size


def test_a_large_file_is_refused_by_its_size_and_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(CorruptInputError, match="10,737,418,240 bytes, more than the 100 that a n"):
        read_bytes(tmp_path / "sparse", SMALL)
    with pytest.raises(CorruptInputError, match="10,737,418,240 bytes"):
        next(read_lines(tmp_path / "sparse", SMALL))


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("none", "file/below", "dangling"):
        with pytest.raises(MissingInputError, match="no file"):
            read_bytes(tmp_path / name, SMALL)


@posix
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name, said in {
            "fifo": "is a named pipe; expected a regular file",
            "link": "is a named pipe",
            "socket": "is a socket",
            ".": "is a folder",
            "/dev/zero": "is a device",
            "loop": "cannot be read: ",
            "x" * 300: "cannot be read: ",
            "a\0b": "cannot be read: embedded null",
        }.items():
            with pytest.raises(CorruptInputError, match=said) as caught:
                read_bytes(tmp_path / name, SMALL)
            assert "\n" not in str(caught.value)


@posix
def test_pipes_are_read_where_a_caller_says_so(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"from a pipe")
    os.close(writer)
    assert read_bytes(Path(f"/dev/fd/{reader}"), SMALL, pipes=True) == b"from a pipe"
    os.close(reader)
    os.mkfifo(tmp_path / "fifo")
    late = threading.Timer(0.2, (tmp_path / "fifo").write_bytes, [b"named"])
    late.start()
    assert read_bytes(tmp_path / "fifo", SMALL, pipes=True) == b"named"
    late.join()
    with pytest.raises(CorruptInputError, match="holds more than the 100 bytes that a note may"):
        read_bytes(Path("/dev/zero"), SMALL, pipes=True)
    assert read_bytes(Path(os.devnull), SMALL, pipes=True) == b""


@posix
def test_a_pipe_into_which_nobody_writes_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 0.05)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CorruptInputError, match="nobody has written into the pipe"):
        read_bytes(tmp_path / "fifo", SMALL, pipes=True)


@pytest.mark.parametrize(
    "data", [b"a: \xc3\xa4", codecs.BOM_UTF8 + b"a: \xc3\xa4", "\ufeffa: ä".encode("utf-16-le")]
)
def test_text_has_no_mark(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert read_text(tmp_path / "a", SMALL) == "a: ä"


@pytest.mark.parametrize("data", [b"a: \xff", b"\xff\xfea", b"\xc3"])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(CorruptInputError, match=r"is no text: byte .* is not UTF-.*save it as"):
        read_text(tmp_path / "a", SMALL)


def test_lines(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(codecs.BOM_UTF8 + b"one\r\n\ntwo")
    assert list(read_lines(tmp_path / "a", SMALL)) == [b"one", b"", b"two"]
    (tmp_path / "b").write_bytes(b"a\nb\nlong\n")
    with pytest.raises(CorruptInputError, match="line 3 has more than 2 bytes"):
        list(read_lines(tmp_path / "b", SMALL, 2))


@settings(max_examples=50)
@given(data=st.binary(max_size=150), limit=st.integers(0, 120), line=st.integers(1, 40))
def test_any_bytes_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, limit: int, line: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(data)
    kind = FileKind("a note", limit)
    if len(data) <= limit:
        assert read_bytes(path, kind) == data
    for read in (read_bytes, read_text, lambda *given: list(read_lines(*given, line))):
        said = ""
        try:
            read(path, kind)
        except InputError as error:
            said = str(error)
        assert "\n" not in said
        assert said or len(data) <= limit
