"""The one door to albumentations 2.0.8: its pure functions, under the names used here.

Importing it takes 0.8 s, so ops import this module when they first run. Only its functionals are
used: they take explicit parameters, and so have no generator to seed and nothing to record.
"""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it calls home when imported

from albumentations.augmentations.blur.functional import create_gaussian_kernel_1d
from albumentations.augmentations.crops.functional import crop_and_pad
from albumentations.augmentations.geometric.functional import (
    compute_perspective_params,
    generate_displacement_fields,
    hflip,
    perspective,
    remap,
    rot90,
    vflip,
)
from albumentations.augmentations.pixel.functional import (
    downscale,
    multiply_add,
    separable_convolve,
)

__all__ = [
    "compute_perspective_params",
    "create_gaussian_kernel_1d",
    "crop_and_pad",
    "downscale",
    "generate_displacement_fields",
    "hflip",
    "multiply_add",
    "perspective",
    "remap",
    "rot90",
    "separable_convolve",
    "vflip",
]
