"""The writing itself: a writer's intended letter, varied by the hand, as points of ink.

What a writer means by a letter is one matrix over one vector of normals (`LetterModel`), which a
source keeps; an instance costs one draw and one product.
"""

import math
from dataclasses import dataclass
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


def write(model: LetterModel, rng: np.random.Generator) -> WrittenLetter:
    """Write one letter.

    Args:
        model: whose hand it is, and which letter.
        rng: makes this instance differ from the writer's others.

    Returns:
        Strokes whose body spans y 0 … 1, a dot above, x from 0; with pressure for every point.
    """
    normal = rng.standard_normal((len(model.mean) + 1, 3))
    lean, stretch, _ = normal[0].tolist()
    slant = model.slant + _SLANT_JITTER * (model.variation * lean)
    ink = model.layout.matrix @ (model.mean + model.spread * normal[1:])
    _settle(ink, model.body, slant, math.exp(_WIDTH_JITTER * (model.variation * stretch)))
    return _cut(ink.astype(np.float32), model.layout.pieces)


def _settle(ink: Matrix, body: int, slant: float, stretch: float) -> None:
    """Set the body (the first rows) on 0 … 1, stretch, slant, begin at x = 0: all in place."""
    x, y = ink[:, 0], ink[:, 1]
    top, bottom = y[:body].min(), y[:body].max()
    y -= top
    ink[:, :2] /= bottom - top
    if body < len(ink):
        y[body:] -= max(0.0, y[body:].max() + _DOT_CLEARANCE)
    x *= stretch
    x -= slant * y
    x -= x.min()


def _cut(ink: Points, pieces: tuple[slice, ...]) -> WrittenLetter:
    path, pressure = ink[:, :2], ink[:, 2].clip(*_PRESSURE)
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
