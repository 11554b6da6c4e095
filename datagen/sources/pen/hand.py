"""The writing itself: a writer's intended letter, varied by the hand, as points of ink.

What a writer means by a letter is one matrix over one vector of normals (`LetterModel`), which a
source keeps; an instance costs one draw and one product.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.glyphs import Path2D
from datagen.core.numerals import Case, Letter
from datagen.sources.pen.letters import Stroke, intended
from datagen.sources.pen.paths import MODES, Matrix, PathLayout, layout
from datagen.sources.pen.writer import Writer

Pressure = npt.NDArray[np.float32]
Points = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]

_CORNER_JITTER: Final = 0.041
"""Where a corner lands, letter heights of standard deviation between two instances."""
_SLANT_JITTER: Final = 0.035
_WIDTH_JITTER: Final = 0.08
_SMALL_LETTERS: Final = 1.4
"""How much more small letters vary than capitals: they are written faster."""
_DOT_CLEARANCE: Final = 0.08
"""Least distance of a dot above the body, letter heights."""
_PRESSURE: Final = (0.55, 1.75)
"""Factors of the pen width between which the line stays."""


@dataclass(frozen=True, slots=True)
class WrittenLetter:
    """One written letter: see `Glyph.strokes` and `Glyph.pressure` for the units."""

    strokes: tuple[Path2D, ...]
    pressure: tuple[Pressure, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LetterModel:
    """A writer's letter before an instance is drawn.

    Attributes:
        mean, spread: `float64 R×3` (x, y, pressure) of the layout's latent points.
        layout: latent points to paths.
        body: how many rows make the body; the dot's follow.
        variation: factor on every difference between two instances.
        slant: the writer's.
    """

    mean: Matrix
    spread: Matrix
    layout: PathLayout
    body: int
    variation: float
    slant: float


def write_all(
    asked: Sequence[tuple[LetterModel, np.random.Generator]],
) -> list[WrittenLetter]:
    """Write letters, all in the same few steps: numpy takes a microsecond for the shortest array.

    Args:
        asked: for each letter whose hand it is, which letter, and what makes this instance differ
            from the writer's others.

    Returns:
        Strokes whose body spans y 0 … 1, a dot above, x from 0; with pressure for every point.
    """
    ink, slant, stretch = [], [], []
    for model, rng in asked:
        normal = rng.standard_normal((len(model.mean) + 1, 3))
        lean, wide, _ = normal[0].tolist()
        slant.append(model.slant + _SLANT_JITTER * (model.variation * lean))
        stretch.append(math.exp(_WIDTH_JITTER * (model.variation * wide)))
        ink.append(model.layout.matrix @ (model.mean + model.spread * normal[1:]))
    points = np.concatenate(ink)
    _settle(points, [model for model, _ in asked], np.array(slant), np.array(stretch))
    ready = points.astype(np.float32)
    ready[:, 2].clip(*_PRESSURE, out=ready[:, 2])
    ends = accumulate(len(letter) for letter in ink)
    return [
        _cut(ready[end - len(letter) : end], model.layout.pieces)
        for letter, end, (model, _) in zip(ink, ends, asked, strict=True)
    ]


def _settle(ink: Matrix, models: Sequence[LetterModel], slant: Numbers, stretch: Numbers) -> None:
    """Set bodies on 0 … 1, dots above them, stretch, slant, begin at x = 0: all in place.

    Args:
        ink: the letters' points, one letter after another.
        models: of the letters.
        slant: of each letter.
        stretch: of each letter.
    """
    x, y = ink[:, 0], ink[:, 1]
    counts = np.array([len(model.layout.matrix) for model in models])
    starts = np.cumsum(counts) - counts
    whose = np.repeat(np.arange(len(models)), counts)
    # each letter is one part, or two: a body and a dot
    is_dot = np.arange(len(ink)) - starts[whose] >= np.array([m.body for m in models])[whose]
    dots = np.flatnonzero(is_dot[1:] > is_dot[:-1]) + 1
    parts = np.sort(np.concatenate([starts, dots]))
    bodies = ~is_dot[parts]
    top, bottom = (end.reduceat(y, parts)[bodies] for end in (np.minimum, np.maximum))
    y -= top[whose]
    ink[:, :2] /= (bottom - top)[whose, None]
    if len(dots):
        low = np.maximum.reduceat(y, parts)[~bodies]
        lift = np.zeros(len(models))
        lift[whose[dots]] = np.maximum(0.0, low + _DOT_CLEARANCE)
        y -= np.where(is_dot, lift[whose], 0.0)
    x *= stretch[whose]
    x -= slant[whose] * y
    x -= np.minimum.reduceat(x, starts)[whose]


def _cut(ink: Points, pieces: tuple[slice, ...]) -> WrittenLetter:
    path, pressure = ink[:, :2], ink[:, 2]
    return WrittenLetter(
        tuple(path[piece] for piece in pieces), tuple(pressure[piece] for piece in pieces)
    )


def letter_model(writer: Writer, letter: Letter, case: Case) -> LetterModel:
    """Return what `writer` means by a letter; case `"unknown"` is written as a capital."""
    strokes = intended(writer, letter, case)
    # cuts in steps of 0.05: a few hundred layouts serve all writers
    laid = layout(tuple(tuple(round(20 * cut) / 20 for cut in stroke.cuts) for stroke in strokes))
    variation = writer.variation * (_SMALL_LETTERS if case == "lower" else 1.0)
    mean = np.concatenate([_mean(stroke) for stroke in strokes])
    spread = np.concatenate([_spread(stroke, writer, variation) for stroke in strokes])
    end = laid.pieces[-2 if strokes[-1].dot else -1].stop
    return LetterModel(mean, spread, laid, end, variation, writer.slant)


def _mean(stroke: Stroke) -> Matrix:
    """Corners with their pressure: the pen lands and lifts a little lighter."""
    pressure = np.full(len(stroke.corners), 1.04)
    pressure[[0, -1]] = 0.94, 0.88
    mean = np.zeros((len(pressure) + MODES + 1, 3))
    mean[: len(pressure), :2] = stroke.corners
    mean[: len(pressure), 2] = pressure
    return mean


def _spread(stroke: Stroke, writer: Writer, variation: float) -> Matrix:
    jitter = _CORNER_JITTER * variation * (0.4 if stroke.dot else 1.0)
    corners = len(stroke.corners)
    position = [jitter] * corners + [writer.tremor] * MODES + [stroke.loose * variation]
    weight = [writer.pressure] * corners + [0.5 * writer.pressure] * MODES + [0.0]
    return np.array([position, position, weight]).T
