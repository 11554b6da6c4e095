"""The evaluator's events on stderr: live rows in a terminal, one line per epoch elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from datagen.core.text import duration
from datagen.evaluation.process import Event


class View(Protocol):
    """What shows events; called from one thread."""

    def __call__(self, seed: int, event: Event) -> None:
        """Show one event of the run with this seed."""


@contextmanager
def progress_view(seeds: int, *, quiet: bool) -> Iterator[View]:
    """Yield what shows the events of `seeds` runs on stderr.

    Args:
        seeds: how many runs there will be; with one, rows need no names.
        quiet: show warnings only.
    """
    from rich.console import Console

    out = Console(stderr=True, highlight=False)
    if quiet:
        yield _warnings_only
    elif out.is_terminal and sys.stderr.isatty():
        with _bars(out) as bars:
            yield _Live(bars)
    else:
        yield lambda seed, event: _print(seed, event, several=seeds > 1)


def _bars(out: Any) -> Any:
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    whole = Column(no_wrap=True)  # in a narrow terminal the bar gives way, not the numbers
    return Progress(
        TextColumn("seed {task.fields[seed]}", table_column=whole),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        TextColumn("{task.fields[epochs]}", table_column=whole),
        TextColumn("{task.fields[told]}", markup=False, table_column=whole),
        console=out,
        transient=True,
        expand=True,
    )


def _warnings_only(seed: int, event: Event) -> None:
    """Show what is no progress."""
    if event["event"] == "warning":
        _print(seed, event, several=False)


class _Live:
    """One row per run: epochs, losses, best so far, rate, time left."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._rows: dict[int, Any] = {}

    def __call__(self, seed: int, event: Event) -> None:
        if event.get("of") == "dataset":  # no run has begun
            self._bars.console.print(_line(event), markup=False, soft_wrap=True)
            return
        row = self._rows.get(seed)
        if row is None:
            row = self._rows[seed] = self._bars.add_task(
                "", total=None, seed=seed, epochs="", told="starting TensorFlow"
            )
        match event["event"]:
            case "warning":
                self._bars.console.print(f"warning: {event['message']}", markup=False)
            case "start":
                self._bars.update(row, total=event["epochs"], told="first epoch")
            case "resume":
                self._bars.update(row, completed=event["epoch"], told="going on")
            case "epoch":
                epochs = f"{event['epoch']}/{event['epochs']}"
                told = _told(event)
                self._bars.update(row, completed=event["epoch"], epochs=epochs, told=told)
            case "done":
                self._bars.update(row, told=f"done in {duration(event['seconds'])}")


def _told(event: Event) -> str:
    """Return the numbers of an epoch, short enough for a terminal of 80 columns."""
    return (
        f"loss {event['loss']:.2f} val {event['val_loss']:.2f} "
        f"best {event['best_val_accuracy']:.3f} at {event['best_epoch']} "
        f"{event['steps_per_second']:.0f} batches/s {duration(event['eta_seconds'])}"
    )


def _print(seed: int, event: Event, *, several: bool) -> None:
    """Print one line for one event, where it has something to say."""
    line = _line(event)
    if line:
        own = several and event.get("of") != "dataset"
        print((f"seed {seed}  " if own else "") + line, file=sys.stderr, flush=True)


def _line(event: Event) -> str:
    match event["event"]:
        case "warning":
            return f"warning: {event['message']}"
        case "start":
            mark = "" if event["official"] else "  PREVIEW, not an official score"
            return (
                f"{event['protocol']} ({event['engine']}, {event['device']}, "
                f"seed {event['seed']}): {event['train']:,} train + {event['val']:,} val images, "
                f"{event['epochs']} epochs{mark}"
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
