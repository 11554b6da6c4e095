"""`datagen sources`: what ink there is, where it lies, how much of it."""

from typing import Annotated, Any

import typer

from datagen.cli.output import Json, console, emit


def sources(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME[:PATH]]...", help="Look into these; default: all there are."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the sources of ink: what they are, where they are found, how many letters and writers.

    Example: `datagen sources emnist:gzip.zip`
    """
    from datagen.offer import all_offers, offer

    offers = [offer(name) for name in names] if names else all_offers()
    out = console(as_json=as_json)
    out.print(_table(offers))
    if as_json:
        for found in offers:
            emit({"command": "sources"} | found.plain())


def _table(offers: list[Any]) -> Any:
    from rich.table import Table

    table = Table()
    for title in ("source", "what it is", "where", "letters or images", "writers"):
        table.add_column(title, overflow="fold")
    for found in offers:
        counts = ", ".join(f"{key} {n:,}" for key, n in found.counts.items())
        writers = "" if found.writers is None else f"{found.writers:,}"
        table.add_row(found.name, found.summary, found.where, counts, writers)
    return table
