"""How a hand writes a numeral on a sheet: every parameter of it, and how they are drawn.

`sample` draws a `Hand`; `handwritten.render.render` turns it into pixels. The ranges follow the
2,067 training images of the 2021 competition (`tests/benchmarks/measure_real.py` prints the
figures quoted here).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, model_validator

from datagen.core.glyphs import GlyphInfo
from datagen.core.models import StrictModel
from datagen.core.numerals import CaseStyle, spell

Probability = Annotated[float, Field(ge=0, le=1)]
Fill = Annotated[float, Field(ge=0, le=1.25)]
"""Above 1 the numeral leaves the sheet."""
Gap = Annotated[float, Field(ge=-1, le=5)]
"""Letter heights; beyond it letters lie over each other, or are no numeral any more."""
APART: Final = 0.05
"""Least gap between two i, letter heights: strokes that meet at one end would be a v."""
Width = Annotated[float, Field(ge=0.3, le=2)]
"""Beyond it a stroke is as wide as the letter, or a v is no v any more."""


def _in_order(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(
            f"[{bounds[0]:g}, {bounds[1]:g}] runs backwards; write the smaller one first"
        )
    return bounds


_InOrder = AfterValidator(_in_order)


class HandOptions(StrictModel):
    """What a recipe may say about composition; see the fields of `Hand` for what is drawn.

    Attributes:
        bars: how often capitals stand between serif bars (by eye, a good third of the real ones).
        bars_lower: the same for numerals with a lower-case letter.
        fill: least and greatest share of the sheet that the numeral spans in its tighter
            direction; real: 0.33 … 1.0 (5 % … 95 %), median 0.59. Above 1 it leaves the sheet.
        spacing: least and greatest gap between letters, letter heights.
        width: least and greatest width of a numeral of several letters beside that of its letters
            as they are, gaps included; people write long numerals narrow. None: as they are.
        scan: quantise to 0, 64 and 255 as the organisers did; False keeps soft edges.
        ranges: "wide" draws pen, sheet, place, slant, gaps and bars from ranges beyond the real
            ones, extremes as often as the middle, and has defaults of its own for `bars`,
            `bars_lower`, `fill` and `spacing`; "fitted" or None follows the real images.
    """

    method: Literal["hand"] = "hand"
    bars: Probability = 0.42
    bars_lower: Probability = 0.06
    fill: Annotated[tuple[Fill, Fill], _InOrder] = (0.3, 0.98)
    spacing: Annotated[tuple[Gap, Gap], _InOrder] = (-0.04, 0.5)
    width: Annotated[tuple[Width, Width], _InOrder] | None = None
    scan: bool = True
    ranges: Literal["fitted", "wide"] | None = None

    @model_validator(mode="after")
    def _wide_defaults(self) -> Self:
        if self.ranges == "wide":
            # not marked as set: who changes `ranges` back finds the other defaults again
            self.__dict__.update(
                {key: wide for key, wide in _WIDE.items() if key not in self.model_fields_set}
            )
        return self


_WIDE: Final[Mapping[str, Any]] = {
    "bars": 0.5,
    "bars_lower": 0.12,
    "fill": (0.18, 1.08),
    "spacing": (-0.08, 1.1),
}


@dataclass(frozen=True, slots=True)
class Pose:
    """How one letter stands. Lengths are in letter heights.

    Attributes:
        glyph: id of the glyph.
        height: height of the letter's body, about 1.
        stretch: width relative to the glyph's own.
        drop: how far below the baseline it stands.
        slant: shear, positive leans right.
        gap: white between it and the letter before; negative overlaps.
    """

    glyph: str
    height: float
    stretch: float
    drop: float
    slant: float
    gap: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A serif bar over or under letters. Lengths are in letter heights.

    Attributes:
        over: above the letters, else below.
        first, last: the letters it spans.
        offset: white between letters and bar; at most 0 joins them.
        left, right: how far it overshoots the letters at either end.
        tilt: how much lower its right end is.
        bow: how much its middle sags.
        waver: amplitude of the hand's tremor along it.
    """

    over: bool
    first: int
    last: int
    offset: float
    left: float
    right: float
    tilt: float
    bow: float
    waver: float


@dataclass(frozen=True, slots=True)
class Hand:
    """One numeral as written: everything `render` needs but the glyphs themselves.

    Attributes:
        letters: left to right.
        bars: serif bars, in writing order.
        boxed: the bars' ends are joined at both sides.
        pen: width of the pen's line as a share of the sheet's side (√(width·height)); what is
            drawn is its geometric mean with the writer's own pen at the numeral's size.
        rotation: of the whole numeral, degrees, positive turns clockwise.
        sheet: width and height, pixels.
        fill: share of the sheet the numeral spans in its tighter direction.
        at: where the numeral stands in the room that is left: 0, 0 is top left, 1, 1 bottom right;
            beyond them it leaves the sheet.
        darkness: grey levels that full ink lies below paper, 90 … 255.
        blur: width of the lens' Gaussian kernel, pixels, odd; 1 is sharp.
        scan: whether grey levels are quantised as in the competition's files.
    """

    letters: tuple[Pose, ...]
    bars: tuple[Bar, ...]
    boxed: bool
    pen: float
    rotation: float
    sheet: tuple[int, int]
    fill: float
    at: tuple[float, float]
    darkness: int
    blur: int
    scan: bool
    method: Literal["hand"] = "hand"


def sample(
    glyphs: Sequence[GlyphInfo],
    numeral: str,
    style: CaseStyle,
    options: HandOptions,
    rng: np.random.Generator,
) -> Hand:
    """Draw how a hand writes `numeral`.

    Args:
        glyphs: the letters to use, left to right.
        numeral: one of the ten classes.
        style: its case style.
        options: ranges and shares from the recipe.
        rng: the item's own generator; numbers are taken from it in blocks.
    """
    uniform, normal = endless(rng.random), endless(rng.standard_normal)
    letters = tuple(_poses(glyphs, numeral, style, options, uniform, normal))
    has_lower = style in {"lower", "mixed"}
    barred = next(uniform) < (options.bars_lower if has_lower else options.bars)
    low, high = options.fill
    bars, boxed = _bars(len(letters), uniform, normal) if barred else ((), False)
    return Hand(
        letters=letters,
        bars=bars,
        boxed=boxed,
        # real strokes: 0.029 … 0.078 of the side (5 % … 95 %), median 0.043
        pen=_clip(0.043 * math.exp(0.3 * next(normal)), 0.02, 0.12),
        rotation=2.5 * next(normal),
        sheet=_sheet(normal),
        fill=low + (high - low) * next(uniform) ** 1.3,
        at=(_middling(uniform), _middling(uniform)),
        # 35 % of the real images have no black pixel at all: their ink never got below grey 64
        darkness=int(150 + 40 * next(uniform))
        if next(uniform) < 0.35
        else int(200 + 55 * next(uniform)),
        blur=3 if next(uniform) < 0.5 else 5,
        scan=options.scan,
    )


def narrowed(hand: Hand, width: tuple[float, float], rng: np.random.Generator) -> Hand:
    """Return a numeral with its letters and gaps as wide as `width` says, if it has several.

    Args:
        hand: as drawn.
        width: least and greatest factor; equal ratios are equally likely.
        rng: one number is taken from it.
    """
    factor = math.exp(rng.uniform(*np.log(width)))
    if len(hand.letters) == 1:
        return hand
    letters = tuple(
        replace(
            pose,
            stretch=pose.stretch * factor,
            gap=max(pose.gap * factor, min(pose.gap, APART)),
        )
        for pose in hand.letters
    )
    return replace(hand, letters=letters)


def endless(draw: Callable[[int], npt.NDArray[np.float64]]) -> Iterator[float]:
    """Yield draws one by one, made in blocks: ten times faster than single calls."""
    return chain.from_iterable(draw(48).tolist() for _ in count())


def _poses(
    glyphs: Sequence[GlyphInfo],
    numeral: str,
    style: CaseStyle,
    options: HandOptions,
    uniform: Iterator[float],
    normal: Iterator[float],
) -> Iterator[Pose]:
    """Yield the letters' poses: a habit of the whole numeral, and each letter's own wobble."""
    x_height = 0.62 + 0.2 * next(uniform)  # of a small letter beside a capital
    low, high = options.spacing
    spacing = low + (high - low) * next(uniform) ** 1.6  # most people write closely
    wobble = 0.02 + 0.06 * next(uniform)
    stretch = _clip(1 + 0.1 * next(normal), 0.75, 1.35)
    before = None
    for info, (_, case) in zip(glyphs, spell(numeral, style), strict=True):
        small = style == "mixed" and case == "lower"
        yield Pose(
            glyph=info.id,
            height=(x_height if small else 1) * _clip(1 + wobble * next(normal), 0.7, 1.3),
            stretch=stretch * _clip(1 + 0.05 * next(normal), 0.8, 1.2),
            drop=0.6 * wobble * next(normal),
            slant=0.04 * next(normal),
            gap=max(spacing + 0.06 * next(normal), APART if info.letter == before == "i" else -0.1),
        )
        before = info.letter


def _bars(
    letters: int, uniform: Iterator[float], normal: Iterator[float]
) -> tuple[tuple[Bar, ...], bool]:
    """Draw serif bars: over, under or both, over the whole numeral or over each letter."""
    which = next(uniform)
    edges = (True, False) if which < 0.86 else (True,) if which < 0.93 else (False,)
    boxed = len(edges) == 2 and next(uniform) < 0.08
    each = not boxed and letters > 1 and next(uniform) < 0.1
    joined = next(uniform) < 0.55
    offset = 0.01 * next(normal) if joined else 0.04 + 0.14 * next(uniform)
    reach = 0.05 if each else -0.02 + 0.3 * next(uniform) ** 1.5
    waver = 0.015 * next(uniform)
    spans = [(k, k) for k in range(letters)] if each else [(0, letters - 1)]
    return tuple(
        Bar(
            over=over,
            first=first,
            last=last,
            offset=offset + 0.015 * next(normal),
            left=reach + 0.05 * next(normal),
            right=reach + 0.05 * next(normal),
            tilt=0.05 * next(normal),
            bow=0.025 * next(normal),
            waver=waver,
        )
        for over in edges
        for first, last in spans
    ), boxed


def _sheet(normal: Iterator[float]) -> tuple[int, int]:
    """Draw width and height; real: median 259 × 253, aspect 0.79 … 1.56 (5 % … 95 %)."""
    side = 254 * math.exp(0.26 * next(normal))
    aspect = math.exp(0.06 + 0.2 * next(normal))
    width, height = side * aspect**0.5, side / aspect**0.5
    return round(_clip(width, 110, 620)), round(_clip(height, 110, 620))


def _middling(uniform: Iterator[float]) -> float:
    """Draw a place in 0 … 1 that leans to the middle, as people do on paper."""
    return (next(uniform) + next(uniform)) / 2


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
