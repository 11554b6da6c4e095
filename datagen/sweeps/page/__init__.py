"""`sweep.html`: the answer of a sweep as one page that needs nothing but a browser."""

from pathlib import Path
from typing import Final

from datagen.core.errors import EvaluationError
from datagen.files.atomic import staged_file
from datagen.sweeps.page.page import page
from datagen.sweeps.results.ranking import Answer

__all__ = ["PAGE", "page", "write_page"]

PAGE: Final = "sweep.html"


def write_page(answer: Answer) -> Path:
    """Write the page into the sweep's folder, and return its path.

    Raises:
        EvaluationError: it cannot be written.
    """
    path = answer.folder / PAGE
    try:
        with staged_file(path) as temporary:
            temporary.write_text(page(answer), "utf-8", newline="")
    except OSError as error:
        raise EvaluationError(
            f"cannot write {path}: {error.strerror}; the trials themselves are kept"
        ) from error
    return path
