"""Progress of long work, as one kind of callback for all functions of the API.

A callback is told the step ("images", "seed 123", "trials"), how many parts of it are done, and
how many there are, None where nobody knows. Two are ready: bars by rich, and a notebook's.
"""

from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self

from datagen.core.errors import UsageError
from datagen.evaluation.process import Event
from pipelines.text import printable

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[str, int, int | None], None]
"""Called as `progress(step, done, total)`, always from the thread that called the API."""


def no_progress(step: str, done: int, total: int | None) -> None:
    """Show nothing."""


def counted(progress: Progress, step: str, total: int | None) -> Callable[[int], None]:
    """Return what a function calls that only counts the parts of one step."""
    return lambda done: progress(step, done, total)


BYTES: Final = "bytes"
"""The step of `fetch`; a step "fetching NAME" counts bytes too."""


def fetched(progress: Progress) -> Callable[[str, int, int | None], None]:
    """Return what turns the bytes of an archive into progress: a step per archive."""
    return lambda name, done, total: progress(f"fetching {name}", done, total)


def is_bytes(step: str) -> bool:
    """Return whether a step counts bytes."""
    return step == BYTES or step.startswith("fetching ")


def epochs(progress: Progress) -> Callable[[int, Event], None]:
    """Return what turns the evaluator's events into progress: a step per seed, in epochs."""
    totals: dict[int, int] = {}

    def tell(seed: int, event: Event) -> None:
        if event["event"] == "launch":  # it starts: nobody knows yet how much there is
            progress(f"seed {seed}", 0, None)
        if event["event"] == "start":
            totals[seed] = int(event["epochs"])
        if event["event"] in ("start", "resume", "epoch"):
            progress(f"seed {seed}", int(event.get("epoch", 0)), totals.get(seed))

    return tell


def folds(progress: Progress) -> Callable[[str, Event], None]:
    """Return what turns the reader's events into progress: a step per source and fold."""

    def tell(source: str, event: Event) -> None:
        progress(f"judging {source}, fold {int(event['fold']) + 1}", int(event["epoch"]), None)

    return tell


def counted_text(step: str, done: int, total: int | None) -> str:
    """Return how much is done of a step, as people read it.

    Example:
        >>> counted_text("images", 1500, 10_000), counted_text("bytes", 2_500_000, None)
        ('1,500 of 10,000', '2.5 MB')
    """
    if is_bytes(step) and max(done, total or 0) >= 1e6:
        mega = f"{done / 1e6:,.1f}"
        return f"{mega} MB" if total is None else f"{mega} of {total / 1e6:,.1f} MB"
    unit = " bytes" if is_bytes(step) else ""
    return f"{done:,}" + ("" if total is None else f" of {total:,}") + unit


class RichProgress:
    """Bars by rich, one per step: in a terminal on stderr, in a notebook below the cell.

    A notebook needs ipywidgets for them; `NotebookProgress` needs nothing.

    As a context manager it is sure to end its bars also where the work fails.

    Args:
        console: where they are drawn; None is stderr.
        transient: take the bars away at the end.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> out = pathlib.Path(tempfile.mkdtemp(), "ds")
        >>> with datagen.RichProgress() as progress:
        ...     ds = datagen.build({"images": 100}, out, progress=progress)
    """

    def __init__(self, console: "Console | None" = None, *, transient: bool = False) -> None:
        from rich.console import Console  # noqa: PLC0415 - only where bars are wanted
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[count]}", markup=False),
            TimeRemainingColumn(),
            # without ipywidgets a notebook shows only warnings: then no bars, rather
            console=console or Console(stderr=True, force_jupyter=_has_widgets() and None),
            transient=transient,
        )
        self._tasks: dict[str, Any] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show that `done` of `total` parts of a step are done."""
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(printable(step), total=total, count="")
        self._bars.start()
        count = counted_text(step, done, total)
        self._bars.update(self._tasks[step], completed=done, total=total, count=count)
        if self._bars.finished:
            self._bars.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def _has_widgets() -> bool:
    return find_spec("ipywidgets") is not None


class NotebookProgress:
    """A progress element of HTML per step, below the cell that runs; needs no widgets.

    Example:
        >>> import datagen
        >>> progress = datagen.NotebookProgress()
        >>> progress("images", 5, 10)
        images: 5 of 10

    Raises:
        UsageError: IPython is not installed, so this is no notebook.
    """

    def __init__(self) -> None:
        try:
            from IPython.display import display  # noqa: PLC0415 - there in notebooks only
        except ImportError:
            raise UsageError(
                "NotebookProgress needs IPython, which is not installed; outside a notebook use "
                "RichProgress"
            ) from None
        self._display = display
        self._handles: dict[str, Any] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show that `done` of `total` parts of a step are done."""
        shown = _Bar(step, done, total)
        if step not in self._handles:
            self._handles[step] = self._display(shown, display_id=True)
        elif self._handles[step] is not None:  # None in a script: IPython only prints there
            self._handles[step].update(shown)
        elif done == total:
            self._display(shown)


class _Bar:
    """One step, as HTML and as text."""

    def __init__(self, step: str, done: int, total: int | None) -> None:
        self._step, self._done, self._total = printable(step), done, total

    def _repr_html_(self) -> str:
        extent = "" if self._total is None else f' value="{self._done}" max="{self._total}"'
        return f"<div>{escape(self._step)} <progress{extent}></progress> {self._count()}</div>"

    def __repr__(self) -> str:
        return f"{self._step}: {self._count()}"

    def _count(self) -> str:
        return counted_text(self._step, self._done, self._total)
