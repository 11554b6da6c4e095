"""Noise and specks. Pure functions on `uint8 H×W`; randomness enters as a Generator."""

import cv2
import numpy as np

from pipelines.ops.gray import GrayImage, quick_normal


def gaussian_noise(image: GrayImage, sigma: float, rng: np.random.Generator) -> GrayImage:
    """Return `image` with zero-mean Gaussian noise of standard deviation `sigma` × 255 added."""
    noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(255 * sigma)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def seeded_gaussian_noise(image: GrayImage, sigma: float, seed: int) -> GrayImage:
    """Return `image` with noise as `gaussian_noise` adds it, of a seed and faster."""
    noise = quick_normal(image.shape, np.random.default_rng(seed)) * np.float32(255 * sigma)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def uniform_noise(image: GrayImage, amount: float, rng: np.random.Generator) -> GrayImage:
    """Return `image` with noise added that is uniform in ±`amount` × 255."""
    noise = (rng.random(image.shape, dtype=np.float32) * 2 - 1) * np.float32(255 * amount)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def impulse_noise(image: GrayImage, share: float, rng: np.random.Generator) -> GrayImage:
    """Return `image` with a `share` (0 … 1) of its pixels set to black or white, evenly."""
    draw = rng.random(image.shape, dtype=np.float32)
    noisy = image.copy()
    noisy[draw < share / 2] = 0
    noisy[draw > 1 - share / 2] = 255
    return noisy


def speckle(image: GrayImage, density: float, size: float, rng: np.random.Generator) -> GrayImage:
    """Return `image` with dark specks, as dirt on paper or on the glass leaves them.

    Args:
        image: `uint8 H×W`.
        density: specks per 10,000 pixels.
        size: mean diameter of a speck, pixels; sizes are exponential, at least one pixel.
        rng: where and how large.
    """
    count = int(rng.poisson(density * image.size / 1e4))
    places = rng.random((count, 2), dtype=np.float32) * image.shape
    axes = np.maximum(rng.exponential(size, (count, 2)), 1)
    angles = rng.uniform(0, 180, count)
    levels = rng.integers(0, 128, count)
    out = image.copy()
    layer = np.full_like(image, 255)
    for (y, x), (a, b), angle, level in zip(places, axes, angles, levels, strict=True):
        box = ((float(x), float(y)), (float(a), float(b)), float(angle))
        if max(a, b) < 1.5:
            layer[int(y), int(x)] = level
        else:
            cv2.ellipse(layer, box, int(level), -1)
    return np.minimum(out, layer, out=out)
