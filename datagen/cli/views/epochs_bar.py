"""A bar of epochs with the time left, of a sweep or a search."""

from types import TracebackType
from typing import Any, Self

from datagen.cli.views.output import is_live


class EpochsBar:
    """Counts how far trainings have come; gone from the terminal when it is closed."""

    def __init__(self, out: Any, *, quiet: bool, redirect: bool) -> None:
        """Make a bar that is not shown yet.

        Args:
            out: the console for it.
            quiet: never show it; nor is it shown where `out` is no terminal.
            redirect: let rich print what goes to stdout meanwhile, above the bar.
        """
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            SpinnerColumn(),  # it turns also while an evaluation starts and within an epoch
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs"),
            TimeRemainingColumn(),
            console=out,
            transient=True,
            disable=quiet or not (out.is_terminal and is_live()),
            redirect_stdout=redirect,
            speed_estimate_period=3600,  # starts and pauses would upset a shorter one
        )
        self._row: Any = None
        self._reached: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, what: str, total: int) -> None:
        """Count anew, up to `total` epochs."""
        if self._row is not None:
            self._progress.remove_task(self._row)
        self._row = self._progress.add_task(what, total=total)
        self._reached = {}

    def show(self) -> None:
        """Show it from now on."""
        self._progress.start()

    def reach(self, training: tuple[str, int], epoch: int) -> None:
        """Count the epochs of a training that are new."""
        before = self._reached.get(training, 0)
        if epoch > before:
            self._reached[training] = epoch
            self._progress.advance(self._row, epoch - before)
