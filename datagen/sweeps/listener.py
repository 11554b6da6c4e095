"""What a sweep tells its caller while it runs."""

from typing import TYPE_CHECKING

from datagen.evaluation.process import Event
from datagen.sweeps.candidates import Candidate
from datagen.sweeps.records import Trial
from datagen.sweeps.trial import Task, TrialOutcome

if TYPE_CHECKING:
    from datagen.sweeps.run import SweepPlan


class Listener:
    """Is told how a sweep goes, from the caller's own thread; this one ignores everything.

    Subclass it and override what you want to hear.
    """

    def planning(self, done: int, total: int) -> None:
        """Hear how many candidates are planned, of how many; each takes up to a second."""

    def timing(self) -> None:
        """Hear that the evaluator is timed now, which takes some seconds."""

    def plan(self, plan: "SweepPlan") -> None:
        """Hear what the sweep will do, before it does anything."""

    def round(self, tasks: int, until: int) -> None:
        """Hear that a number of trials now run to an epoch."""

    def event(self, candidate: Candidate, task: Task, event: Event) -> None:
        """Hear what a running evaluation says."""

    def outcome(self, candidate: Candidate, outcome: TrialOutcome) -> None:
        """Hear that a trial came to a rung, to the end, or failed."""

    def trial(self, trial: Trial, *, news: bool) -> None:
        """Hear that the state of a trial is final, and whether it was not before."""
