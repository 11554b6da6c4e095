"""The hours that a search has used, over all its runs, and how fast its work goes."""

import time
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from datagen.core.errors import CorruptInputError
from datagen.core.limits import Seconds
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.files.atomic import staged_file
from datagen.files.json_records import read_json

CLOCK: Final = "clock.json"

_REMEDY: Final = "remove it: the hours are then counted anew"


class Used(StrictModel):
    """What `clock.json` says.

    Attributes:
        seconds: used by all runs of the search.
        work: epochs of trainings that were done in rounds, divided by the workers.
        measured: seconds that these rounds took.
    """

    seconds: Seconds = 0.0
    work: Seconds = 0.0
    measured: Seconds = 0.0


def read_used(folder: Path) -> Used:
    """Return what a search has used; nothing where it has not begun.

    Raises:
        CorruptInputError: the file is damaged.
    """
    path = folder / CLOCK
    if not path.is_file():
        return Used()
    try:
        return Used.model_validate(read_json(path, _REMEDY))
    except ValidationError as error:
        raise CorruptInputError(f"{path} is damaged ({explain(error, Used)}); {_REMEDY}") from error


class Clock:
    """Counts while a search runs; what a killed run used until its last training is kept.

    Args:
        folder: of the search.
        pace: seconds per unit of work, before any was measured; None: nobody knows.
    """

    def __init__(self, folder: Path, pace: float | None = None) -> None:
        self._file = folder / CLOCK
        self._used = read_used(folder)
        self._pace = pace
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds used by all runs of the search."""
        return self._used.seconds + time.monotonic() - self._began

    @property
    def pace(self) -> float | None:
        """Seconds per unit of work; None where nobody knows yet."""
        return self._used.measured / self._used.work if self._used.work else self._pace

    def done(self, work: float, began: float) -> None:
        """Learn that work was done since `began`, a time of `time.monotonic`."""
        used = self._used
        measured = used.measured + time.monotonic() - began
        self._used = used.model_copy(update={"work": used.work + work, "measured": measured})
        self.save()

    def save(self) -> None:
        """Write what is used so far."""
        used = self._used.model_copy(update={"seconds": round(self.seconds, 1)})
        with staged_file(self._file) as temporary:
            temporary.write_text(used.model_dump_json(), "utf-8")
