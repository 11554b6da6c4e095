"""A sweep on its way: a line per trial, a bar with the time left, JSON on stdout where asked."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from datagen.cli.views.output import emit
from datagen.evaluation.process import Event
from datagen.sweeps.callbacks import Callback
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.records import Trial
from datagen.sweeps.run import Listener
from datagen.sweeps.trial import Task, TrialOutcome

if TYPE_CHECKING:
    from datagen.sweeps.estimate import CostEstimate


@contextmanager
def sweep_progress(
    plan: "CostEstimate", callbacks: Sequence[Callback], *, as_json: bool, quiet: bool
) -> Iterator[Listener]:
    """Yield what shows a sweep on stderr, and tells the callbacks.

    Args:
        plan: for the bar's length.
        callbacks: told of every trial that ends; closed at the end.
        as_json: print every trial, known ones too, as JSON on stdout.
        quiet: show nothing on stderr.
    """
    from rich.console import Console

    out = Console(stderr=True, quiet=quiet, highlight=False, markup=False)
    bar = _bar(out, disable=quiet or not (out.is_terminal and sys.stderr.isatty()))
    try:
        with bar:
            yield _View(plan, callbacks, out, bar, as_json=as_json)
    finally:
        for callback in callbacks:
            callback.close()


def _bar(out: Any, *, disable: bool) -> Any:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeRemainingColumn(),
        console=out,
        transient=True,
        disable=disable,
        speed_estimate_period=3600,  # starts and pauses would upset a shorter one
    )


class _View(Listener):
    """Counts epochs for the bar; says a line for everything that ends."""

    def __init__(
        self,
        plan: "CostEstimate",
        callbacks: Sequence[Callback],
        out: Any,
        bar: Any,
        *,
        as_json: bool,
    ) -> None:
        self._callbacks = callbacks
        self._out = out
        self._bar = bar
        self._as_json = as_json
        self._row = bar.add_task("sweeping", total=plan.epochs)
        self._reached: dict[tuple[str, int], int] = {}

    def round(self, tasks: int, until: int) -> None:
        """Say what runs now."""
        trials = f"{tasks} trial{'s' if tasks != 1 else ''}"
        self._out.print(f"{trials} to epoch {until}", style="dim", soft_wrap=True)

    def event(self, point: Candidate, task: Task, event: Event) -> None:
        """Move the bar; repeat warnings."""
        if event["event"] in ("epoch", "resume"):
            self._reach((point.id, task.seed), int(event["epoch"]))
        elif event["event"] == "warning":
            self._out.print(f"{point.name} seed {task.seed}: {event['message']}", soft_wrap=True)

    def outcome(self, point: Candidate, outcome: TrialOutcome) -> None:
        """Say how far a trial came."""
        self._reach((point.id, outcome.seed), outcome.epochs)
        if outcome.error is None and not outcome.complete and outcome.value is not None:
            self._out.print(
                f"paused   {point.name}  seed {outcome.seed}  epoch {outcome.epochs}  "
                f"{'val' if outcome.selection is None else 'selection'} {outcome.value:.4f}",
                style="dim",
                soft_wrap=True,
            )

    def trial(self, trial: Trial, *, news: bool) -> None:
        """Say that a trial ended; as JSON also where it had before."""
        if self._as_json:
            emit({"command": "sweep", **trial.model_dump(mode="json")})
        if not news:
            self._reach((trial.point, trial.seed), trial.epochs)
            return
        self._out.print(_line(trial), style=_STYLES[trial.state], soft_wrap=True)
        for callback in self._callbacks:
            callback.trial(trial)

    def _reach(self, key: tuple[str, int], epoch: int) -> None:
        before = self._reached.get(key, 0)
        if epoch > before:
            self._reached[key] = epoch
            self._bar.advance(self._row, epoch - before)


_STYLES = {"done": None, "stopped": "dim", "failed": "red"}


def _line(trial: Trial) -> str:
    """Return a trial in one line."""
    where = f"{trial.state:8} {trial.name}  seed {trial.seed}"
    if trial.error is not None:
        return f"{where}  {trial.error}"
    parts = [where, f"epoch {trial.epochs}"]
    if trial.val_accuracy is not None:
        parts.append(f"val {trial.val_accuracy:.4f}")
    if trial.selection is not None:
        parts.append(f"selection {trial.selection.accuracy:.4f}")
    parts += [f"test {test.accuracy:.4f}" for test in trial.tests]
    if trial.state == "done" and not trial.official:
        parts.append("not official")
    parts.append("cached" if trial.cached else f"{trial.evaluate_seconds:.0f} s")
    return "  ".join(parts)
