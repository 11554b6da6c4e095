"""Files that people name: what a path means, and what a text file holds.

Read are regular files and pipes, such as `/dev/stdin`, up to a bound that no such text needs.
"""

import os
from pathlib import Path

from pipelines.text import quoted


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
    if user == "~" and os.environ.get("HOME") == "":
        home = "~"  # an empty HOME would make /x of ~/x
    else:
        home = os.path.expanduser(user)  # noqa: PTH111 - `Path` raises where this one does not
    if home == user:
        raise ValueError(
            f"{quoted(text)} begins with {quoted(user)}, and no home folder is known of "
            f"{'this user' if user == '~' else 'that user'}; write the whole path (./{user} for a "
            "file of that name)"
        )
    return Path(home + text[len(user) :])
