"""What a sweep cost, and what stopping early and the cache saved. Trials enter, seconds leave."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from datagen.sweeps.records import Trial


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of work, summed over all processes.

    Attributes:
        build_seconds, evaluate_seconds: spent in this sweep.
        trials: recorded.
        stopped: trials that were stopped early.
        epochs_saved: epochs that the stopped trials did not train; None where no trial ran to the
            end, so that it is not known how many they would have been.
        stopped_seconds: the same in seconds, by each trial's own seconds per epoch, which count
            its start too: an estimate.
        cached: trials whose score was known already.
        cached_seconds: what those would have taken, by the median seconds per epoch of the others:
            an estimate; None where no trial was timed.
        datasets: candidates that have a dataset.
        datasets_reused: those of them that were not built in this sweep.
    """

    build_seconds: float
    evaluate_seconds: float
    trials: int
    stopped: int
    epochs_saved: int | None
    stopped_seconds: float | None
    cached: int
    cached_seconds: float | None
    datasets: int
    datasets_reused: int

    @property
    def seconds(self) -> float:
        """All that was spent."""
        return self.build_seconds + self.evaluate_seconds

    @property
    def saved(self) -> float:
        """All that is known to be saved."""
        return (self.stopped_seconds or 0.0) + (self.cached_seconds or 0.0)


def cost(trials: Sequence[Trial]) -> Cost:
    """Add up what the trials cost and saved."""
    full = max((trial.epochs for trial in trials if trial.state == "done"), default=None)
    stopped = [trial for trial in trials if trial.state == "stopped"]
    cached = [trial for trial in trials if trial.cached]
    pace = _pace(trials)
    with_dataset = {trial.point for trial in trials if trial.dataset is not None}
    built = {trial.point for trial in trials if trial.build_seconds > 0}
    return Cost(
        build_seconds=sum(trial.build_seconds for trial in trials),
        evaluate_seconds=sum(trial.evaluate_seconds for trial in trials),
        trials=len(trials),
        stopped=len(stopped),
        epochs_saved=None if full is None else sum(_left(t, full) for t in stopped),
        stopped_seconds=None if full is None else _stopped_seconds(stopped, full, pace),
        cached=len(cached),
        cached_seconds=None if pace is None else sum(pace * trial.epochs for trial in cached),
        datasets=len(with_dataset),
        datasets_reused=len(with_dataset - built),
    )


def _pace(trials: Sequence[Trial]) -> float | None:
    """Return the median seconds per epoch of the trials that trained in this sweep."""
    paces = [t.evaluate_seconds / t.epochs for t in trials if t.epochs and t.evaluate_seconds > 0]
    return statistics.median(paces) if paces else None


def _left(trial: Trial, full: int) -> int:
    return max(0, full - trial.epochs)


def _stopped_seconds(stopped: Sequence[Trial], full: int, pace: float | None) -> float | None:
    """Return what the stopped trials did not spend; None where one has no known pace."""
    saved = 0.0
    for trial in stopped:
        own = trial.evaluate_seconds / trial.epochs if trial.epochs else 0.0
        per_epoch = own or pace
        if per_epoch is None:
            return None
        saved += _left(trial, full) * per_epoch
    return saved
