"""A search on its way and what it found: plan, a bar, a line per step, a table at the end."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.cli.views.epochs_bar import EpochsBar
from datagen.core.text import duration, how_many
from datagen.evaluation.process import Event
from datagen.searches.listener import SearchListener
from datagen.searches.plan import SearchPlan, first_width
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.trial import Task, TrialOutcome

if TYPE_CHECKING:
    from datagen.searches.answer import SearchAnswer

_SHOWN = 5  # candidates of the table, beside the shipped recipes


@contextmanager
def search_progress(human: Any, *, quiet: bool) -> Iterator[SearchListener]:
    """Yield what prints the plan, then shows the search on stderr."""
    from rich.console import Console

    from datagen.cli.views.harmless import harmless

    out = harmless(Console(stderr=True, quiet=quiet, highlight=False, markup=False))
    with EpochsBar(out, quiet=quiet, redirect=True) as bar:
        yield _View(human, out, bar)


class _View(SearchListener):
    """Counts epochs of the round that runs; says a line for every step."""

    def __init__(self, human: Any, out: Any, bar: EpochsBar) -> None:
        self._human = human
        self._out = out
        self._bar = bar
        self._until = 0
        self._warned: set[str] = set()

    def timing(self) -> None:
        """Say what takes some seconds before the plan."""
        self._say("timing the evaluator")

    def planned(self, plan: SearchPlan) -> None:
        """Print the plan."""
        _print_plan(plan, self._human)

    def dividing(self, step: str, done: int, total: int) -> None:  # noqa: ARG002
        """Say what is looked for, once per step."""
        if step not in self._warned:
            self._warned.add(step)
            self._say(f"dividing {total:,} images: {step}")

    def generation(self, number: int, candidates: Sequence[Candidate], *, known: bool) -> None:
        """Say what is tried now."""
        again = " (begun before)" if known else ""
        self._say(f"generation {number + 1}: {how_many(len(candidates), 'candidate')}{again}")

    def round(self, tasks: int, until: int) -> None:
        """Begin a bar."""
        self._say(f"{how_many(tasks, 'training')} to epoch {until}")
        self._until = until
        self._bar.begin(f"to epoch {until}", tasks * until)
        self._bar.show()

    def event(self, candidate: Candidate, task: Task, event: Event) -> None:
        """Move the bar; repeat warnings."""
        if event["event"] in ("epoch", "resume"):
            self._bar.reach((task.point, task.seed), int(event["epoch"]))
        elif event["event"] == "warning":
            text = f"{candidate.name}: {event['message']}"
            if text not in self._warned:
                self._warned.add(text)
                self._out.print(text, soft_wrap=True)

    def outcome(self, candidate: Candidate, outcome: TrialOutcome) -> None:
        """Say what failed; the rest moves the bar."""
        self._bar.reach((outcome.point, outcome.seed), self._until)
        text = f"failed  {candidate.name}: {outcome.error}"
        if outcome.error is not None and text not in self._warned:  # often the same on every fold
            self._warned.add(text)
            self._out.print(text, style="red", soft_wrap=True)

    def leader(self, candidate: Candidate, mean: float) -> None:
        """Say who leads."""
        self._out.print(f"best so far: {candidate.name}, {mean:.4f} on the folds", soft_wrap=True)

    def ending(self, why: str) -> None:
        """Say why it ends."""
        self._say(f"{why}; scoring the best on the kept part")

    def _say(self, text: str) -> None:
        self._out.print(text, style="dim", soft_wrap=True)


def _print_plan(plan: SearchPlan, out: Any) -> None:
    spec = plan.spec
    stages = " and ".join(str(until) for until in spec.stages if until is not None)
    parts = f"{spec.folds} folds for choosing, and 1 kept part for the final score"
    each = how_many(len(plan.starts), "shipped recipe")
    rows = {
        "search": f"{plan.folder}" + (" (resumed)" if plan.begun else ""),
        "images": f"{spec.real}: {parts}",
        "datasets": f"of up to {plan.images:,} images",
        "candidates": f"{first_width(plan)} at first ({each}), then {spec.width} at a time",
        "epochs": f"{spec.epochs}" + (f"; most are stopped after {stages}" if stages else ""),
        "time": _time(plan),
    }
    for name, text in rows.items():
        out.print(f"{name:12} {text}", soft_wrap=True)
    if spec.preview is not None:
        from datagen.evaluation.summary import label

        out.print(label(official=False, preview=spec.preview), style="bold", soft_wrap=True)


def _time(plan: SearchPlan) -> str:
    first, end, times = plan.first, plan.end, plan.generations
    hours = f"{plan.hours:g} h"
    if first is None or end is None or times is None:
        return f"{hours}; not timed"
    enough = how_many(max(1, times), "generation")
    return (
        f"{hours} with {plan.workers} at once are enough for about {enough}: the first takes "
        f"{duration(first)}, the report at the end {duration(end)}"
    )


def print_answer(answer: "SearchAnswer", out: Any) -> None:
    """Print what was found: the figures, a table, what mattered, and what to do next."""
    from rich.text import Text

    from datagen.cli.views.next_step import free_name, from_here, print_next
    from datagen.searches import words
    from datagen.searches.page import PAGE

    if short := words.length(answer):
        out.print(Text(short, style="yellow"))
    out.print(_table(answer))
    best = answer.named(answer.best)
    out.print(Text(f"best    {best.name if best else '?'}: {words.kept(answer)}", style="bold"))
    for text in (words.against(answer), words.chosen(answer), words.mattered(answer)):
        out.print(Text(text))
    if failures := words.failures(answer):
        out.print(Text(failures, style="red"))
    out.print(Text(words.cost(answer)))
    folder = Path(answer.folder)
    out.print(f"page    {folder / PAGE}", soft_wrap=True, markup=False)
    recipe = Path(from_here(answer.recipe))
    print_next(out, "build", "--recipe", recipe, "--out", free_name("ds"))


def _table(answer: "SearchAnswer") -> Any:
    """Return the best candidates, and every shipped recipe."""
    from datagen.cli.views.tables import Column, FittedTable
    from datagen.searches import words

    grid = FittedTable(
        Column("candidate", "name"),
        Column("folds"),
        Column("to the best"),
        Column("kept part"),
        Column("epochs"),
        Column("state", "text"),
    )
    kept = {each.id: f"{each.mean:.4f}" for each in answer.kept}
    shown = [each for k, each in enumerate(answer.candidates) if k < _SHOWN or each.shipped]
    for each in shown:
        is_best = each.id == answer.best
        grid.add_row(
            each.name,
            "–" if each.mean is None else f"{each.mean:.4f}",
            "best" if is_best else words.to_best(each),
            kept.get(each.id, "–"),
            f"{each.epochs}",
            ("shipped, " if each.shipped else "") + each.state,
            style="bold green" if is_best else _STYLES[each.state],
        )
    return grid


_STYLES = {"done": "", "stopped": "dim", "failed": "red"}


def plain(answer: "SearchAnswer") -> dict[str, Any]:
    """Return the answer as plain data, for `--json`: all of `search.json`."""
    return answer.model_dump(mode="json")
