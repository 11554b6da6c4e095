"""The six letters as a writer intends them: polygons of pen strokes, before the hand's jitter.

Each function turns a writer and that letter's own quirks into strokes, upright; slant comes
later. Lengths are letter heights, y down, 0 top and 1 baseline. No randomness enters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datagen.core.numerals import Case, Letter
from datagen.sources.pen.writer import Closing, Writer

Point = tuple[float, float]
_PER_LETTER = 10


@dataclass(frozen=True, slots=True)
class Stroke:
    """One pen-down movement: a polygon, and how much of each inner corner is rounded.

    Attributes:
        corners: at least two points.
        cuts: one number in [0, 0.5] per inner corner.
        dot: whether this is what floats above the body.
        loose: how far the whole stroke may land from where it was meant, as a standard deviation.
    """

    corners: tuple[Point, ...]
    cuts: tuple[float, ...] = ()
    dot: bool = False
    loose: float = 0.0


def intended(writer: Writer, letter: Letter, case: Case) -> tuple[Stroke, ...]:
    """Return the strokes that `writer` means to draw; `case` unknown is read as capital."""
    upper = case != "lower"
    quirks = _quirks(writer, letter, upper)
    if letter == "i":
        return _capital_i(writer, quirks) if upper else _small_i(writer, quirks)
    if letter == "v":
        return (_v(writer, quirks, upper),)
    return _x(writer, quirks, upper)


def _quirks(writer: Writer, letter: Letter, upper: bool) -> tuple[float, ...]:
    """A capital repeats most of the small letter's habits."""
    start = 2 * _PER_LETTER * ("i", "v", "x").index(letter)
    small = writer.quirks[start : start + _PER_LETTER]
    if not upper:
        return small
    own = writer.quirks[start + _PER_LETTER : start + 2 * _PER_LETTER]
    return tuple(0.6 * s + 0.8 * o for s, o in zip(small, own, strict=True))


def _log(median: float, spread: float, z: float) -> float:
    """A positive length: `median` × e^(spread·z)."""
    return median * math.exp(spread * z)


def _squash(z: float) -> float:
    """A standard normal as a uniform-like number in (0, 1)."""
    return 1 / (1 + math.exp(-1.7 * z))


# --- i -------------------------------------------------------------------------------------------


def _small_i(writer: Writer, q: Sequence[float]) -> tuple[Stroke, ...]:
    stem = _small_stem(writer, q)
    dot = _dot(writer, q)
    return (stem,) if dot is None else (stem, dot)


def _small_stem(writer: Writer, q: Sequence[float]) -> Stroke:
    bow = 0.04 * q[0]
    tail = min(_log(0.28, 0.4, q[1]), 0.55) * writer.width
    lift = 0.22 + 0.1 * q[2]
    lead = _log(0.28, 0.4, q[3]) * writer.width
    turn = 0.1 + 0.4 * writer.roundness
    match writer.stem:
        case "tailed":
            return Stroke(
                ((0.0, 0.0), (-bow, 1.03), (0.4 * tail, 1.06), (tail, 1 - lift)), (turn, 0.5)
            )
        case "flagged":
            return Stroke(((-lead * 0.8, 0.22), (0.0, 0.0), (bow, 0.5), (0.0, 1.0)), (0.15, 0.5))
        case "cursive":
            return Stroke(
                ((-lead * 1.3, 0.75), (0.0, -0.03), (-0.08, 1.03), (0.45 * tail, 1.08),
                 (tail * 1.2, 1 - lift)),
                (0.08, turn, 0.5),
            )  # fmt: skip
        case "bare":
            return Stroke(((0.0, 0.0), (bow, 0.5), (0.0, 1.0)), (0.5,))


def _dot(writer: Writer, q: Sequence[float]) -> Stroke | None:
    gap = _log(0.60, 0.4, q[4])
    x = 0.04 + 0.12 * q[5]
    size = q[6]
    match writer.dot:
        case "none":
            return None
        case "dot":
            length = _log(0.05, 0.6, size)
            ends = ((x, -gap), (x + length * 0.5, -gap + length))
            return Stroke(ends, dot=True, loose=0.10)
        case "dash":
            half, tilt = _log(0.13, 0.4, size), 0.6 * q[7] + 0.3
            ends = ((x - half * np.cos(tilt), -gap - half * np.sin(tilt)),
                    (x + half * np.cos(tilt), -gap + half * np.sin(tilt)))  # fmt: skip
            return Stroke(ends, dot=True, loose=0.10)
        case "ring":
            return _ring(x, -gap, min(_log(0.13, 0.25, size), 0.8 * gap))


def _ring(x: float, y: float, radius: float) -> Stroke:
    """Seven corners, the last a little past the first: a ring that a hand closes."""
    angles = -np.pi / 2 - np.linspace(0.0, 2.15 * np.pi, 7)
    corners = tuple(
        (float(x + 1.12 * radius * np.cos(a)), float(y + 1.12 * radius * np.sin(a))) for a in angles
    )
    return Stroke(corners, (0.5,) * 5, dot=True, loose=0.08)


def _capital_i(writer: Writer, q: Sequence[float]) -> tuple[Stroke, ...]:
    bow = 0.02 * q[0]
    stem = Stroke(((0.0, 0.0), (bow, 0.5), (0.0, 1.0)), (0.5,))
    if writer.bars == "bare":
        return (stem,)
    top = _log(0.32, 0.38, q[1]) * writer.width
    bottom = top * _log(1.04, 0.22, q[2])
    shift, tilt = 0.04 * q[3], 0.10 * q[4] - 0.07
    if writer.bars == "joined":
        return (_joined_i(top, bottom, q),)
    upper = _bar(-0.01, shift, top, tilt)
    lower = _bar(1.0, -shift, bottom, tilt)
    if writer.bars == "full":
        return (stem, upper, lower)
    partial = _squash(q[5])
    if partial < 0.4:  # a bar on top only
        return (stem, upper)
    if partial < 0.7:  # a bar below only
        return (stem, lower)
    half = (1.1 * top, 0.14 + 0.06 * q[6])  # a flag on the left, as on a printed 1
    flag = Stroke(((-half[0], half[1]), (0.0, 0.0), (bow, 0.5), (0.0, 1.0)), (0.05, 0.5))
    return (flag, lower)


def _joined_i(top: float, bottom: float, q: Sequence[float]) -> Stroke:
    """Top bar, stem and bottom bar without lifting the pen: a Z or a bracket."""
    turn = 0.05 + 0.12 * _squash(q[7])
    if abs(q[9]) > 1.1:  # a bracket, open to the right or to the left
        side = 0.6 * top if q[9] > 0 else -0.6 * top
        return Stroke(
            ((side, 0.03 * q[8]), (-side, 0.0), (-side, 1.0), (side, 1.0 + 0.05 * q[5])),
            (turn, turn),
        )
    right, left = 0.4 * top * _squash(q[5]), -0.4 * bottom * _squash(q[6])
    return Stroke(
        ((-top, 0.03 * q[8]), (right, 0.0), (left, 1.0), (bottom, 1.0 + 0.03 * q[9])), (turn, turn)
    )


def _bar(y: float, x: float, half: float, tilt: float) -> Stroke:
    return Stroke(
        ((x - half, y - tilt * half), (x, y - 0.015), (x + half, y + tilt * half)),
        (0.5,),
        loose=0.05,
    )


# --- v -------------------------------------------------------------------------------------------


def _v(writer: Writer, q: Sequence[float], upper: bool) -> Stroke:
    closing = writer.closings[upper]
    breadth = _log(0.68 if upper else 0.82, 0.15 if upper else 0.2, q[0]) * writer.width
    vertex = breadth * (0.47 + 0.06 * q[1])
    rise = 0.04 + 0.1 * q[2]
    left, right = (0.0, max(0.0, rise)), (breadth, max(0.0, -rise))
    bottom, outward, cut = _vertex(writer, closing)
    down = _between(left, (vertex, bottom), -outward * breadth + 0.04 * q[3])
    up = _between((vertex, bottom), right, outward * breadth + 0.04 * q[4])
    corners, cuts = [left, down, (vertex, bottom), up, right], [0.5, cut, 0.5]
    if closing == "ticked" or (closing == "curled" and q[5] > 0):
        tick = _log(0.13, 0.3, q[6])
        corners.insert(0, (left[0] - tick, left[1] + tick * (0.9 + 0.4 * q[7])))
        cuts.insert(0, 0.2 + 0.25 * writer.roundness)
    if closing == "curled":
        curl = _log(0.2, 0.35, q[8])
        corners.append((right[0] + curl, right[1] + curl * (0.3 + 0.4 * q[9])))
        cuts.append(0.35)
    return Stroke(tuple(corners), tuple(cuts))


def _vertex(writer: Writer, closing: Closing) -> tuple[float, float, float]:
    """Depth of the polygon's vertex, outward bow of the arms, cut of the corner."""
    round_ = writer.roundness
    if closing == "round":
        return 1.15, 0.05 + 0.12 * round_, 0.5
    return 1.0, 0.01 + 0.02 * round_, 0.05 + 0.3 * round_


def _between(a: Point, b: Point, aside: float) -> Point:
    return (0.5 * (a[0] + b[0]) + aside, 0.5 * (a[1] + b[1]))


# --- x -------------------------------------------------------------------------------------------


def _x(writer: Writer, q: Sequence[float], upper: bool) -> tuple[Stroke, ...]:
    breadth = _log(0.63 if upper else 0.79, 0.15 if upper else 0.19, q[0]) * writer.width
    flare = 0.07 + 0.09 * q[1]  # > 0: wider below, so that the strokes cross above the middle
    lean = 0.045 * q[2]
    above, below = 0.5 * breadth * (1 - flare), 0.5 * breadth * (1 + flare)
    falling = ((lean - above, 0.0), (below, 1.0))
    rising = ((lean + above, 0.10 * q[3] - 0.03), (-below, 1.03 + 0.10 * q[4]))
    match writer.crossings[upper]:
        case "straight":
            return (_arm(falling, 0.06 * q[5], 0.06 * q[7]), _arm(rising, 0.06 * q[6], 0.05 * q[8]))
        case "curved":
            hook = min(_log(0.14, 0.4, q[7]), 0.28 * breadth)
            return (_swash(falling, hook), _arm(rising, 0.06 * q[6], 0.09 * q[8]))
        case "cursive":
            return _back_to_back(breadth, q)
        case "joined":
            return (_without_lifting(falling, rising, writer, q),)


def _arm(ends: tuple[Point, Point], bow: float, wave: float) -> Stroke:
    """A nearly straight stroke: `bow` bends it one way, `wave` makes an S of it."""
    (x0, y0), (x1, y1) = ends
    dx, dy = (x1 - x0) / 4, (y1 - y0) / 4
    return Stroke(
        (ends[0], (x0 + dx + bow + wave, y0 + dy), (x1 - dx + bow - wave, y1 - dy),
         ends[1]),
        (0.5, 0.5),
        loose=0.03,
    )  # fmt: skip


def _swash(ends: tuple[Point, Point], hook: float) -> Stroke:
    """A falling stroke with an entry and an exit curl."""
    (x0, y0), (x1, y1) = ends
    return Stroke(
        ((x0 - 0.6 * hook, y0 + 0.9 * hook), (x0 + 0.6 * hook, y0 - 0.3 * hook),
         (x1 - 0.6 * hook, y1 + 0.3 * hook), (x1 + 0.6 * hook, y1 - 0.9 * hook)),
        (0.4, 0.4),
        loose=0.02,
    )  # fmt: skip


def _back_to_back(breadth: float, q: Sequence[float]) -> tuple[Stroke, ...]:
    """Two bowls that touch: )( ."""
    half, touch = 0.3 + 0.3 * breadth, 0.02 + 0.025 * q[5]
    left = ((-half, 0.16), (-0.4 * half, -0.12), (touch, 0.25), (touch, 0.75),
            (-0.4 * half, 1.12), (-half, 0.84))  # fmt: skip
    right = tuple((-x, y) for x, y in left)
    return (Stroke(left, (0.5,) * 4, loose=0.02), Stroke(right, (0.5,) * 4, loose=0.02))


def _without_lifting(
    falling: tuple[Point, Point], rising: tuple[Point, Point], writer: Writer, q: Sequence[float]
) -> Stroke:
    """Both strokes in one: the pen draws the way from one to the other, too."""
    turn = 0.03 + 0.3 * writer.roundness * _squash(q[8])
    first, second = (falling, rising) if q[9] > 0 else (rising, falling)
    return Stroke((*first, *second), (turn, turn))
