"""Raw pen points to the measure of `Glyph.strokes`: what is body, what is dot, what is neither.

Points in any unit enter; strokes with the body on y 0 … 1 leave. No files, no randomness.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from datagen.core.glyphs import Path2D

Points = npt.NDArray[np.float64]
Reason = Literal["flat", "far dot", "coarse"]
"""A line or a dot; a dot too far above; coordinates so large that its shape is lost in them."""

_STRAY: Final = 0.04
"""A stroke smaller than this part of its letter is a stray touch, unless it dots an i."""
_FLATTEST: Final = 5.0
"""Width in letter heights beyond which a letter is taken for a horizontal line."""
_DOT_REACH: Final = 2.5
"""How far above the body, in letter heights, a dot may rise (98 in 100 stay below 2.4)."""
_COARSEST: Final = 0.01
"""Distance of neighbouring numbers, letter heights, beyond which coordinates have lost a shape."""
_SMALLEST: Final = 1e-100
"""Height that still can be divided by, in whatever unit."""
_STEP: Final = 0.025
"""Distance of the points of a smoothed path, letter heights: 4 pixels in a 150-pixel letter."""
_SMOOTHING: Final = (0.012, 0.06)
"""Bounds of the smoothing's standard deviation, letter heights."""


@dataclass(frozen=True, slots=True)
class StrokeSurvey:
    """What a raw letter consists of.

    Attributes:
        body: numbers of the strokes that make the body.
        dots: numbers of the strokes that dot an i.
        stray: how many strokes were dropped as touches of the pen.
        reason: why the letter cannot be used, or None.
    """

    body: tuple[int, ...]
    dots: tuple[int, ...]
    stray: int
    reason: Reason | None


def survey(strokes: Sequence[Points], *, dotted: bool) -> StrokeSurvey:
    """Tell body, dots and stray touches apart.

    Args:
        strokes: `float64 N×2` each, y down, any unit.
        dotted: whether the letter may have a dot: it is a small i.
    """
    boxes = [(*s.min(axis=0).tolist(), *s.max(axis=0).tolist()) for s in strokes]
    spans = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes]
    stem = max(range(len(boxes)), key=lambda n: (boxes[n][3] - boxes[n][1], spans[n]))
    dots = _dots(boxes, stem) if dotted else ()
    least = _STRAY * max(spans)
    body = tuple(n for n, span in enumerate(spans) if n not in dots and span > least)
    stray = len(strokes) - len(dots) - len(body)
    return StrokeSurvey(body, dots, stray, _reason(boxes, body, dots))


_Box = tuple[float, float, float, float]


def _dots(boxes: Sequence[_Box], stem: int) -> tuple[int, ...]:
    """A dot ends above, or just below, the top of the stem, and its middle lies above it."""
    _, top, _, bottom = boxes[stem]
    reach = top + 0.15 * (bottom - top)
    return tuple(
        n
        for n, (_, y0, _, y1) in enumerate(boxes)
        if n != stem and y1 <= reach and 0.5 * (y0 + y1) < top
    )


def _reason(boxes: Sequence[_Box], body: Sequence[int], dots: Sequence[int]) -> Reason | None:
    if not body:
        return "flat"
    left, top = (min(boxes[n][axis] for n in body) for axis in (0, 1))
    right, bottom = (max(boxes[n][axis] for n in body) for axis in (2, 3))
    height = bottom - top
    farthest = max(abs(left), abs(right), abs(top), abs(bottom))
    if np.spacing(farthest) > _COARSEST * height > 0:
        return "coarse"
    if height <= _SMALLEST or (right - left) / height > _FLATTEST:
        return "flat"
    if any(top - boxes[n][1] > _DOT_REACH * height for n in dots):
        return "far dot"
    return None


def smooth(
    strokes: Sequence[Points], found: StrokeSurvey, least: float = _SMOOTHING[0]
) -> tuple[Path2D, ...]:
    """Scale a letter to its body, remove the recorder's rounding steps, and resample it evenly.

    Args:
        strokes: the strokes that `found` describes.
        found: what `survey` made of them; its `reason` must be None.
        least: standard deviation of the smoothing at least, letter heights.

    Returns:
        `float32 N×2` each, N ≥ 2, body on y 0 … 1, x from 0; the dots last.
    """
    kept = [strokes[n] for n in (*found.body, *found.dots)]
    y = np.concatenate([strokes[n][:, 1] for n in found.body])
    height = float(np.ptp(y))
    step = _grid(kept) / height
    sigma = float(np.clip(0.8 * step, least, _SMOOTHING[1]))
    paths = [_even(stroke / height, sigma) for stroke in kept]
    return _settled(paths, len(found.body))


def _grid(strokes: Sequence[Points]) -> float:
    """The recorder's resolution: the smallest distance between two coordinates that differ."""
    values = np.unique(np.abs(np.diff(np.concatenate(strokes), axis=0)))
    positive = values[values > 0]
    return float(positive[0]) if len(positive) else 0.0


def _even(stroke: Points, sigma: float) -> Points:
    """Resample at equal distances and smooth with a Gaussian; the two ends stay."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    if length[-1] < _STEP:
        return np.array([stroke[0], stroke[-1] + (0.0, 0.01)])
    at = np.linspace(0.0, length[-1], max(4, int(length[-1] / _STEP)))
    x, y = (np.interp(at, length, stroke[:, axis]) for axis in (0, 1))
    reach = min(int(np.ceil(2.5 * sigma / (at[1] - at[0]))), len(at) - 1)
    if reach == 0:
        return np.column_stack([x, y])
    offsets = np.arange(-reach, reach + 1) * (at[1] - at[0])
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    return np.column_stack([np.convolve(_reflect(v, reach), kernel, "valid") for v in (x, y)])


def _reflect(values: Points, reach: int) -> Points:
    """Continue `values` beyond both ends, point-mirrored, so that smoothing keeps the ends."""
    before = 2 * values[0] - values[reach:0:-1]
    after = 2 * values[-1] - values[-2 : -reach - 2 : -1]
    return np.concatenate([before, values, after])


def _settled(paths: Sequence[Points], body: int) -> tuple[Path2D, ...]:
    """Shift and scale: smoothing may have taken a little off the body's height."""
    ink = np.concatenate(paths)
    y = np.concatenate([path[:, 1] for path in paths[:body]])
    origin = np.array([ink[:, 0].min(), y.min()])
    settled = ((ink - origin) / np.ptp(y)).astype(np.float32)
    ends = np.cumsum([len(path) for path in paths]).tolist()
    return tuple(settled[a:b] for a, b in itertools.pairwise([0, *ends]))
