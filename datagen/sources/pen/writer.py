"""Who writes: the traits that make one person's letters resemble each other.

`draw_writer` is the only place where a writer is drawn, from numbers alone. What the ranges were
fitted to is told in `datagen/sources/pen/source.py`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import numpy as np

Dot = Literal["dot", "dash", "ring", "none"]
Stem = Literal["bare", "tailed", "flagged", "cursive"]
Bars = Literal["bare", "full", "partial", "joined"]
Closing = Literal["angular", "round", "ticked", "curled"]
Crossing = Literal["straight", "curved", "cursive", "joined"]

DOTS: Final[dict[Dot, float]] = {"dot": 0.56, "dash": 0.28, "ring": 0.06, "none": 0.10}
STEMS: Final[dict[Stem, float]] = {"bare": 0.60, "tailed": 0.18, "flagged": 0.08, "cursive": 0.14}
BARS: Final[dict[Bars, float]] = {"bare": 0.50, "full": 0.35, "partial": 0.08, "joined": 0.07}
CLOSINGS: Final[dict[Closing, float]] = {
    "angular": 0.50,
    "round": 0.20,
    "ticked": 0.16,
    "curled": 0.14,
}
CROSSINGS: Final[dict[Crossing, float]] = {
    "straight": 0.68,
    "curved": 0.22,
    "cursive": 0.06,
    "joined": 0.04,
}

_Style = TypeVar("_Style", bound=str)


@dataclass(frozen=True, slots=True)
class Writer:
    """A person's habits. Lengths are in letter heights, slopes in letter heights per height.

    Attributes:
        slant: x gained from baseline to top; positive leans right.
        width: factor on every letter's own breadth.
        roundness: 0 angular … 1 round.
        pen: width of the pen's line.
        pressure: how much the line swells and thins along a stroke.
        tremor: amplitude of the hand's wander.
        variation: how far two instances of a letter differ.
        dot, stem, bars: how the i is dotted, its stem shaped, the capital I barred.
        closings, crossings: how v closes and x crosses, lower case then capital.
        quirks: standard normals that place this writer within every range of the letters.
    """

    slant: float
    width: float
    roundness: float
    pen: float
    pressure: float
    tremor: float
    variation: float
    dot: Dot
    stem: Stem
    bars: Bars
    closings: tuple[Closing, Closing]
    crossings: tuple[Crossing, Crossing]
    quirks: tuple[float, ...]


_BOTH_CASES_ALIKE: Final = 0.6
"""Probability that a writer closes V as v, and crosses X as x; else each is drawn for itself."""
QUIRKS: Final = 60
"""Ten for each of three letters in two cases."""


def draw_writer(rng: np.random.Generator) -> Writer:
    """Draw a writer; the same generator state gives the same person."""
    normal = np.clip(rng.standard_normal(7), -2.5, 2.5).tolist()
    choice = rng.random(9).tolist()
    closing, crossing = _pick(CLOSINGS, choice[0]), _pick(CROSSINGS, choice[1])
    alike = choice[2] < _BOTH_CASES_ALIKE, choice[3] < _BOTH_CASES_ALIKE
    return Writer(
        slant=0.02 + 0.11 * normal[0],
        width=math.exp(0.09 * normal[1]),
        roundness=1 / (1 + math.exp(-1.2 * normal[2])),
        pen=0.070 * math.exp(0.46 * normal[3]),
        pressure=0.10 * math.exp(0.4 * normal[4]),
        tremor=0.011 * math.exp(0.7 * normal[5]),
        variation=math.exp(0.26 * normal[6]),
        dot=_pick(DOTS, choice[4]),
        stem=_pick(STEMS, choice[5]),
        bars=_pick(BARS, choice[6]),
        closings=(closing, closing if alike[0] else _pick(CLOSINGS, choice[7])),
        crossings=(crossing, crossing if alike[1] else _pick(CROSSINGS, choice[8])),
        quirks=tuple(np.clip(rng.standard_normal(QUIRKS), -2.2, 2.2).tolist()),
    )


def _pick(shares: Mapping[_Style, float], uniform: float) -> _Style:
    """Return the style in whose share of [0, 1) `uniform` falls."""
    reached = 0.0
    for style, share in shares.items():
        reached += share
        if uniform < reached:
            return style
    return style
