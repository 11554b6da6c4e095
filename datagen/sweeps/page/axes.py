"""What varies in a sweep, as axes to draw scores against. Candidates enter, places in 0–1 leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from datagen.sweeps.records import Setting
from datagen.sweeps.results.candidates import CandidateResult

Layout = Literal["nothing", "line", "ternary", "parallel"]

_LONGEST: Final = 22  # characters of a name on an axis


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that varies.

    Attributes:
        name: of the source, or the setting's key in the recipe.
        ratio: whether it is a source's share.
        values: the different ones: in order.
    """

    name: str
    ratio: bool
    values: tuple[Setting, ...]

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(isinstance(value, int | float) for value in self.values)

    def value(self, candidate: CandidateResult) -> Setting:
        """Return the value of `candidate`."""
        return (
            candidate.ratios.get(self.name, 0.0)
            if self.ratio
            else candidate.settings.get(self.name)
        )

    def place(self, value: Setting) -> float:
        """Return the place of a value, 0 to 1: a share itself, other numbers by their extremes."""
        if self.ratio and isinstance(value, int | float):
            return float(value)
        if self.numeric and isinstance(value, int | float):
            low, high = self._ends()
            return (value - low) / (high - low) if high > low else 0.5
        return self.values.index(value) / (len(self.values) - 1) if len(self.values) > 1 else 0.5

    def _ends(self) -> tuple[float, float]:
        numbers = [value for value in self.values if isinstance(value, int | float)]
        return min(numbers), max(numbers)


def axes(candidates: Sequence[CandidateResult]) -> list[Axis]:
    """Return what varies: every varied source, and each setting with more than one value."""
    sources = dict.fromkeys(name for candidate in candidates for name in candidate.ratios)
    keys = dict.fromkeys(name for candidate in candidates for name in candidate.settings)
    found = [
        Axis(name, True, _values([p.ratios.get(name, 0.0) for p in candidates])) for name in sources
    ]
    settings = [
        Axis(key, False, _values([p.settings.get(key) for p in candidates])) for key in keys
    ]
    return found + [axis for axis in settings if len(axis.values) > 1]


def layout(candidates: Sequence[CandidateResult]) -> Layout:
    """Return how to draw scores against what varies."""
    found = axes(candidates)
    sources = sum(axis.ratio for axis in found)
    if not found:
        return "nothing"
    if sources == len(found) and sources in {2, 3}:
        return "line" if sources == 2 else "ternary"
    if len(found) == 1 and found[0].numeric and not sources:
        return "line"
    return "parallel"


def text(value: Setting) -> str:
    """Return a value as an axis shows it."""
    if value is None:
        return "none"
    return f"{value:,.6g}" if isinstance(value, int | float) else shortened(value)


def shortened(name: str, longest: int = _LONGEST) -> str:
    """Return the end of a long name, where paths differ."""
    return name if len(name) <= longest else "…" + name[1 - longest :]


def _values(given: Sequence[Setting]) -> tuple[Setting, ...]:
    different = list(dict.fromkeys(given))
    if all(isinstance(value, int | float) for value in different):
        return tuple(sorted(different, key=lambda value: float(value or 0)))
    return tuple(sorted(different, key=str))
