"""Pure operations on grayscale images by theme: noise, tone, geometry, paper, light, pen, marks.

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
    shrink,
    vertical_flip,
)
from pipelines.ops.gray import GrayImage
from pipelines.ops.light import dark_edge, uneven_light
from pipelines.ops.marks import blots, stray_marks
from pipelines.ops.noise import gaussian_noise, impulse_noise, speckle, uniform_noise
from pipelines.ops.paper import background, grid_paper, paper_of, ruled_paper, shadow_corner
from pipelines.ops.pen import bars, fade, has_bars, has_loose_ink, pen_width
from pipelines.ops.tone import contrast, downscale, gaussian_blur, linear, multiply, scan

__all__ = [
    "GrayImage",
    "affine",
    "background",
    "bars",
    "blots",
    "contrast",
    "crop",
    "crop_to_ink",
    "dark_edge",
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
    "shrink",
    "speckle",
    "stray_marks",
    "uneven_light",
    "uniform_noise",
    "vertical_flip",
]
