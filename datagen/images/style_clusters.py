"""Styles of writing: pictures of one class, gathered by how their ink looks.

Enters: pictures, ink 0 on paper 255. Leaves: the number of each one's cluster. Pure functions.

A picture is described by the directions of its strokes and where they run (HOG: Dalal and Triggs,
CVPR 2005), its ink brought to one size first, so that place and size on the sheet do not count.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from datagen.core.arrays import GrayImage
from pipelines.ops import crop_to_ink

Features = npt.NDArray[np.float32]

LEAST: Final = 8
"""Pictures per cluster, on average: fewer clusters are made where a class has too few."""

_SIDE: Final = 64  # pixels: of the square in which the ink is described
_INK: Final = 56  # pixels: the longer side of the ink in it
_CELL: Final = 8  # pixels: side of a cell that has one histogram
_BINS: Final = 9  # directions, of 180°
_SPECK: Final = 0.005  # share of the ink: see `crop_to_ink`
_COMPONENTS: Final = 16  # principal components; two thirds to three quarters of the variance


def clusters(images: Sequence[GrayImage], count: int, seed: int) -> list[int]:
    """Return for each image the number of its cluster, 0 for that of the first image.

    The same images and seed give the same clusters, on any number of cores.

    Args:
        images: `uint8 H×W`, of one class.
        count: clusters; fewer where there are fewer than `LEAST` images for each.
        seed: of k-means.
    """
    if not images:
        return []
    features = np.stack([describe(image) for image in images])
    distinct = len(np.unique(features, axis=0))
    wanted = min(count, distinct, max(1, len(images) // LEAST))
    if wanted == 1:
        return [0] * len(images)
    with threadpool_limits(limits=1):  # more threads add up in another order each time
        components = min(_COMPONENTS, *features.shape)
        spread = PCA(components, svd_solver="full").fit_transform(features)
        labels = KMeans(wanted, n_init=10, random_state=seed).fit_predict(spread)
    order = {int(label): k for k, label in enumerate(dict.fromkeys(labels))}
    return [order[int(label)] for label in labels]


def describe(image: GrayImage) -> Features:
    """Return the histograms of gradient directions of an image's ink, `float32` of 1,764.

    Cells of 8×8 pixels, 9 directions of 180°, blocks of 2×2 cells brought to length 1.
    """
    ink = _normal(image)
    x, y = (cv2.Sobel(ink, cv2.CV_32F, *order, ksize=1) for order in ((1, 0), (0, 1)))
    size, angle = cv2.cartToPolar(x, y)
    place = np.asarray(angle, np.float32) * np.float32(_BINS / np.pi)  # 0 … 18; 9 on is 0 on again
    cells = _SIDE // _CELL
    histograms = np.zeros((cells, cells, _BINS), np.float32)
    for k in range(_BINS):
        away = np.abs((place - k + _BINS / 2) % _BINS - _BINS / 2)
        vote = size * np.clip(1 - away, 0, 1)
        histograms[..., k] = vote.reshape(cells, _CELL, cells, _CELL).sum(axis=(1, 3))
    blocks = np.concatenate(
        [histograms[y : cells - 1 + y, x : cells - 1 + x] for y in (0, 1) for x in (0, 1)], axis=2
    )
    lengths = np.linalg.norm(blocks, axis=2, keepdims=True)
    return np.asarray(blocks / np.maximum(lengths, 1e-3), np.float32).ravel()


def _normal(image: GrayImage) -> Features:
    """Return the ink, 0 … 1, in the middle of a square, its longer side `_INK` pixels."""
    part = crop_to_ink(image, [0.0] * 4, _SPECK)
    scale = _INK / max(part.shape)
    height, width = (max(1, round(side * scale)) for side in part.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(255 - part, (width, height), interpolation=how)
    square = np.zeros((_SIDE, _SIDE), np.float32)
    top, left = (_SIDE - height) // 2, (_SIDE - width) // 2
    square[top : top + height, left : left + width] = resized
    return np.asarray(cv2.GaussianBlur(square / 255, (0, 0), 1.0), np.float32)
