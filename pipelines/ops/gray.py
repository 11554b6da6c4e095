"""What every op stands on: the image type, the ink's box and the pen's width. Pure functions."""

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

GrayImage = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

INK: Final = 128
"""Below this grey a pixel is ink: where the organisers' scan turns paper white."""


def ink_mask(image: GrayImage) -> GrayImage:
    """Return a `uint8 H×W` mask of the ink, 0 or 255."""
    return np.asarray(cv2.threshold(image, INK - 1, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)


def ink_box(image: GrayImage) -> tuple[int, int, int, int] | None:
    """Return (left, top, width, height) of the ink in pixels; None where there is none."""
    left, top, width, height = cv2.boundingRect(ink_mask(image))
    return (left, top, width, height) if width else None


def box_of_pieces(mask: GrayImage, least: float) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of the ink, the smallest pieces left out.

    Args:
        mask: `uint8 H×W`, not 0 where there is ink.
        least: share of all ink that a piece has which counts; the largest always does.

    Returns:
        The box, right and bottom just outside it; None where there is no ink.
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    pieces = stats[1:]
    if not len(pieces):
        return None
    area = pieces[:, cv2.CC_STAT_AREA]
    x, y, width, height = pieces[area >= min(least * area.sum(), area.max())][:, :4].T
    return int(x.min()), int(y.min()), int((x + width).max()), int((y + height).max())


def ink_level(image: GrayImage) -> int:
    """Return the grey most ink pixels have, 0 … 127; 0 where there is no ink."""
    counts = np.bincount(image.ravel(), minlength=256)[:INK]
    return int(counts.argmax())


def pen_width(image: GrayImage) -> float:
    """Return the pen's width in pixels, 0 where there is no ink, or nothing but ink.

    Along a stroke of w pixels the distances to the paper are 1, 2 … 2, 1, and their mean m is
    (w + 1)² / 4w; this is solved for w; pens of one and two pixels cannot be told apart.
    """
    mask = ink_mask(image)
    if cv2.countNonZero(mask) in {0, mask.size}:
        return 0.0
    mean = cv2.mean(cv2.distanceTransform(mask, cv2.DIST_L2, 5), mask)[0]
    half = max(2 * mean - 1, 1.0)
    return half + math.sqrt(half * half - 1)


def quick_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Field:
    """Return standard normal noise, `float32`, within ±4.3, four times as fast as `rng`'s own.

    Sixteen random bits choose from the table of the inverse distribution function.
    """
    return _normal_table().take(rng.integers(0, 1 << 16, shape, np.uint16), mode="clip")


@lru_cache(maxsize=1)
def _normal_table() -> Field:
    normal = NormalDist()
    return np.array([normal.inv_cdf((k + 0.5) / (1 << 16)) for k in range(1 << 16)], np.float32)


def smooth_noise(
    shape: tuple[int, ...], sigma: float | tuple[float, float], rng: np.random.Generator
) -> Field:
    """Return Gaussian noise, `float32` of mean 0 and deviation 1, smooth over `sigma` pixels.

    Args:
        shape: rows, columns.
        sigma: of the smoothing, or one for x and one for y.
        rng: where the noise comes from.
    """
    x, y = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    noise = quick_normal(shape, rng)
    if max(x, y) >= 0.3:
        soft = cv2.GaussianBlur(noise, (0, 0), sigmaX=max(x, 0.1), sigmaY=max(y, 0.1))
        noise = np.asarray(soft, np.float32)
    deviation = float(noise.std())
    return np.asarray(noise / deviation if deviation > 0 else noise, np.float32)


def darken(image: GrayImage, darkness: Field) -> GrayImage:
    """Return the darker, pixel by pixel, of `image` and paper of that darkness, 0 … 1."""
    paper = cv2.convertScaleAbs(255 * (1 - np.clip(darkness, 0, 1)))
    return np.minimum(image, paper)
