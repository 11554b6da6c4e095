"""Writers for coverage instead of fit: extremes as often as the middle, every style equally often.

The ranges reach beyond what was recorded (see `datagen/sources/pen/source.py`): a writer whom
nobody has seen lies outside the quantiles of one collection. Not every letter of such a writer can
be read; `legibility` in a recipe draws anew what cannot.
"""

from typing import TypeVar, get_args

import numpy as np

from datagen.core.draws import UniformDraws
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
    draw = UniformDraws(iter(rng.random(16).tolist()))
    alike = draw.chance(0.5), draw.chance(0.5)
    closings = _two(get_args(Closing), draw, alike=alike[0])
    crossings = _two(get_args(Crossing), draw, alike=alike[1])
    return Writer(
        slant=draw.between(-0.35, 0.45),
        width=draw.factor(0.65, 1.6),
        roundness=draw.between(0, 1),
        pen=draw.factor(0.02, 0.26),
        pressure=draw.factor(0.03, 0.35),
        tremor=draw.factor(0.003, 0.05),
        variation=draw.factor(0.5, 1.9),
        dot=draw.one_of(get_args(Dot)),
        stem=draw.one_of(get_args(Stem)),
        bars=draw.one_of(get_args(Bars)),
        closings=closings,
        crossings=crossings,
        quirks=tuple(rng.uniform(-_QUIRK, _QUIRK, QUIRKS).tolist()),
    )


def _two(styles: tuple[_Style, ...], draw: UniformDraws, *, alike: bool) -> tuple[_Style, _Style]:
    """Draw a style for small letters and one for capitals."""
    small, capital = draw.one_of(styles), draw.one_of(styles)
    return small, small if alike else capital
