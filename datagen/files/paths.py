"""What people write for a path: one meaning for all commands, recipes and environment variables.

Enters: text, or a path. Leaves: a path without `~`; whether anything is there is not looked at.
"""

import os
from pathlib import Path

from datagen.core.errors import UsageError
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
