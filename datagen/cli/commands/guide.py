"""`datagen guide`: the documentation that is installed with the program."""

import os
import re
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from datagen.cli.views.next_step import print_next
from datagen.cli.views.output import Json, console, emit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datagen.guide import Topic

_WIDEST: Final = 100  # columns: longer lines are hard to read
_LINK_TO_PAGE: Final = re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md(?:#[\w-]*)?\)")
_LINK_WITHIN: Final = re.compile(r"\[([^\]]+)\]\(#[\w-]+\)")


def guide(
    topic: Annotated[
        str | None,
        typer.Argument(metavar="[TOPIC]", help="Show this page (default: list all)."),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the page as Markdown, also on a terminal.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read the documentation: list its pages, or show one.

    On a terminal the page is formatted and shown in a pager; otherwise it is printed as Markdown.

    Example: `datagen guide tutorial`
    """
    from datagen.guide import text, topics

    if topic is None:
        _list(topics(), as_json=as_json)
        return
    page = text(topic)
    if as_json:
        found = topics()[topic]
        emit(_plain(topic, found) | {"markdown": page})
    elif raw or not sys.stdout.isatty():
        print(page, end="")
    else:
        _page(page)


def _list(found: "Mapping[str, Topic]", *, as_json: bool) -> None:
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(Column("", "word", "bold"), Column("", "text"))
    for name, topic in found.items():
        table.add_row(name, topic.summary)
    out = console(as_json=as_json)
    out.print(table)
    print_next(out, "guide", "tutorial", why="from an empty folder to a score")
    if as_json:
        for name, topic in found.items():
            emit(_plain(name, topic))


def _plain(name: str, topic: "Topic") -> dict[str, str]:
    return {"command": "guide", "name": name, "title": topic.title, "summary": topic.summary}


def _page(markdown: str) -> None:
    """Show a page in a pager, as wide as the terminal has room for."""
    from rich.console import Console
    from rich.markdown import Markdown

    less = os.environ.setdefault("LESS", "-R")  # -R: colours are shown, not spelled out
    out = Console(width=min(Console().width, _WIDEST))
    text = _LINK_WITHIN.sub(r"\1", _LINK_TO_PAGE.sub(r"\1 (`datagen guide \2`)", markdown))
    with out.pager(styles=os.name == "posix" and "r" in less.lower()):
        # hyperlinks=False: an address is written out, for not every pager can follow a link
        out.print(Markdown(text, hyperlinks=False))
