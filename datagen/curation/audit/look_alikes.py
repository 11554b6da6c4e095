"""Which images look alike, and what a simple reader makes of their outlines, out of sample.

Enters: the outlines of images. Leaves: descriptions whose products are likenesses, each image's
nearest others, and the probability of each class by a kernel machine that did not see the image's
group. Beside the network this is a second opinion that costs seconds.

The description is a histogram of gradients: Dalal and Triggs, CVPR 2005.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.images.outlines import Sketch

Descriptions = npt.NDArray[np.float32]

_SIDE: Final = 48  # pixels: side of the outline that is described
_CELLS: Final = 8  # cells across and down, each with a histogram of …
_TURNS: Final = 8  # … directions
_BLOCK: Final = 1024  # images compared at once


def describe_outline(sketch: Sketch) -> Descriptions:
    """Return the histogram of gradients of an outline, `float32 512`, of length 1."""
    small = cv2.resize(sketch.distances, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    across, down = (cv2.Sobel(small, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    size = np.hypot(across, down)
    turn = np.mod(np.arctan2(down, across) / (2 * np.pi), 1) * _TURNS
    cells = []
    for k in range(_TURNS):
        away = np.abs(turn - k)
        weight = np.maximum(0, 1 - np.minimum(away, _TURNS - away)) * size
        cells.append(cv2.resize(weight, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).ravel())
    found = np.concatenate(cells)
    return np.asarray(found / max(float(np.linalg.norm(found)), 1e-6), np.float32)


def nearest(
    described: Descriptions, groups: Sequence[str] | None, count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Return the `count` images most like each, and how alike they are, the most alike first.

    Args:
        described: `float32 N×D`, rows of length 1.
        groups: images of one group are passed over; None passes over the image itself alone.
        count: how many; fewer where there are fewer images.

    Returns:
        Positions and likenesses, 0 … 1, both `N×count`; a likeness of -1 marks none.
    """
    total = len(described)
    names = np.arange(total) if groups is None else np.unique(list(groups), return_inverse=True)[1]
    count = min(count, max(total - 1, 0))
    places = np.zeros((total, count), np.intp)
    likeness = np.full((total, count), -1, np.float32)
    for start in range(0, total, _BLOCK):
        products = described[start : start + _BLOCK] @ described.T
        products[names[start : start + _BLOCK, None] == names] = -1
        order = np.argsort(-products, axis=1, kind="stable")[:, :count]
        places[start : start + _BLOCK] = order
        likeness[start : start + _BLOCK] = np.take_along_axis(products, order, axis=1)
    return places, likeness
