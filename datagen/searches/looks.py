"""`looks.jsonl`, one `Look` a line: every time that a dataset was scored on a test.

A test by which something is chosen flatters what was chosen, more with every look. Whoever scores
writes a line before anything follows from the score; whoever reads a figure sees what it cost.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from datagen.core.limits import Epochs, EvaluatorSeed, ImageCount, Label
from datagen.core.models import StrictModel
from datagen.files.lines import append_line, cut_torn_line, read_lines

LOOKS: Final = "looks.jsonl"

_TIME: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"

Purpose = Literal["choice", "report"]
"""Whether the score may choose between recipes, or is told only."""


class Look(StrictModel):
    """One dataset scored on one test, after one training.

    Attributes:
        when: the time, in ISO 8601, with its zone.
        test: the folder of the test.
        what: the recipe or dataset that was scored.
        seed: of the evaluator.
        epochs: trained before the look; fewer than 100 are a preview.
        images: of the test.
        purpose: "choice" where the score may decide something, "report" where it may not.

    Example:
        >>> Look(test="folds/fold-1/holdout", what="competition", seed=123, epochs=100,
        ...      images=500, purpose="report", when="2026-11-27T08:30:00+00:00").images
        500
    """

    when: Annotated[str, Field(pattern=_TIME)]
    test: Annotated[Label, Field(min_length=1)]
    what: Annotated[Label, Field(min_length=1)]
    seed: EvaluatorSeed
    epochs: Epochs
    images: ImageCount
    purpose: Purpose


def now() -> str:
    """Return the time as a look says it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append_look(file: Path, look: Look) -> None:
    """Add a look to a log, which is made where it is not there; it is on the disk on return.

    Raises:
        UsageError: what is there is no file.
    """
    cut_torn_line(file)
    append_line(file, look)


def read_looks(file: Path) -> list[Look]:
    """Return the looks in a log, oldest first; none where there is no such file.

    Raises:
        CorruptInputError: a line is no look; the message names it.
    """
    return read_lines(file, Look, "this look is then not counted")


def count_looks(looks: Iterable[Look]) -> dict[str, int]:
    """Return how many looks each test has had, whatever they were for, in order of the first.

    Example:
        >>> count_looks([])
        {}
    """
    return dict(Counter(look.test for look in looks))
