"""The shell of a page: one file with its style in it, that the browser may load nothing for."""

from importlib import resources
from pathlib import Path
from typing import Final

from datagen.core.errors import EvaluationError
from datagen.files.atomic import staged_file
from datagen.files.own_pages import PageKind, generator
from datagen.reports.html.markup import Markup, join, tag

_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def document(kind: PageKind, title: str, body: Markup, style: str = "") -> str:
    """Return a whole page; `style` is CSS added to that of all reports."""
    common = resources.files("datagen.reports.html").joinpath("style.css").read_text("utf-8")
    head = join(
        (
            Markup('<meta charset="utf-8">'),
            Markup(generator(kind)),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            tag("title", title),
            tag("style", Markup(common + style)),
        )
    )
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>{body}</body>\n</html>\n'


def write_document(path: Path, text: str, kept: str) -> None:
    """Write a page, whole or not at all.

    Args:
        path: of the file.
        text: of the page.
        kept: what is not lost where it cannot be written, for the message.

    Raises:
        EvaluationError: it cannot be written.
    """
    try:
        with staged_file(path) as temporary:
            temporary.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise EvaluationError(f"cannot write {path}: {error.strerror}; {kept}") from error
