"""The evaluator's events on stderr: live rows in a terminal, one line per epoch elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from datagen.cli.views.output import is_live
from datagen.core.text import duration, how_many
from datagen.evaluation.process import Event
from pipelines.text import printable


class EventView(Protocol):
    """What shows events; called from one thread."""

    def __call__(self, seed: int, event: Event) -> None:
        """Show one event of the run with this seed."""


@contextmanager
def progress_view(seeds: int, *, quiet: bool, threads: int | None = None) -> Iterator[EventView]:
    """Yield what shows the events of `seeds` runs on stderr.

    Args:
        seeds: how many runs there will be; with one, rows need no names.
        quiet: show warnings only.
        threads: of each run, for how long an epoch takes.
    """
    from rich.console import Console

    from datagen.cli.views.harmless import harmless

    out = harmless(Console(stderr=True, highlight=False, markup=False))
    if quiet:
        yield _warnings_only
    elif out.is_terminal and is_live():
        with _bars(out) as bars:
            yield _Live(bars, threads)
    else:
        yield lambda seed, event: _print(seed, event, threads, several=seeds > 1)


def _bars(out: Any) -> Any:
    from rich.progress import Progress, SpinnerColumn, TextColumn
    from rich.table import Column

    from datagen.cli.views.epoch_columns import MovingBar, PhaseColumn

    whole = Column(no_wrap=True)  # in a narrow terminal the bar gives way, not the numbers
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=whole),
        MovingBar(bar_width=None, table_column=Column(ratio=1)),
        TextColumn("{task.fields[epochs]}", table_column=whole),
        PhaseColumn(table_column=whole),
        console=out,
        transient=True,
        expand=True,
    )


def _warnings_only(seed: int, event: Event) -> None:
    """Show what is no progress."""
    if event["event"] == "warning":
        _print(seed, event, 1, several=False)


class _Live:
    """One row per run: epochs, what happens now and for how long, best so far, time left."""

    def __init__(self, bars: Any, threads: int | None) -> None:
        self._bars = bars
        self._threads = threads
        self._rows: dict[int, Any] = {}
        self._first: Any = self._row("", "reading the images")

    def _row(self, name: str, told: str) -> Any:
        since = time.monotonic()
        return self._bars.add_task(name, total=None, epochs="", told=told, since=since, expect=None)

    def __call__(self, seed: int, event: Event) -> None:
        if event.get("of") == "dataset":  # no run has begun
            self._bars.console.print(_line(event, self._threads), markup=False, soft_wrap=True)
            return
        if self._first is not None:
            self._bars.remove_task(self._first)
            self._first = None
        row = self._rows.get(seed)
        if row is None:
            row = self._rows[seed] = self._row(f"seed {seed}", "starting")
        now = time.monotonic()
        match event["event"]:
            case "warning":
                self._bars.console.print(f"warning: {event['message']}", markup=False)
            case "fetch":
                self._bars.console.print(event["message"], markup=False, soft_wrap=True)
            case "start":
                expect = expected_epoch(event, self._threads)
                total, told = event["epochs"], "first epoch"
                self._bars.update(row, total=total, told=told, since=now, expect=expect)
            case "resume":
                self._bars.update(row, completed=event["epoch"], told="going on", since=now)
            case "epoch":
                epochs = f"{event['epoch']}/{event['epochs']}"
                took = event["eta_seconds"] / max(event["epochs"] - event["epoch"], 1)
                last = event["epoch"] == event["epochs"]
                self._bars.update(
                    row,
                    completed=event["epoch"],
                    epochs=epochs,
                    told="scoring" if last else _told(event),
                    since=now,
                    expect=None if last else took,
                )
            case "done":
                self._bars.update(row, told=f"done in {duration(event['seconds'])}", since=None)


def expected_epoch(event: Event, threads: int | None) -> float | None:
    """Return the seconds that an epoch takes here, where this machine was timed before.

    Args:
        event: `start`, which says how many images there are.
        threads: of the run.
    """
    from datagen.core.budget import Count
    from datagen.sweeps.timing import known_timing

    timing = known_timing("auto", threads) or known_timing(event["engine"], threads)
    return None if timing is None else timing.epoch(Count(event["train"], event["val"]))


def _about(seconds: float) -> str:
    return f"about {duration(seconds)}" if seconds >= 1 else "less than 1 s"


def _told(event: Event) -> str:
    """Return the numbers of an epoch, short enough for a terminal of 80 columns."""
    return (
        f"loss {event['loss']:.2f} val {event['val_loss']:.2f} "
        f"best {event['best_val_accuracy']:.3f} at {event['best_epoch']} "
        f"{duration(event['eta_seconds'])} left"
    )


def _print(seed: int, event: Event, threads: int | None, *, several: bool) -> None:
    """Print one line for one event, where it has something to say."""
    line = _line(event, threads)
    if line:
        own = several and event.get("of") != "dataset"
        print((f"seed {seed}  " if own else "") + printable(line), file=sys.stderr, flush=True)


def _line(event: Event, threads: int | None) -> str:
    match event["event"]:
        case "warning":
            return f"warning: {event['message']}"
        case "fetch":
            return str(event["message"])
        case "start":
            mark = "" if event["official"] else "  PREVIEW, not an official score"
            epoch = expected_epoch(event, threads)
            each = "" if epoch is None else f", {_about(epoch)} each"
            return (
                f"{event['protocol']} ({event['engine']}, {event['device']}, "
                f"seed {event['seed']}): {event['train']:,} train + {event['val']:,} val images, "
                f"{how_many(event['epochs'], 'epoch')}{each}{mark}"
            )
        case "resume":
            return f"going on after epoch {event['epoch']} of {event['epochs']}"
        case "epoch":
            width = len(str(event["epochs"]))
            return (
                f"epoch {event['epoch']:{width}}/{event['epochs']}  loss {event['loss']:.4f}  "
                f"accuracy {event['accuracy']:.4f}  val loss {event['val_loss']:.4f}  "
                f"val accuracy {event['val_accuracy']:.4f}  "
                f"best {event['best_val_accuracy']:.4f} (epoch {event['best_epoch']})  "
                f"{event['steps_per_second']:.0f} batches/s  "
                f"{duration(event['eta_seconds'])} left"
            )
    return ""
