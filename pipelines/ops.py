"""Pure operations on grayscale images that albumentations lacks.

Every function takes and returns `uint8 H×W` (ink 0 on paper 255) and never changes its input;
randomness enters as a `numpy.random.Generator`.
"""

import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]


def scan(image: Gray, step: int = 64) -> Gray:
    """Return `image` as the competition's organisers scanned it.

    Values are quantised down to multiples of `step`, then all above the first step becomes
    white: of the 2,880 published training images every pixel is 0, 64 or 255.

    Args:
        image: `uint8 H×W`.
        step: size of a quantisation step, 1 … 127.

    Raises:
        ValueError: `step` is out of range.
    """
    if not 1 <= step <= 127:
        raise ValueError(f"step is {step}; expected 1 … 127")
    quantised = image // step * step
    return np.where(quantised > step, 255, quantised).astype(np.uint8)


def gaussian_noise(image: Gray, sigma: float, rng: np.random.Generator) -> Gray:
    """Return `image` with zero-mean Gaussian noise of standard deviation `sigma` × 255 added."""
    noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(255 * sigma)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def uniform_noise(image: Gray, amount: float, rng: np.random.Generator) -> Gray:
    """Return `image` with noise added that is uniform in ±`amount` × 255."""
    noise = (rng.random(image.shape, dtype=np.float32) * 2 - 1) * np.float32(255 * amount)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def impulse_noise(image: Gray, share: float, rng: np.random.Generator) -> Gray:
    """Return `image` with a `share` (0 … 1) of its pixels set to black or white, evenly."""
    draw = rng.random(image.shape, dtype=np.float32)
    noisy = image.copy()
    noisy[draw < share / 2] = 0
    noisy[draw > 1 - share / 2] = 255
    return noisy
