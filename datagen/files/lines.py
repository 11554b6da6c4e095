"""Logs of one record per line, to which lines are only ever added.

A line is on the disk before anything follows from it. What a kill left half-written at the end of
a log is no line.
"""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from datagen.core.errors import CorruptInputError, UsageError
from datagen.core.pydantic_errors import explain
from datagen.files.reading import LINES, read_bytes, what_is

_Record = TypeVar("_Record", bound=BaseModel)


def append_line(path: Path, record: BaseModel) -> None:
    """Add one line in one write, and wait until it is on the disk.

    Raises:
        UsageError: it is no file: nobody may ever read what is written into a pipe.
    """
    line = record.model_dump_json().encode() + b"\n"
    binary = getattr(os, "O_BINARY", 0)  # or Windows would write other ends of lines
    waiting = getattr(os, "O_NONBLOCK", 0)  # a pipe without a reader is refused at once
    refuse_other_than_file(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | binary | waiting, 0o644)
    try:
        os.write(descriptor, line)
        os.fsync(descriptor)
    except OSError as error:  # a full disk, which the system says without a name
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)


def read_lines(
    path: Path, kind: type[_Record], removed: str = "what it names is found again"
) -> list[_Record]:
    """Return the records of a log; none where there is no such file.

    Args:
        path: of the log.
        kind: of its records.
        removed: what happens where a damaged line is removed, for the message.

    Raises:
        CorruptInputError: a line is no such record; the message names it.
    """
    # what follows the last end of a line was torn by a kill
    lines = read_bytes(path, LINES).split(b"\n")[:-1] if path.is_file() else []
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(kind.model_validate_json(line))
        except ValidationError as error:
            raise CorruptInputError(
                f"{path} line {number} is damaged ({explain(error, kind)}); remove the line: "
                f"{removed}"
            ) from error
    return found


def cut_torn_line(path: Path) -> None:
    """Cut off what a kill left half-written at the end of a log, if there is one."""
    if not path.is_file():
        return
    data = read_bytes(path, LINES)
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)


def refuse_other_than_file(path: Path) -> None:
    """Refuse what is there and no file.

    Raises:
        UsageError: a folder, a pipe or the like has the log's name.
    """
    if path.exists() and not path.is_file():
        found = what_is(path.stat().st_mode) or "a folder"
        raise UsageError(f"{path} is {found}; remove it, or choose another --out")
