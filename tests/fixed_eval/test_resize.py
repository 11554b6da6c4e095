"""Resizing beside TensorFlow's: the same bits, for images larger, smaller and of other shapes."""

import numpy as np
import pytest
import tensorflow as tf

from fixed_eval.resize import resize

SIDES = [1, 2, 3, 31, 32, 33, 47, 64, 100, 255, 1000]


@pytest.mark.parametrize("height", SIDES)
def test_every_bit_is_tensorflows(height: int):
    rng = np.random.default_rng(height)
    for width in [*SIDES, *(int(side) for side in rng.integers(1, 2000, 5))]:
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        theirs = tf.image.resize(pixels[None], (32, 32)).numpy()[0]
        ours = resize(pixels, 32)
        assert ours.dtype == np.float32
        assert ours.tobytes() == theirs.tobytes(), (height, width)


def test_an_image_of_the_networks_size_stays_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(pixels, 32), pixels)
