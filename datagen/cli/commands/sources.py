"""`datagen sources`: what ink there is, where it lies, how much of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.arguments import good_ones, refuse
from datagen.cli.views.next_step import print_next
from datagen.cli.views.output import Json, console, emit

if TYPE_CHECKING:
    from datagen.sources.catalog import CatalogEntry


def sources(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME[:PATH]]...", help="Show these sources (default: all)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the sources of letters and images: what each is, where its files are, what it has.

    It counts the letters or images of each source, and its writers where they are known.

    Example: `datagen sources emnist:gzip.zip`
    """
    from datagen.api.sources import list_sources

    asked, refused = good_ones(names or (), lambda name: list_sources(name)[0])
    found_sources = asked if names else list_sources()
    if found_sources:
        out = console(as_json=as_json)
        out.print(_table(found_sources))
        if not refused:
            _print_next(names or (), found_sources, out)
    if as_json:
        for found in found_sources:
            emit({"command": "sources"} | found.plain())
    refuse(refused)


def _print_next(names: Sequence[str], found: Sequence["CatalogEntry"], out: Any) -> None:
    known = dict(zip(names, found, strict=False)) or {entry.name: entry for entry in found}
    usable = [name for name, entry in known.items() if entry.available and entry.counts]
    if usable:
        last = "pen" if "pen" in usable else usable[-1]
        print_next(out, "preview", "--source", last, why="a picture of its numerals")


def _table(entries: Sequence["CatalogEntry"]) -> Any:
    """Return a grid: name on the left, what it is and what it has on the right."""
    from rich.text import Text

    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(Column("", "word", "bold"), Column("", "text"), below=1)
    for found in entries:
        facts = Text(found.summary)
        facts.append(f"\n{_holdings(found)}", style="green" if found.available else "yellow")
        table.add_row(found.name, facts)
    return table


def _holdings(found: "CatalogEntry") -> str:
    """Say what a source has and where, or how to get it."""
    if not found.available:
        return found.where
    counts = ", ".join(f"{key} {n:,}" for key, n in found.counts.items())
    writers = "" if found.writers is None else f" by {found.writers:,} writers"
    return f"{found.where}: {sum(found.counts.values()):,}{writers} ({counts})"
