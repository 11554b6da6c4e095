"""`NAME[:PATH]`: how a person names a source and where its files are."""

from pathlib import Path

from datagen.core.errors import UsageError
from datagen.files.paths import user_path
from pipelines.text import quoted


def parse_reference(text: str) -> tuple[str, Path | None]:
    """Parse `NAME[:PATH]` into a source's name and its path, None where none is given.

    Raises:
        UsageError: there is no name, or the path is none; see `user_path`.
    """
    name, _, path = text.partition(":")
    if not name or (":" in text and not path):
        raise UsageError(f"{quoted(text)} is not NAME[:PATH], such as pen or emnist:data/gzip.zip")
    return name, user_path(path) if path else None
