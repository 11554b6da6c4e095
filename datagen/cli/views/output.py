"""What all commands share of printing: who hears what, and how a number reads."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from datagen.core import machine
from datagen.core.numerals import Split
from pipelines.text import printable

if TYPE_CHECKING:
    from datagen.api.progress import Progress

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per result on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only warnings and errors.")]


cores = machine.cores

_PAUSE: Final = 20.0  # seconds between two lines
_UNKNOWN_TENTH: Final = 10_000_000  # bytes between two lines where nobody knows how many come


def console(*, as_json: bool, quiet: bool = False) -> Any:
    """Return the `rich.console.Console` for human output: stderr when stdout carries JSON."""
    from rich.console import Console

    from datagen.cli.views.harmless import harmless

    # no markup: a path may hold [brackets]
    return harmless(Console(stderr=as_json, quiet=quiet, highlight=False, markup=False))


def counts_table(title: str, counts: Mapping[Split, Mapping[str, int]]) -> Any:
    """Return a `FittedTable` of images per split (rows) and class (columns)."""
    from datagen.cli.views.tables import Column, FittedTable

    classes = [Column(numeral) for numeral in counts["train"]]
    table = FittedTable(Column("", "word"), *classes, Column("all"), title=title, boxed=True)
    for split, row in counts.items():
        table.add_row(split, *(f"{n:,}" for n in row.values()), f"{sum(row.values()):,}")
    return table


def emit(result: Mapping[str, Any]) -> None:
    """Print one result as one line of JSON on stdout, in ASCII: safe in any locale."""
    print(json.dumps(result, allow_nan=False), flush=True)


def is_live() -> bool:
    """Return whether stderr is a terminal that a person looks at.

    `!datagen …` in a notebook has a terminal too, which keeps every frame of a bar as output.
    """
    return sys.stderr.isatty() and "JPY_PARENT_PID" not in os.environ


@contextmanager
def progress_bars(*, quiet: bool) -> "Iterator[Progress]":
    """Yield what shows the progress of work on stderr: bars in a terminal, else lines."""
    from datagen.api.progress import RichProgress, no_progress

    if quiet or not is_live():
        yield no_progress if quiet else _Lines()
        return
    with RichProgress(transient=True) as bars:
        yield bars


class _Lines:
    """Says in a log how far long work is: every tenth of the bytes that come, else now and then."""

    def __init__(self) -> None:
        self._tenths: dict[str, int] = {}
        self._last = time.monotonic()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Say how far a step is, if it is time to."""
        from datagen.api.progress import counted_text, is_bytes

        if self._is_next_tenth(step, done, total) if is_bytes(step) else self._is_time():
            shown = f"{printable(step)}: {counted_text(step, done, total)}"
            print(shown, file=sys.stderr, flush=True)
            self._last = time.monotonic()

    def _is_next_tenth(self, step: str, done: int, total: int | None) -> bool:
        tenth = done * 10 // total if total else done // _UNKNOWN_TENTH
        before = self._tenths.get(step, 0)
        self._tenths[step] = max(tenth, before)
        return tenth > before

    def _is_time(self) -> bool:
        return time.monotonic() - self._last >= _PAUSE
