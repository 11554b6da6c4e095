"""What all commands make of their words before they run: paths have one meaning, none is empty.

Enters: a command's function, or the words of the command line. Leaves: the function with its paths
read as people mean them; a refusal of empty words.
"""

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from datagen.core.errors import UsageError
from datagen.files.paths import user_path

P = ParamSpec("P")
R = TypeVar("R")

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
        raise UsageError(f"{named} is empty; say what is meant, or leave it out")
