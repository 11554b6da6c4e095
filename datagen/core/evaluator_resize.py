"""An image as the frozen evaluator sees it: 32×32, squashed bilinearly without antialiasing."""

import cv2
import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.evaluator_facts import SIDE


def evaluator_view(image: GrayImage) -> GrayImage:
    """Return `image` as the evaluator would resize it, rounded to whole grey levels.

    Equal to `tf.image.resize(image, (32, 32), "bilinear", antialias=False)` rounded, which
    `tests/datagen/core/test_evaluator_resize.py` proves; an image of 32×32 comes back as it is.

    Args:
        image: `uint8 H×W` of any size.

    Returns:
        `uint8 32×32`.
    """
    if image.shape == (SIDE, SIDE):
        return image
    # in float32: OpenCV's integer path rounds its weights to 11 bits
    resized = cv2.resize(image.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.rint(resized).astype(np.uint8)
