"""Draws from one stream of uniform numbers: extremes come as often as the middle."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")


class UniformDraws:
    """Each draw takes one number of the stream.

    Args:
        uniform: numbers of 0 ≤ x < 1.
    """

    def __init__(self, uniform: Iterator[float]) -> None:
        self._uniform = uniform

    def between(self, low: float, high: float) -> float:
        """Draw a number of `low` ≤ x < `high`."""
        return low + (high - low) * next(self._uniform)

    def factor(self, low: float, high: float) -> float:
        """Draw a positive number, each octave as often as the next."""
        return math.exp(self.between(math.log(low), math.log(high)))

    def chance(self, probability: float) -> bool:
        """Return True as often as `probability` says."""
        return next(self._uniform) < probability

    def one_of(self, choices: Sequence[_T]) -> _T:
        """Draw one of several, each as often as the others."""
        return choices[int(next(self._uniform) * len(choices))]
