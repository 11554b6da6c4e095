"""What every tracker of trials does: log each trial once, and end no sweep where it fails.

What a tracker has is noted in the sweep's folder, so that the next run of the sweep logs what is
missing.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from datagen.core.models import StrictModel
from datagen.core.text import how_many
from datagen.evaluation.records import read_score
from datagen.files.lines import append_line, cut_torn_line, read_lines
from datagen.sweeps.records import State, Trial
from pipelines.text import message

_log = logging.getLogger(__name__)

LOGGED: Final = "trackers.jsonl"

_CURVES: Final = ("loss", "accuracy", "val_loss", "val_accuracy")
_FAILURES: Final = 2  # in a row; a server that does not answer costs minutes each time


class Logged(StrictModel):
    """A trial that a tracker has."""

    tracker: str
    point: str
    seed: int
    state: State


class Tracker(ABC):
    """A place that trials are logged to.

    Attributes:
        name: its flag.
        title: its name for people.
        place: what it keeps in the sweep's folder, where that is where it keeps runs.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    place: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        """Open what is noted in a sweep's folder, which need not be there yet.

        Raises:
            CorruptInputError: it is damaged.
        """
        self._folder = folder
        self._failures = 0
        log = folder / LOGGED
        # versions up to 0.2.0 noted nothing
        self._unnoted = (folder / self.place).exists() and not log.exists()
        self._missing(())  # a damaged log is said before trials run

    @abstractmethod
    def log(self, trial: Trial) -> None:
        """Log a trial; whatever is raised is a warning."""

    def trial(self, trial: Trial) -> None:
        """Take a trial whose state has become final."""
        if self._failures >= _FAILURES:
            return
        try:
            self.log(trial)
        except Exception as error:
            self._failures += 1
            _log.warning("%s did not take the trial %s: %s", self.title, trial.name, said(error))
        else:
            self._failures = 0
            self._note(trial)

    def catch_up(self, trials: Sequence[Trial]) -> None:
        """Log those trials of an ended sweep that the tracker does not have."""
        missing = self._missing(trials)
        if self._unnoted:
            for trial in missing:
                self._note(trial)
            return
        for trial in missing:
            self.trial(trial)
        if left := len(self._missing(missing)):
            _log.warning(
                "%s lacks %s of this sweep; the same command logs what is missing",
                self.title,
                how_many(left, "trial"),
            )

    def _missing(self, trials: Sequence[Trial]) -> list[Trial]:
        removed = "its trial is then logged again"
        logged = set(read_lines(self._folder / LOGGED, Logged, removed))
        return [trial for trial in trials if self._logged(trial) not in logged]

    def _note(self, trial: Trial) -> None:
        cut_torn_line(self._folder / LOGGED)
        append_line(self._folder / LOGGED, self._logged(trial))

    def _logged(self, trial: Trial) -> Logged:
        return Logged(tracker=self.name, point=trial.point, seed=trial.seed, state=trial.state)

    def close(self) -> None:  # noqa: B027 - a tracker may have something to close
        """Hear that the sweep has ended, or was stopped: every run is closed already."""


def said(error: Exception) -> str:
    """Return what an error of a tracker says, in one line."""
    return message(" ".join(str(error).split()) or type(error).__name__)


def parameters(trial: Trial) -> dict[str, Any]:
    """Return the parameters of a trial as one flat dict; a recipe has a `seed` of its own."""
    ratios = {f"ratio.{key}": value for key, value in trial.ratios.items()}
    settings = {f"recipe.{key}": value for key, value in trial.settings.items()}
    return {"point": trial.point, "seed": trial.seed, **ratios, **settings}


def facts(trial: Trial) -> dict[str, str | bool]:
    """Return how a trial ended, as one flat dict."""
    failure = {} if trial.error is None else {"error": message(trial.error)}
    return {"state": trial.state, "official": trial.official, **failure}


def measures(trial: Trial) -> dict[str, float]:
    """Return the results of a trial as one flat dict."""
    found: dict[str, float] = {"epochs": float(trial.epochs)}
    if trial.val_accuracy is not None:
        found["val_accuracy"] = trial.val_accuracy
    if trial.selection is not None:
        found["selection_accuracy"] = trial.selection.accuracy
    for k, test in enumerate(trial.tests):
        found["test_accuracy" if k == 0 else f"test_accuracy_{k + 1}"] = test.accuracy
    return found


def curves(trial: Trial, folder: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield each epoch of a trial with its values; none where it has no score.

    They have names that no measure has: a tracker shows the last value of a name, and the last
    epoch need not be the one that the score chose.
    """
    if trial.score is not None:
        for row in read_score(folder / trial.score).history:
            yield row.epoch, {f"history/{name}": getattr(row, name) for name in _CURVES}
