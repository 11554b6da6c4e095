"""Files that people name: what a path means, and what a text file holds.

Read are regular files and pipes, such as `/dev/stdin`, up to a bound that no such text needs.
"""

import codecs
import os
import stat
from pathlib import Path
from typing import Final

from pipelines.text import quoted

LIMIT: Final = 1 << 20
"""Bytes: no YAML that a person writes comes near."""


def read_text(path: Path) -> str:
    """Return the text of a file, or of a pipe such as `/dev/stdin`, without a byte order mark.

    Raises:
        OSError: it is not there, or cannot be read.
        ValueError: it is no text, or more of it than `LIMIT`; the message is one line.
    """
    with path.open("rb") as stream:
        data = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise ValueError(f"it has more than {LIMIT:,} bytes; is it the right file?")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is no text: byte {error.start:,} is not {error.encoding.upper()}; save it as UTF-8"
        ) from error


def is_readable(path: Path) -> bool:
    """Return whether a file or a pipe is there: something to read, and no folder.

    Raises:
        OSError: the system does not say, such as of a name that is too long.
    """
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def expanded(given: str | os.PathLike[str]) -> Path:
    """Return a path with `~` and `~user` at its beginning replaced by that home folder.

    Raises:
        ValueError: it is empty, holds a NUL, or there is no such home; the message is one line.
    """
    text = os.fspath(given)
    if not text:
        raise ValueError("a path is empty; name a file or folder, such as . for this one")
    if "\0" in text:
        raise ValueError(f"{quoted(text)} holds a NUL, which no system allows in a path")
    if not text.startswith("~"):
        return Path(text)
    user = text.partition("/")[0]
    empty = user == "~" and os.environ.get("HOME") == ""  # it would make /x of ~/x
    home = user if empty else os.path.expanduser(user)  # noqa: PTH111 - `Path` raises if there is none
    if home == user:
        raise ValueError(
            f"{quoted(text)} begins with {quoted(user)}, and no home folder is known of "
            f"{'this user' if user == '~' else 'that user'}; write the whole path (./{user} for a "
            "file of that name)"
        )
    return Path(home + text[len(user) :])
