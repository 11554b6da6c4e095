"""Columns of a live row that move also where nothing is told: within an epoch and before it.

A task's fields: `told`, what happens; `since`, from when on, by the monotonic clock, None where it
has ended; `expect`, the seconds that it will take, None where nobody knows.
"""

import time

from rich.progress import BarColumn, ProgressColumn, Task
from rich.progress_bar import ProgressBar
from rich.text import Text

_MOST = 0.95  # of an epoch that only time says is done


class MovingBar(BarColumn):
    """A bar that also grows within an epoch, as fast as an epoch is expected to pass."""

    def render(self, task: Task) -> ProgressBar:
        """Return the bar as it is now."""
        bar = super().render(task)
        if task.total is not None and task.completed < task.total:
            bar.completed = task.completed + within(task)
        return bar


class PhaseColumn(ProgressColumn):
    """What happens, for how many seconds, and of how many where that is known."""

    def render(self, task: Task) -> Text:
        """Return the words as they are now."""
        since, expect = task.fields["since"], task.fields["expect"]
        if since is None:
            return Text(task.fields["told"])
        gone = time.monotonic() - since
        of = "" if expect is None else f"/{expect:.0f}"
        return Text(f"{task.fields['told']} {gone:.0f}{of} s")


def within(task: Task) -> float:
    """Return the share of the present epoch that has passed, by the time it is expected to take."""
    since, expect = task.fields["since"], task.fields["expect"]
    if since is None or not expect:
        return 0.0
    return float(min(_MOST, (time.monotonic() - since) / expect))
