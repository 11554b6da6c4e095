"""Who writes: the traits that make one person's letters resemble each other.

`draw_writer` is the only place where a writer is drawn. Ranges are fitted to real pens; the
measurement is `tests/benchmarks/pen_statistics.py`.
"""

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


QUIRKS: Final = 60
"""Ten for each of three letters in two cases."""


def draw_writer(rng: np.random.Generator) -> Writer:
    """Draw a writer; the same generator state gives the same person."""
    normal = rng.standard_normal(8)
    closing, crossing = _draw(rng, CLOSINGS), _draw(rng, CROSSINGS)
    return Writer(
        slant=float(0.02 + 0.11 * normal[0]),
        width=float(np.exp(0.09 * normal[1])),
        roundness=float(1 / (1 + np.exp(-1.2 * normal[2]))),
        pen=float(np.clip(0.072 * np.exp(0.46 * normal[3]), 0.025, 0.26)),
        pressure=float(0.10 * np.exp(0.4 * normal[4])),
        tremor=float(0.011 * np.exp(0.7 * normal[5])),
        variation=float(np.exp(0.3 * np.clip(normal[6], -2, 2))),
        dot=_draw(rng, DOTS),
        stem=_draw(rng, STEMS),
        bars=_draw(rng, BARS),
        closings=(closing, closing if rng.random() < 0.6 else _draw(rng, CLOSINGS)),
        crossings=(crossing, crossing if rng.random() < 0.6 else _draw(rng, CROSSINGS)),
        quirks=tuple(np.clip(rng.standard_normal(QUIRKS), -2.2, 2.2).tolist()),
    )


def _draw(rng: np.random.Generator, styles: dict[_Style, float]) -> _Style:
    names = list(styles)
    return names[int(np.searchsorted(np.cumsum(list(styles.values())), rng.random()))]
