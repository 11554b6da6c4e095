"""A sweep on its way: its plan, a line per trial, a bar with the time left, JSON where asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.filesize import decimal

from datagen.cli.views.epochs_bar import EpochsBar
from datagen.cli.views.output import emit
from datagen.evaluation.process import Event
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.listener import Listener
from datagen.sweeps.records import Trial
from datagen.sweeps.run import SweepPlan
from datagen.sweeps.strategies import planned_rounds
from datagen.sweeps.trial import Task, TrialOutcome

PAUSE: Final = 5.0
"""Seconds between two lines about the planning."""


@contextmanager
def sweep_progress(human: Any, *, as_json: bool, quiet: bool) -> Iterator[Listener]:
    """Yield what prints the plan, then shows the sweep on stderr.

    Args:
        human: the console that the plan is printed on.
        as_json: print every trial, known ones too, as JSON on stdout.
        quiet: show nothing on stderr.
    """
    from rich.console import Console

    from datagen.cli.views.harmless import harmless

    out = harmless(Console(stderr=True, quiet=quiet, highlight=False, markup=False))
    # with JSON, rich must leave stdout alone: it would print what goes there on stderr
    with EpochsBar(out, quiet=quiet, redirect=not as_json) as bar:
        yield _View(human, out, bar, as_json=as_json)


class _View(Listener):
    """Counts epochs for the bar; says a line for everything that ends."""

    def __init__(self, human: Any, out: Any, bar: EpochsBar, *, as_json: bool) -> None:
        self._human = human
        self._out = out
        self._bar = bar
        self._as_json = as_json
        self._warned: set[str] = set()
        self._said = time.monotonic()

    def planning(self, done: int, total: int) -> None:
        """Say now and then how far the planning is: that of thousands takes minutes."""
        if time.monotonic() - self._said >= PAUSE:
            self._said = time.monotonic()
            self._out.print(f"planned {done:,} of {total:,} candidates", style="dim")

    def timing(self) -> None:
        """Say what takes some seconds before the plan."""
        self._out.print("timing the evaluator", style="dim")

    def plan(self, plan: SweepPlan) -> None:
        """Print the plan; the bar's length is its epochs."""
        _print_plan(plan, self._human)
        self._bar.begin("sweeping", plan.cost.epochs)

    def round(self, tasks: int, until: int) -> None:
        """Say what runs now."""
        self._bar.show()
        trials = f"{tasks} trial{'s' if tasks != 1 else ''}"
        self._out.print(f"{trials} to epoch {until}", style="dim", soft_wrap=True)

    def event(self, candidate: Candidate, task: Task, event: Event) -> None:
        """Move the bar; repeat warnings."""
        if event["event"] in ("epoch", "resume"):
            self._bar.reach((candidate.id, task.seed), int(event["epoch"]))
        elif event["event"] == "warning":
            seed = "" if event.get("of") == "dataset" else f" seed {task.seed}"
            text = f"{candidate.name}{seed}: {event['message']}"
            if text not in self._warned:  # every seed finds the same in a dataset
                self._warned.add(text)
                self._out.print(text, soft_wrap=True)

    def outcome(self, candidate: Candidate, outcome: TrialOutcome) -> None:
        """Say how far a trial came."""
        self._bar.reach((candidate.id, outcome.seed), outcome.epochs)
        if outcome.error is None and not outcome.complete and outcome.value is not None:
            self._out.print(
                f"paused   {candidate.name}  seed {outcome.seed}  epoch {outcome.epochs}  "
                f"{'val' if outcome.selection is None else 'selection'} {outcome.value:.4f}",
                style="dim",
                soft_wrap=True,
            )

    def trial(self, trial: Trial, *, news: bool) -> None:
        """Say that a trial ended; as JSON also where it had before."""
        if self._as_json:
            emit({"command": "sweep", **trial.model_dump(mode="json")})
        if not news:
            self._bar.reach((trial.point, trial.seed), trial.epochs)
            return
        self._out.print(_line(trial), style=_STYLES[trial.state], soft_wrap=True)


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


def _print_plan(plan: SweepPlan, out: Any) -> None:
    from datagen.core.text import duration

    spec, cost = plan.spec, plan.cost
    seeds = f"{spec.seeds} seed" + ("s" if spec.seeds > 1 else "")
    most = "at most " if spec.strategy != "grid" else ""
    ends = {
        "grid": "all to the end",
        "halving": _halving(plan),
        "tpe": "TPE",
    }
    known = f"; {cost.known} have ended already" if cost.known else ""
    built = f"; {cost.built} are there already" if cost.built else ""
    rows = {
        "sweep": f"{spec.name} in {plan.folder}",
        "datasets": f"{most}{cost.datasets} of up to {cost.images:,} images{built}",
        "evaluations": f"{cost.datasets} × {seeds} = {cost.evaluations}{known}",
        "epochs": f"{most}{cost.epochs:,} ({ends[spec.strategy]}; selected by {spec.select})",
        "time": f"about {duration(cost.seconds)} with {cost.workers} at once"
        if cost.seconds is not None
        else "not timed",
        "disk": f"up to {decimal(cost.disk, precision=0)} of "
        f"{decimal(cost.free, precision=0)} free",
    }
    for name, text in rows.items():
        out.print(f"{name:12} {text}", soft_wrap=True)
    if spec.preview is not None:
        from datagen.evaluation.summary import label

        out.print(label(official=False, preview=spec.preview), style="bold", soft_wrap=True)


def _halving(plan: SweepPlan) -> str:
    rounds = planned_rounds(plan.spec, len(plan.candidates))
    if len(rounds) == 1:
        return f"all to the end: finalists is {plan.spec.finalists}, so none can be stopped"
    return "compared after epoch " + " and ".join(map(str, plan.spec.pauses[: len(rounds) - 1]))
