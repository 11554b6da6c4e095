"""The one command that each command ends with: what to do next, ready to be copied.

It is quoted for the shell and runs as it is printed, in the folder it is printed in.
"""

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datagen.files import paths

Word = str | Path | int


def print_next(out: Any, *words: Word, why: str = "", to: str | None = None) -> None:
    """Print the next command.

    Args:
        out: the console.
        words: what follows `datagen`.
        why: said behind it, as a comment for the shell.
        to: a file that its output goes to.
    """
    line = command("datagen", *words) + (f" > {command(to)}" if to else "")
    out.print(f"next         {line}" + (f"   # {why}" if why else ""), soft_wrap=True)


def command(*words: Word) -> str:
    """Return words as a shell takes them.

    Example:
        >>> command("datagen", "inspect", "my data")
        "datagen inspect 'my data'"
    """
    texts = [str(word) for word in words]
    return subprocess.list2cmdline(texts) if os.name == "nt" else shlex.join(texts)


def as_argument(path: Path) -> Path | str:
    """Return a path that cannot be taken for a flag."""
    return f"./{path}" if str(path).startswith("-") else path


def from_here(path: Path) -> str:
    """Return a path from the working folder, where it lies below it."""
    return str(as_argument(paths.from_here(path)))


def free_name(name: str) -> str:
    """Return a name that no file or folder here has: `name`, `name-2`, …."""
    taken = {entry.name for entry in Path().iterdir()}
    names = [name, *(f"{name}-{k}" for k in range(2, len(taken) + 3))]
    return next(each for each in names if each not in taken)


def flags(**given: object) -> list[str]:
    """Return flags with their values; lists are repeated, what is None is left out.

    Example:
        >>> flags(mix=["pen=1", "emnist=1"], val_from=None, seed=3)
        ['--mix', 'pen=1', '--mix', 'emnist=1', '--seed', '3']
    """
    words: list[str] = []
    for key, value in given.items():
        values: Sequence[object] = value if isinstance(value, list | tuple) else [value]
        for each in values:
            if each is not None:
                words += [f"--{key.replace('_', '-')}", str(each)]
    return words
