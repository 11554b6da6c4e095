"""`sweep.html`: the answer of a sweep as one page that needs nothing but a browser."""

from pathlib import Path
from typing import Final

from datagen.reports.html.document import write_document
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
    write_document(path, page(answer), "the trials themselves are kept")
    return path
