"""Reading files that anybody may have made: regular files only, up to a bound that fits their kind.

Enters: a path and the kind of file that is expected there. Leaves: its bytes, text or lines. A
named pipe, a socket or a device is refused before it is opened, so that reading never waits for
ever and never fills the memory; where a caller says so, pipes and `/dev/stdin` are read too.
"""

import codecs
import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datagen.core.errors import CorruptInputError, InputError, MissingInputError


@dataclass(frozen=True, slots=True)
class FileKind:
    """What is expected in a file.

    Attributes:
        name: what a message calls it, with its article.
        limit: bytes; more is an attack or a mistake.
    """

    name: str
    limit: int


YAML: Final = FileKind("a YAML file", 1 << 20)
"""Recipes, pipelines, specs of sweeps: written by people."""

REVIEW: Final = FileKind("a review", 16 << 20)
"""YAML of what was decided of each image: 135 bytes for one that a named person kept."""

RECORD: Final = FileKind("a record", 64 << 20)
"""JSON that is read whole: a score with 10,000 test images has 5 MB."""

LINES: Final = FileKind("a record", 256 << 20)
"""JSON lines, read one by one: a manifest has 0.7 kB per image."""

IMAGE: Final = FileKind("an image", 64 << 20)
"""No picture of a numeral comes near."""

LINE_LIMIT: Final = 1 << 20
"""Bytes of one line: that of a manifest has 0.7 kB."""

_PIECE: Final = 1 << 20
_PATIENCE: Final = 5.0  # seconds to wait for somebody to write into a named pipe
_MISSING: Final = {errno.ENOENT, errno.ENOTDIR}
_OTHERS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def what_is(mode: int) -> str | None:
    """Return what a file's mode says that it is, `a folder`; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((name for test, name in _OTHERS if test(mode)), "no regular file")


def read_bytes(path: Path, kind: FileKind, *, pipes: bool = False) -> bytes:
    """Return what a file holds.

    Args:
        path: of a regular file, or a link to one.
        kind: what is expected there.
        pipes: take pipes, `/dev/stdin` and the like as well, up to the same bound.

    Raises:
        MissingInputError: there is no such file.
        CorruptInputError: it is no regular file, cannot be read, or holds more than its kind does.
    """
    with open_regular(path, kind, pipes=pipes) as stream:
        try:
            pieces, left = [], kind.limit + 1
            size = os.fstat(stream.fileno()).st_size
            while left > 0 and (piece := stream.read(min(left, size + 1 if size else _PIECE))):
                pieces.append(piece)
                left -= len(piece)
        except OSError as error:
            raise _unreadable(path, error) from error
    if left <= 0:
        raise CorruptInputError(
            f"{path} holds more than the {kind.limit:,} bytes that {kind.name} may have; is it "
            "the right file?"
        )
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_text(path: Path, kind: FileKind, *, pipes: bool = False) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 if it begins as such; no byte order mark.

    Raises:
        MissingInputError, CorruptInputError: see `read_bytes`; also if it is no text.
    """
    return as_text(read_bytes(path, kind, pipes=pipes), path)


def as_text(data: bytes, origin: object) -> str:
    """Return bytes as text, without the byte order mark that some editors write.

    Raises:
        CorruptInputError: they are neither UTF-8, nor UTF-16 with its mark (as PowerShell writes).
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        found = data[error.start : error.start + 1].hex() or "end"
        raise CorruptInputError(
            f"{origin} is no text: byte {error.start:,} (0x{found}) is not {error.encoding.upper()}"
            "; save it as UTF-8"
        ) from error


def read_lines(path: Path, kind: FileKind, line_limit: int = LINE_LIMIT) -> Iterator[bytes]:
    """Yield the lines of a file without their ends; never more than one is in memory.

    Raises:
        MissingInputError, CorruptInputError: see `read_bytes`; also for a line that is too long.
    """
    with open_regular(path, kind) as stream:
        number = read = 0
        while line := _line(stream, path, line_limit):
            number, read = number + 1, read + len(line)
            if len(line) > line_limit or read > kind.limit:
                raise CorruptInputError(
                    f"{path} line {number} has more than {line_limit:,} bytes; is it the right "
                    "file?"
                )
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            yield line.removesuffix(b"\n").removesuffix(b"\r")


def _line(stream: io.BufferedReader, path: Path, limit: int) -> bytes:
    try:
        return stream.readline(limit + 1)
    except OSError as error:
        raise _unreadable(path, error) from error


@contextmanager
def open_regular(
    path: Path, kind: FileKind | None = None, *, pipes: bool = False
) -> Iterator[io.BufferedReader]:
    """Open a regular file, or a link to one, for reading.

    Args:
        path: of the file.
        kind: what is expected there; None: a file of any size, which is read piece by piece.
        pipes: open pipes, `/dev/stdin` and the like as well.

    Raises:
        MissingInputError: there is no such file.
        CorruptInputError: it is no regular file, cannot be opened, or is larger than its kind.
    """
    try:
        _check(path, os.stat(path), kind, pipes)  # noqa: PTH116 - a Path's own is slower
        # before it is opened: that may wait, or rewind a tape; and after, for it may be another now
        descriptor = os.open(path, os.O_RDONLY | _flags())
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, error) from error
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        _check(path, status, kind, pipes)
        if not stat.S_ISREG(status.st_mode):
            _wait_for_writer(descriptor, path, status.st_mode)
        yield stream


def _flags() -> int:
    names = ("O_NONBLOCK", "O_NOCTTY", "O_BINARY")  # each is there on some systems only
    return sum(getattr(os, name, 0) for name in names)


def _check(path: Path, status: os.stat_result, kind: FileKind | None, pipes: bool) -> None:
    found = what_is(status.st_mode)
    if found and not (pipes and found in {"a named pipe", "a device", "a socket"}):
        expected = f", {kind.name}" if kind else ""
        raise CorruptInputError(f"{path} is {found}; expected a regular file{expected}")
    if kind is not None and found is None and status.st_size > kind.limit:
        raise CorruptInputError(
            f"{path} has {status.st_size:,} bytes, more than the {kind.limit:,} that {kind.name} "
            "may have; is it the right file?"
        )


def _wait_for_writer(descriptor: int, path: Path, mode: int) -> None:
    """Let reads wait for data again, once somebody writes: a named pipe may be nobody's.

    Raises:
        CorruptInputError: nobody has written into a named pipe for a while.
    """
    if stat.S_ISFIFO(mode) and not str(path).startswith(("/dev/", "/proc/")):
        import select  # noqa: PLC0415

        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(_PATIENCE * 1000):
            raise CorruptInputError(
                f"nobody has written into the pipe {path} for {_PATIENCE:.0f} s; start its writer, "
                "or give a file"
            )
    os.set_blocking(descriptor, True)


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    reason = error.strerror or error if isinstance(error, OSError) else error
    if isinstance(error, OSError) and error.errno in _MISSING:
        return MissingInputError(f"no file {path}")
    return CorruptInputError(f"{path} cannot be read: {reason}; check it and its permissions")
