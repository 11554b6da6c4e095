"""The middle line of ink, as paths a pen could have taken. Pure functions.

Enters: coverage of one letter. Leaves: paths between the ends and crossings of its skeleton. The
thinning is the one of Zhang and Suen (1984, doi:10.1145/357994.358023), as a table look-up.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import Coverage

Points = npt.NDArray[np.float64]
Pixel = tuple[int, int]

_AROUND: Final = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""The eight neighbours of a pixel, clockwise from the one above."""
_BITS: Final = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
"""What each neighbour counts in the code of a neighbourhood."""


def thin(mask: Coverage) -> Coverage:
    """Return the skeleton of a mask, one pixel wide: `uint8 H×W`, 0 or 1.

    Args:
        mask: `uint8 H×W`, not 0 where there is ink.
    """
    out = np.pad((mask > 0).astype(np.uint8), 1)
    changed = True
    while changed:
        changed = False
        for table in _tables():
            codes = cv2.filter2D(out, cv2.CV_16S, _BITS, borderType=cv2.BORDER_CONSTANT)
            gone = table[codes] & (out > 0)
            out[gone] = 0
            changed = changed or bool(gone.any())
    return out[1:-1, 1:-1]


def paths(mask: Coverage) -> list[Points]:
    """Return the paths of the skeleton of a mask, each between two ends or crossings.

    Args:
        mask: `uint8 H×W`, not 0 where there is ink.

    Returns:
        `float64 N×2` points (x, y) each, N ≥ 2; a piece of one pixel is a path of two equal points.
    """
    skeleton = thin(mask)
    width = 2 * float(cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, 5).max())
    pixels = {(int(y), int(x)) for y, x in np.argwhere(skeleton)}
    near = {pixel: _neighbours(pixel, pixels) for pixel in pixels}
    nodes = sorted(pixel for pixel, found in near.items() if len(found) != 2)
    walked: set[tuple[Pixel, Pixel]] = set()
    found = [_walk(node, step, near, walked) for node in nodes for step in near[node]]
    found = [path for path in found if path]
    loose = pixels - {pixel for path in found for pixel in path}
    while loose:  # rings have no node; a pixel by itself has no neighbour
        start = min(loose)
        ring = _walk(start, near[start][0], near, walked) if near[start] else [start, start]
        found.append(ring or [start, start])
        loose -= {start, *ring}
    kept = [path for path in found if not _is_spur(path, near, width)] or found
    return [np.array([(x, y) for y, x in path], np.float64) for path in kept]


def _walk(
    start: Pixel,
    step: Pixel,
    near: dict[Pixel, tuple[Pixel, ...]],
    walked: set[tuple[Pixel, Pixel]],
) -> list[Pixel]:
    """Follow a line from one node to the next; nothing where it was followed before."""
    if (start, step) in walked:
        return []
    path = [start, step]
    while len(near[path[-1]]) == 2 and path[-1] != start:
        one, other = near[path[-1]]
        path.append(other if one == path[-2] else one)
    walked |= {(path[0], path[1]), (path[-1], path[-2])}
    return path


def _neighbours(pixel: Pixel, pixels: set[Pixel]) -> tuple[Pixel, ...]:
    """Return the pixels beside one; a diagonal one only where no other leads to it."""
    y, x = pixel
    there = [(y + dy, x + dx) in pixels for dy, dx in _AROUND]
    return tuple(
        (y + dy, x + dx)
        for k, (dy, dx) in enumerate(_AROUND)
        if there[k] and (k % 2 == 0 or not (there[k - 1] or there[(k + 1) % 8]))
    )


def _is_spur(path: list[Pixel], near: dict[Pixel, tuple[Pixel, ...]], width: float) -> bool:
    """Whether it is a short line from a crossing to a loose end: a bump of the outline."""
    ends = sorted((len(near[path[0]]), len(near[path[-1]])))
    return ends[0] == 1 and ends[1] > 2 and len(path) < 0.75 * width


@lru_cache(maxsize=1)
def _tables() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return for each code of a neighbourhood whether its pixel goes, in either half of a pass."""
    bits = np.array([[code >> k & 1 for k in range(8)] for code in range(256)], np.bool_)
    up, right, down, left = (bits[:, k] for k in (0, 2, 4, 6))
    ink = bits.sum(axis=1)
    begins = (~bits & np.roll(bits, -1, axis=1)).sum(axis=1)
    edge = (ink >= 2) & (ink <= 6) & (begins == 1)
    first = edge & ~(up & right & down) & ~(right & down & left)
    second = edge & ~(up & right & left) & ~(up & down & left)
    return first, second
