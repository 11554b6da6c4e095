"""What people write for a path: one meaning for all commands, recipes and environment variables.

Enters: text, or a path. Leaves: a path without `~`; whether anything is there is not looked at.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from datagen.core.errors import CorruptInputError, InputError, MissingInputError, UsageError
from pipelines.files import expanded


def user_path(given: str | os.PathLike[str]) -> Path:
    """Return the path that a person means; `~` is the home folder, wherever it is written first.

    Raises:
        UsageError: it is empty, holds a NUL, or begins with the home of nobody here.

    Example:
        >>> user_path("photos/iv").parts
        ('photos', 'iv')
    """
    try:
        return expanded(given)
    except ValueError as error:
        raise UsageError(str(error)) from error


_NOT_THE_PLACE: Final = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.ENOMEM,
    errno.EMFILE,
    errno.ENFILE,
    errno.EPIPE,
}
"""What the system refuses for reasons of its own, whatever path was named."""


def place_refused(error: OSError) -> bool:
    """Return whether the system refused the path itself: too long, no permission, no folder."""
    return error.filename is not None and error.errno not in _NOT_THE_PLACE


def refusal(error: OSError) -> InputError:
    """Return what the system refused about a path as an error of ours."""
    place, reason = error.filename, error.strerror or error
    shown = os.fsdecode(place) if isinstance(place, str | bytes | os.PathLike) else str(place)
    kind = MissingInputError if isinstance(error, FileNotFoundError) else CorruptInputError
    return kind(f"{shown} cannot be used: {reason}; name another path, or check its permissions")


@contextmanager
def named_refusals() -> Iterator[None]:
    """Turn what the system refuses about a path into an error of ours; a decorator too.

    Raises:
        InputError: a path is too long, may not be read, leads through a file, or the like.
    """
    try:
        yield
    except OSError as error:
        if not place_refused(error):
            raise
        raise refusal(error) from error
