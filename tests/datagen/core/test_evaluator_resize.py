"""The view that `--size 32` stores is TensorFlow's own, to the grey level."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datagen.core.evaluator_resize import evaluator_view

SCRIPT = """
import sys, numpy as np, tensorflow as tf
images = np.load(sys.argv[1])
views = [tf.image.resize(images[k][..., None], (32, 32), "bilinear", antialias=False)[..., 0]
         for k in images]
np.save(sys.argv[2], np.stack(views))
"""


@pytest.mark.tensorflow
def test_equal_to_tensorflow(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    shapes = [(253, 259), (32, 32), (28, 36), (900, 1200), (31, 33), (33, 500), (1, 7), (64, 64)]
    images = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]
    source, target = tmp_path / "in.npz", tmp_path / "out.npy"
    np.savez(source, *images)
    subprocess.run(  # a process of its own: TensorFlow's warnings and threads stay out of ours
        [sys.executable, "-c", SCRIPT, str(source), str(target)],
        check=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
    )
    exact = np.load(target)
    views = np.stack([evaluator_view(image) for image in images])
    assert views.dtype == np.uint8
    # half a grey level is rounding; beyond that only float32's last bits may differ
    assert np.abs(views - exact).max() <= 0.5 + 1e-3


def test_a_view_is_left_as_it_is() -> None:
    image = np.arange(1024, dtype=np.uint8).reshape(32, 32)
    np.testing.assert_array_equal(evaluator_view(image), image)
