"""Writers for coverage instead of fit: extremes as often as the middle, every style equally often.

The ranges reach beyond what was recorded (see `datagen/sources/pen/source.py`): a writer whom
nobody has seen lies outside the quantiles of one collection. Not every letter of such a writer can
be read; `legibility` in a recipe draws anew what cannot.
"""

import math
from collections.abc import Iterator
from typing import TypeVar, get_args

import numpy as np

from datagen.sources.pen.writer import (
    QUIRKS,
    Bars,
    Closing,
    Crossing,
    Dot,
    Stem,
    Writer,
)

_Style = TypeVar("_Style", bound=str)
_QUIRK = 2.0  # the fitted writers' quirks are normals that end at 2.2


def draw_wide_writer(rng: np.random.Generator) -> Writer:
    """Draw a writer from the wide ranges; the same generator state gives the same person."""
    uniform = iter(rng.random(16).tolist())
    alike = next(uniform) < 0.5, next(uniform) < 0.5
    closings = _two(get_args(Closing), uniform, alike=alike[0])
    crossings = _two(get_args(Crossing), uniform, alike=alike[1])
    return Writer(
        slant=_between(-0.35, 0.45, uniform),
        width=_factor(0.65, 1.6, uniform),
        roundness=next(uniform),
        pen=_factor(0.02, 0.26, uniform),
        pressure=_factor(0.03, 0.35, uniform),
        tremor=_factor(0.003, 0.05, uniform),
        variation=_factor(0.5, 1.9, uniform),
        dot=_one(get_args(Dot), uniform),
        stem=_one(get_args(Stem), uniform),
        bars=_one(get_args(Bars), uniform),
        closings=closings,
        crossings=crossings,
        quirks=tuple(rng.uniform(-_QUIRK, _QUIRK, QUIRKS).tolist()),
    )


def _between(low: float, high: float, uniform: Iterator[float]) -> float:
    return low + (high - low) * next(uniform)


def _factor(low: float, high: float, uniform: Iterator[float]) -> float:
    """Draw a positive number, each octave as often as the next."""
    return math.exp(_between(math.log(low), math.log(high), uniform))


def _one(styles: tuple[_Style, ...], uniform: Iterator[float]) -> _Style:
    return styles[int(next(uniform) * len(styles))]


def _two(
    styles: tuple[_Style, ...], uniform: Iterator[float], *, alike: bool
) -> tuple[_Style, _Style]:
    """Draw a style for small letters and one for capitals."""
    small, capital = _one(styles, uniform), _one(styles, uniform)
    return small, small if alike else capital
