"""Slips of the pen and of the label: which class an image may show that was given another.

Enters: nothing. Leaves: for each given class how plausible each other is, and in words why. Facts
and pure functions; what mirrors and strokes do is `pipelines.labels`' to say.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.numerals import CLASSES
from pipelines.labels import Move, becomes

PLAIN: Final = 1.0
"""Weight of a class that the given one is not known to be taken for."""
SLIP: Final = 2.0
"""Weight of a class that one known slip leads to."""

_MOVES: Final[dict[Move, str]] = {
    "mirror": "mirrored",
    "remove stroke": "with a stroke less",
    "add stroke": "with a stroke more",
}


def slip(given: str, shown: str) -> str | None:
    """Return how `given` comes to look like `shown`, None where no known slip does it.

    Example:
        >>> slip("iv", "vi"), slip("iii", "ii"), slip("i", "x")
        ('mirrored', 'with a stroke less', None)
    """
    if given == shown:
        return None
    for move, words in _MOVES.items():
        if becomes(move, given, "upper") == shown:
            return words
    shorter, longer = sorted((given, shown), key=len)
    if len(longer) == len(shorter) + 1 and longer.replace("i", "", 1) == shorter:
        return _MOVES["remove stroke" if longer == given else "add stroke"]
    if given.translate(_CROSSED) == shown or shown.translate(_CROSSED) == given:
        return "with a v that looks like an x" if "v" in given else "with an x that looks like a v"
    if (given, shown) in _OLD:
        return "written IIII" if given == "iv" else "written in an old way"
    return None


_CROSSED: Final = str.maketrans("v", "x")
_OLD: Final = {("iv", "iii"), ("ix", "viii")}  # IIII and VIIII, with one i too many to be a class


def prior() -> npt.NDArray[np.float64]:
    """Return how plausible it is that an image given one class (row) shows another (column).

    Rows add up to 1 without the diagonal, which is 0.
    """
    weights = np.array(
        [[0.0 if a == b else SLIP if slip(a, b) else PLAIN for b in CLASSES] for a in CLASSES]
    )
    result: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return result
