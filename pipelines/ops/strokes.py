"""Stroke edits: one i less or one more, in the writer's own hand. Pure functions.

They work where every letter is a piece of ink of its own (an i with its dot); where letters touch,
or bars join them, they refuse. Each result is taken apart again before it is given out.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.errors import InseparableStrokesError
from pipelines.labels import Move, becomes
from pipelines.ops.gray import GrayImage, ink_mask, pen_width

Mask = npt.NDArray[np.bool_]

_TALL: Final = 0.45
"""A letter's body is at least this share of the tallest one's height; a dot is lower."""
_SLENDER: Final = 0.6
"""An i is no wider than this share of its height; wider ones carry serifs or are no i."""
_WIDE: Final = 0.3
"""A v or x is at least this share of its height wide."""
_SPECK: Final = 0.5
"""What is smaller than this share of the pen's width is dirt."""


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """One letter on the sheet.

    Attributes:
        ink: `bool H×W`, its pixels on the sheet, the dot of an i with them.
        left, top, width, height: of its body, without the dot, pixels.
    """

    ink: Mask
    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column right of the body."""
        return self.left + self.width


def separate(image: GrayImage, numeral: str) -> tuple[Letter, ...]:
    """Return the letters of `numeral`, left to right.

    Args:
        image: `uint8 H×W`.
        numeral: its class.

    Raises:
        InseparableStrokesError: there are more or fewer bodies of ink than letters, one does not
            look like its letter, ink lies where no letter is, or a letter runs off the sheet.
    """
    count, labels, boxes, middles = cv2.connectedComponentsWithStats(ink_mask(image))
    stats, centres = np.asarray(boxes, np.int32), np.asarray(middles, np.float64)
    pen = pen_width(image)
    pieces = [k for k in range(1, count) if max(stats[k, 2], stats[k, 3]) > _SPECK * pen]
    tallest = max((stats[k, cv2.CC_STAT_HEIGHT] for k in pieces), default=0)
    bodies = [k for k in pieces if stats[k, cv2.CC_STAT_HEIGHT] >= _TALL * tallest]
    if len(bodies) != len(numeral):
        raise InseparableStrokesError(
            f"{numeral} has {len(numeral)} letters, but {len(bodies)} bodies of ink were found; "
            "letters touch, are broken, or bars join them"
        )
    bodies.sort(key=lambda k: centres[k, 0])
    owned: dict[int, list[int]] = {k: [k] for k in bodies}
    for dot in set(pieces) - set(bodies):
        owned[_owner(dot, bodies, stats, centres)].append(dot)
    letters = tuple(
        Letter(np.isin(labels, owned[k]), *(int(value) for value in stats[k, :4])) for k in bodies
    )
    for letter, char in zip(letters, numeral, strict=True):
        _require_shape(letter, char, image.shape)
    return letters


def remove_stroke(image: GrayImage, numeral: str) -> GrayImage:
    """Return `image` without its last i: viii → vii → vi → v, iii → ii → i.

    Raises:
        InseparableStrokesError: the letters cannot be told apart, before or after.
        ValueError: removing one from this class leaves no class.
    """
    after = _target("remove stroke", numeral)
    *others, last = separate(image, numeral)
    out = image.copy()
    out[_halo(last.ink) & ~_other_ink(image, last.ink)] = 255
    kept = np.any([letter.ink for letter in others], axis=0)
    beside = slice(max(int(np.flatnonzero(kept.any(axis=0))[-1]) + 1, last.left), None)
    out[:, beside] = 255  # specks that belonged to it
    separate(out, after)
    return out


def add_stroke(
    image: GrayImage, numeral: str, tilt: float = 0.0, stretch: float = 1.0
) -> GrayImage:
    """Return `image` with a copy of its last i written after it: vi → vii → viii, i → ii → iii.

    Args:
        image: `uint8 H×W`.
        numeral: its class.
        tilt: degrees by which the copy is turned, so that no two strokes are alike.
        stretch: factor on the copy's height.

    Returns:
        The sheet, wider where the new stroke needs room.

    Raises:
        InseparableStrokesError: the letters cannot be told apart, before or after.
        ValueError: adding one to this class gives no class.
    """
    after = _target("add stroke", numeral)
    letters = separate(image, numeral)
    last = letters[-1]
    pitch = _pitch(letters)
    end = int(np.flatnonzero(last.ink.any(axis=0))[-1]) + 1  # a dot may hang over
    margin = min(image.shape[1] - end, last.height // 4)
    wider = max(end + pitch + margin - image.shape[1], 0)
    out = np.pad(image, ((0, 0), (0, wider)), constant_values=255)
    stroke = np.full_like(out, 255)
    own = np.pad(_halo(last.ink) & ~_other_ink(image, last.ink), ((0, 0), (0, wider)))
    stroke[own] = out[own]
    middle = (last.left + last.width / 2, last.top + last.height / 2)
    matrix = cv2.getRotationMatrix2D(middle, tilt, 1.0)
    matrix[1, 1] *= stretch
    matrix[1, 2] += middle[1] - (matrix[1, 0] * middle[0] + matrix[1, 1] * middle[1] + matrix[1, 2])
    matrix[0, 2] += pitch
    size = (out.shape[1], out.shape[0])
    moved = cv2.warpAffine(stroke, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(255,))
    out = np.minimum(out, moved.astype(np.uint8))
    if separate(out, after)[-1].right <= last.right:
        raise InseparableStrokesError(f"the stroke added to {numeral} does not stand to its right")
    return out


def _target(move: Move, numeral: str) -> str:
    after = becomes(move, numeral, "upper")
    if after is None:
        raise ValueError(f"{move}: {numeral} would become no class")
    return after


def _owner(
    dot: int,
    bodies: list[int],
    stats: npt.NDArray[np.int32],
    centres: npt.NDArray[np.float64],
) -> int:
    """Return the body a dot belongs to: it hangs above it."""
    x, y = centres[dot]

    def distance(body: int) -> float:
        left, _, width, _ = stats[body, :4]
        return float(max(left - x, x - (left + width), 0.0))

    body = min(bodies, key=distance)
    _, top, _, height = stats[body, :4]
    if distance(body) > 0.4 * height or y > top + 0.2 * height:
        raise InseparableStrokesError(
            "there is ink that belongs to no letter: lines, specks, a neighbour"
        )
    return body


def _require_shape(letter: Letter, char: str, shape: tuple[int, ...]) -> None:
    slender = letter.width / letter.height
    if (slender > _SLENDER) if char == "i" else (slender < _WIDE):
        raise InseparableStrokesError(
            f"a piece of ink of {letter.width}×{letter.height} pixels is no {char}"
        )
    touching = letter.left == 0 or letter.top == 0
    if touching or letter.right == shape[1] or letter.top + letter.height == shape[0]:
        raise InseparableStrokesError(f"its {char} runs off the sheet")


def _halo(ink: Mask) -> Mask:
    """Return the ink and the soft pixels around it."""
    return np.asarray(cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _other_ink(image: GrayImage, ink: Mask) -> Mask:
    return np.asarray((ink_mask(image) > 0) & ~ink)


def _pitch(letters: tuple[Letter, ...]) -> int:
    """Return how far right of the last letter the next one stands, pixels.

    The paper between the last two letters, where they come closest, comes again; where there is
    one letter only, half its height.
    """
    last = letters[-1]
    if len(letters) == 1:
        return max(round(0.5 * last.height), last.width + 2)
    before = letters[-2]
    if before.width <= _SLENDER * before.height and len(letters) > 2:
        return max(last.left - before.left, 2)
    both = before.ink.any(axis=1) & last.ink.any(axis=1)
    if not both.any():
        return max(round(0.4 * last.height), 2)
    columns = np.arange(last.ink.shape[1])
    ends = np.where(before.ink[both], columns, -1).max(axis=1)
    begins = np.where(last.ink[both], columns, columns.size).min(axis=1)
    stroke = last.ink[both].sum(axis=1).max()
    gap = int((begins - ends).min()) + int(stroke)
    return int(np.clip(gap, 0.25 * last.height, 0.6 * last.height))
