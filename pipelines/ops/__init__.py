"""Pure operations on grayscale images, by theme: noise, tone, geometry, paper, pen.

Every function takes and returns `uint8 H×W` (ink 0 on paper 255) and never changes its input;
randomness enters as a `numpy.random.Generator` or an explicit seed.
"""

from pipelines.ops.geometry import (
    affine,
    crop,
    crop_to_ink,
    edge_crop,
    elastic,
    horizontal_flip,
    perspective,
    rotate90,
    vertical_flip,
)
from pipelines.ops.gray import GrayImage
from pipelines.ops.noise import gaussian_noise, impulse_noise, speckle, uniform_noise
from pipelines.ops.paper import background, grid_paper, paper_of, ruled_paper, shadow_corner
from pipelines.ops.pen import bars, fade, has_bars, has_loose_ink, pen_width
from pipelines.ops.tone import contrast, downscale, gaussian_blur, linear, multiply, scan

__all__ = [
    "GrayImage",
    "affine",
    "background",
    "bars",
    "contrast",
    "crop",
    "crop_to_ink",
    "downscale",
    "edge_crop",
    "elastic",
    "fade",
    "gaussian_blur",
    "gaussian_noise",
    "grid_paper",
    "has_bars",
    "has_loose_ink",
    "horizontal_flip",
    "impulse_noise",
    "linear",
    "multiply",
    "paper_of",
    "pen_width",
    "perspective",
    "rotate90",
    "ruled_paper",
    "scan",
    "shadow_corner",
    "speckle",
    "uniform_noise",
    "vertical_flip",
]
