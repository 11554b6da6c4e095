"""`datagen recipes`: the recipes in the package, to use or to start one's own from."""

import itertools
import sys
from typing import Annotated

import typer

from datagen.cli.views.next_step import free_name, print_next
from datagen.cli.views.output import Json, console, emit


def recipes(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Print this recipe (default: list all).")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the shipped recipes, or print one with its comments.

    Example: `datagen recipes default > my-recipe.yaml`
    """
    from datagen.core.errors import UnknownNameError
    from datagen.recipes.load import shipped

    texts = shipped()
    if name is None:
        _list(texts, as_json=as_json)
        return
    if name not in texts:
        raise UnknownNameError("recipe", name, texts)
    text = texts[name]
    print(text, end="" if text.endswith("\n") else "\n", file=sys.stderr if as_json else sys.stdout)
    if as_json:
        emit(_plain(name, text))


def _list(texts: dict[str, str], *, as_json: bool) -> None:
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(Column("", "word", "bold"), Column("", "text"))
    for name, text in texts.items():
        table.add_row(name, _headline(text))
    out = console(as_json=as_json)
    out.print(table)
    print_next(
        out, "recipes", "default", to=free_name("my-recipe.yaml"), why="starts your own from one"
    )
    if as_json:
        for name, text in texts.items():
            emit(_plain(name, text))


def _plain(name: str, text: str) -> dict[str, str]:
    return {"command": "recipes", "name": name, "summary": _headline(text), "yaml": text}


def _headline(text: str) -> str:
    """Return the first sentence of the comment that a recipe begins with."""
    lines = itertools.takewhile(lambda line: line.startswith("# "), text.splitlines())
    whole = " ".join(line.removeprefix("# ").strip() for line in lines)
    sentence, stop, _ = whole.partition(". ")
    return sentence + stop.rstrip()
