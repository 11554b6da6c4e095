"""Where a page is written to: refused before work is spent on it."""

from pathlib import Path

from datagen.core.errors import UsageError
from datagen.files.atomic import require_writable


def require_place(page: Path, option: str = "--html") -> None:
    """Refuse a page that could not be written; missing folders above it are made later.

    Args:
        page: its file.
        option: that names another place.

    Raises:
        UsageError: the system lets no file be made there.
    """
    try:
        require_writable(page, make_folders=True)
    except OSError as error:
        raise UsageError(
            f"cannot write {page}: {error.strerror}; choose another {option}"
        ) from error
