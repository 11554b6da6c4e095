"""What all commands make of their words before they run: paths have one meaning, none is empty.

Enters: a command's function, or the words of the command line. Leaves: the function with its paths
read as people mean them; a refusal of empty words; of several arguments the good ones.
"""

import functools
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from datagen.core.errors import DatagenError, UsageError
from datagen.files.paths import named_refusals, user_path
from pipelines.errors import PipelineError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Refusal = DatagenError | PipelineError

_EMPTY_FLAG = re.compile(r"(--?[\w-]+)=")


def with_user_paths(command: Callable[P, R]) -> Callable[P, R]:
    """Return a command that gets every path as a person means it: `~` is the home folder.

    Raises:
        UsageError: when it is called; see `user_path`.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        kwargs.update({name: _meant(value) for name, value in kwargs.items()})
        return command(*args, **kwargs)

    return run


def _meant(value: Any) -> Any:
    if isinstance(value, list):
        return [_meant(each) for each in value]
    return user_path(value) if isinstance(value, Path) else value


def refuse_empty(words: Sequence[str]) -> None:
    """Refuse a word that is empty: an unset variable of a script is not the default.

    Raises:
        UsageError: there is one; the message names the flag before it.
    """
    for before, word in zip(("", *words), words, strict=False):
        flag = _EMPTY_FLAG.fullmatch(word)
        if word.strip() and not flag:
            continue
        named = flag[1] if flag else before if before.startswith("-") else "an argument"
        raise UsageError(f"{named} is empty; give a value, or leave it out")


def with_word(words: Sequence[str], flag: str, known: Sequence[str], default: str) -> list[str]:
    """Give a flag that stands without its word the default one: Typer knows no such flags.

    Example:
        >>> with_word(["build", "--vet", "--fit"], "--vet", ("drop", "list"), "drop")
        ['build', '--vet', 'drop', '--fit']
    """
    filled: list[str] = []
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        filled += [word, default] if word == flag and after not in known else [word]
    return filled


def good_ones(words: Iterable[T], read: Callable[[T], R]) -> tuple[list[R], list[Refusal]]:
    """Read every argument; one that is refused hides none of the others.

    Returns:
        What was read, and what was refused, for `refuse` once the rest is shown.
    """
    found: list[R] = []
    refused: list[Refusal] = []
    for word in words:
        try:
            with named_refusals():
                found.append(read(word))
        except (DatagenError, PipelineError) as error:
            refused.append(error)
    return found, refused


def refuse(refused: Sequence[Refusal]) -> None:
    """Say what was refused, each on its line; nothing where nothing was.

    Raises:
        DatagenError, PipelineError: the last one, which the command ends with.
    """
    for error in refused[:-1]:
        print(f"datagen: {error}", file=sys.stderr)
    if refused:
        raise refused[-1]
