"""How large numbers may be: the one place. What is beyond is a typing error, or an attack.

Enters: nothing. Leaves: bounds, types of pydantic for records, and a check for arguments.
"""

from typing import Annotated, Final

from pydantic import Field

from datagen.core.errors import OutOfRangeError
from pipelines.text import quoted

MOST_IMAGES: Final = 1_000_000
"""Of a dataset, and of a class in it: a hundred times the competition's budget."""
MOST_SEED: Final = 2**63 - 1
"""Of our own draws."""
MOST_EVALUATOR_SEED: Final = 2**32 - 1
"""Of an evaluation: NumPy's and TensorFlow's own bound."""
MOST_RUNS: Final = 1_000
"""Evaluations of one dataset, each of minutes to hours."""
MOST_EPOCHS: Final = 10_000
MOST_PROCESSES: Final = 1_024
"""Workers, and threads of each."""
MOST_PER_CELL: Final = 100
"""Images side by side in a cell of a contact sheet; the command line has it too, as a number."""
LEAST_TILE: Final = 16
MOST_TILE: Final = 512
"""Side of an image on a contact sheet, pixels."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A share, an accuracy, a probability."""
Tally = Annotated[int, Field(ge=0, le=10**12)]
"""A number of things that were counted."""
ImageCount = Annotated[int, Field(ge=1, le=MOST_IMAGES)]
"""Images that are asked for."""
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Seconds = Annotated[float, Field(ge=0, le=1e12)]
Epochs = Annotated[int, Field(ge=1, le=MOST_EPOCHS)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Hits = Annotated[str, Field(pattern=r"^[01]*$")]
"""`1` per right and `0` per wrong image."""
EvaluatorSeed = Annotated[int, Field(ge=0, le=MOST_EVALUATOR_SEED)]
Label = Annotated[str, Field(max_length=1_000)]
"""What people call something; nothing is looked up by it."""


def require(name: str, value: float | None, least: float, most: float) -> None:
    """Refuse a number out of its range; None is no number.

    Raises:
        OutOfRangeError: it is below `least`, above `most`, or not a number at all.

    Example:
        >>> require("seeds", 3, 1, 1000)
        >>> require("seeds", 10**10, 1, 1000)
        Traceback (most recent call last):
        datagen.core.errors.OutOfRangeError: seeds is 10,000,000,000; expected 1 … 1,000
    """
    if value is not None and not _lies(value, least, most):
        bounds = f"{_shown(least)} … {_shown(most)}"
        raise OutOfRangeError(f"{name} is {_shown(value)}; expected {bounds}")


def _lies(value: float, least: float, most: float) -> bool:
    try:
        return least <= value <= most  # not so of NaN
    except TypeError:  # text, from Python
        return False


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and abs(value) < 10**30 else quoted(value)
