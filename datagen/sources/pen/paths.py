"""Pen paths as rounded polygons, sampled by one matrix product.

A path is a polygon whose corners are cut and bridged by a parabola: cut 0 is a sharp corner, 0.5
everywhere is a quadratic B-spline. Samples are linear in the corners, so a path's sampling is a
matrix that depends on the cuts alone. Only arithmetic enters.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

MODES: Final = 6
"""Half-waves of tremor along a stroke, from slow to fast."""

_STRAIGHT: Final = 3  # samples per straight piece, its end excluded
_CORNER: Final = 8  # samples per rounded corner: within half a pixel at a height of 150


@dataclass(frozen=True, slots=True, eq=False)
class PathLayout:
    """How the latent points of a letter become the points of its paths.

    Attributes:
        matrix: `float64 N×R`; per stroke the columns are its corners, `MODES` of tremor, a shift.
        pieces: the rows of each stroke.
    """

    matrix: Matrix
    pieces: tuple[slice, ...]


@lru_cache(maxsize=2048)
def layout(cuts: tuple[tuple[float, ...], ...]) -> PathLayout:
    """Return the layout of a letter from the corner cuts of its strokes (see `sampling`)."""
    samplings = [sampling(stroke) for stroke in cuts]
    blocks = [
        np.hstack([sampled, tremor(len(sampled)), np.ones((len(sampled), 1))])
        for sampled in samplings
    ]
    rows = np.cumsum([0, *(block.shape[0] for block in blocks)]).tolist()
    columns = np.cumsum([0, *(block.shape[1] for block in blocks)]).tolist()
    matrix = np.zeros((rows[-1], columns[-1]))
    pieces = tuple(slice(a, b) for a, b in itertools.pairwise(rows))
    for piece, (left, right), block in zip(
        pieces, itertools.pairwise(columns), blocks, strict=True
    ):
        matrix[piece, left:right] = block
    return PathLayout(matrix, pieces)


def sampling(cuts: tuple[float, ...]) -> Matrix:
    """Return the matrix that turns a polygon's corners into samples of its rounded path.

    Args:
        cuts: for each inner corner, the fraction in [0, 0.5] of both its sides that the
            rounding takes.

    Returns:
        `float64 N×K`, K = `len(cuts) + 2` corners, rows summing to 1; N = 3·(K−1) + 8·(K−2) + 1.
    """
    corners = np.eye(len(cuts) + 2)
    along = np.linspace(0.0, 1.0, _STRAIGHT, endpoint=False)[:, None]
    round_ = np.linspace(0.0, 1.0, _CORNER, endpoint=False)[:, None]
    rows, here = [], corners[0]
    for before, corner, after, cut in zip(corners, corners[1:], corners[2:], cuts, strict=False):
        into, out = corner + cut * (before - corner), corner + cut * (after - corner)
        rows.append(here + along * (into - here))
        rows.append((1 - round_) ** 2 * into + 2 * round_ * (1 - round_) * corner + round_**2 * out)
        here = out
    rows.append(here + along * (corners[-1] - here))
    rows.append(corners[-1:])
    return np.concatenate(rows)


def tremor(samples: int) -> Matrix:
    """Return `MODES` waves along a path of `samples` points: `float64 samples×MODES`, in [−1, 1].

    Mode k has k+1 half-waves and 1/(k+1) of the amplitude: a hand drifts more than it trembles.
    """
    t = np.linspace(0.0, np.pi, samples)[:, None]
    wave = np.arange(1, MODES + 1)
    return np.asarray(np.cos(wave * t) / wave)
