"""Grey levels: the organisers' scan, contrast, brightness, blur. Pure functions on `uint8 H×W`."""

from functools import lru_cache

import cv2
import numpy as np

from pipelines.ops.gray import GrayImage


def scan(image: GrayImage, step: int = 64) -> GrayImage:
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
    return np.asarray(cv2.LUT(image, _scan_table(step)), np.uint8)


@lru_cache(maxsize=128)
def _scan_table(step: int) -> GrayImage:
    levels = np.arange(256) // step * step
    return np.where(levels > step, 255, levels).astype(np.uint8)


def contrast(image: GrayImage, factor: float) -> GrayImage:
    """Return `image` with its distance from mid-grey (127) multiplied by `factor`."""
    return linear(image, factor, 127 * (1 - factor))


def multiply(image: GrayImage, factor: float) -> GrayImage:
    """Return `image` with every value multiplied by `factor`, cut at white."""
    return linear(image, factor, 0)


def linear(image: GrayImage, slope: float, offset: float) -> GrayImage:
    """Return `image × slope + offset`, rounded down and clipped as albumentations does it."""
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    return np.asarray(library.multiply_add(image, slope, offset, inplace=False), np.uint8)


def gaussian_blur(image: GrayImage, sigma: float) -> GrayImage:
    """Return `image` smoothed by a Gaussian of `sigma` pixels; 0 leaves it alone.

    The kernel is albumentations', which is Pillow's: it ends at 3.5 sigma.
    """
    if sigma <= 0:
        return image.copy()
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    kernel = library.create_gaussian_kernel_1d(sigma)
    return np.asarray(library.separable_convolve(image, kernel), np.uint8)


def downscale(image: GrayImage, factor: float) -> GrayImage:
    """Return `image` shrunk by `factor` (0 … 1) and enlarged again, as a poor camera sees it."""
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    least = 2 / min(image.shape)  # two pixels are left at least
    shrunk = library.downscale(
        image, min(max(factor, least), 1.0), cv2.INTER_AREA, cv2.INTER_LINEAR
    )
    return np.asarray(shrunk, np.uint8)
