"""The weights that the network starts from, as Keras draws them, without Keras.

Part of the protocol: the same bits on any CPU, whatever Keras and TensorFlow do later. A kernel is
Glorot uniform (Glorot and Bengio 2010), the rest is 0 or 1. Each kernel has a seed of its own;
Keras draws them from Python's generator, one for each layer in the order in which it builds the
whole ResNet50, so those behind the cut take their turns too.
"""

import math
import random
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from fixed_eval.errors import EvaluatorError
from fixed_eval.philox import stateless_uniform
from fixed_eval.protocols.cutoff_resnet50 import CutoffProtocol

Array = np.ndarray[Any, np.dtype[np.float32]]

_CUT: Final = "conv2_block3_out"
_DRAWN_BEFORE_DENSE: Final = 53  # convolutions of the whole ResNet50
_SEEDS: Final = 10**9  # a seed is 1 … this
_NOT_TRAINED: Final = ("moving_mean", "moving_variance")

# Height, width, channels in and out of each convolution's kernel. Keras builds them in this order,
# except that a block's shortcut (`_0`) is built before the block's first.
_KERNELS: Final = {
    "conv1": (7, 7, 3, 64),
    "conv2_block1_0": (1, 1, 64, 256),
    "conv2_block1_1": (1, 1, 64, 64),
    "conv2_block1_2": (3, 3, 64, 64),
    "conv2_block1_3": (1, 1, 64, 256),
    "conv2_block2_1": (1, 1, 256, 64),
    "conv2_block2_2": (3, 3, 64, 64),
    "conv2_block2_3": (1, 1, 64, 256),
    "conv2_block3_1": (1, 1, 256, 64),
    "conv2_block3_2": (3, 3, 64, 64),
    "conv2_block3_3": (1, 1, 64, 256),
}
# `get_weights` goes by depth: the shortcut stands beside the third convolution.
_LISTED: Final = (
    ("conv1",),
    ("conv2_block1_1",),
    ("conv2_block1_2",),
    ("conv2_block1_0", "conv2_block1_3"),
    ("conv2_block2_1",),
    ("conv2_block2_2",),
    ("conv2_block2_3",),
    ("conv2_block3_1",),
    ("conv2_block3_2",),
    ("conv2_block3_3",),
)


def initial_weights(protocol: CutoffProtocol, seed: int) -> dict[str, Array]:
    """The weights of the untrained network, by path and in the order of Keras' `get_weights`.

    Bit for bit those of `fixed_eval.network.build_network`, in float32: kernels, biases, and batch
    normalisation's scale (`gamma`), shift (`beta`), moving means and moving variances.

    Args:
        protocol: Names the cut and the classes.
        seed: 0 … 2**32 - 1.

    Raises:
        EvaluatorError: If the protocol's network is another one.
    """
    seeds = list(_kernel_seeds(seed))
    kernels = {
        name: _glorot_uniform(shape, kernel_seed)
        for (name, shape), kernel_seed in zip(_KERNELS.items(), seeds, strict=False)
    }
    weights: dict[str, Array] = {}
    for names in _LISTED:
        for name in names:
            weights[f"{name}_conv/kernel"] = kernels[name]
            weights[f"{name}_conv/bias"] = np.zeros(_KERNELS[name][-1], np.float32)
        for name in names:
            channels = _KERNELS[name][-1]
            weights[f"{name}_bn/gamma"] = np.ones(channels, np.float32)
            weights[f"{name}_bn/beta"] = np.zeros(channels, np.float32)
            weights[f"{name}_bn/moving_mean"] = np.zeros(channels, np.float32)
            weights[f"{name}_bn/moving_variance"] = np.ones(channels, np.float32)
    classes = len(protocol.classes)
    weights["dense/kernel"] = _glorot_uniform((256, classes), seeds[_DRAWN_BEFORE_DENSE])
    weights["dense/bias"] = np.zeros(classes, np.float32)
    count = sum(weight.size for weight in weights.values())
    if protocol.cut_layer != _CUT or count != protocol.parameters:
        raise EvaluatorError(
            f"the weights known here are those of a ResNet50 cut after {_CUT}, {count:,} values; "
            f"{protocol.name} is cut after {protocol.cut_layer} and has {protocol.parameters:,}"
        )
    return weights


def trainable(weights: dict[str, Array]) -> tuple[str, ...]:
    """The paths that a step of the optimiser changes, in Keras' order."""
    return tuple(path for path in weights if not path.endswith(_NOT_TRAINED))


def _kernel_seeds(seed: int) -> Iterator[int]:
    """`random.randint(1, _SEEDS)` of Python after `random.seed(seed)`, for every kernel.

    Spelt out: Python may change how it makes whole numbers of a range, not the bits below.
    """
    generator = random.Random(seed)
    for _ in range(_DRAWN_BEFORE_DENSE + 1):
        while (drawn := generator.getrandbits(_SEEDS.bit_length())) >= _SEEDS:
            pass
        yield 1 + drawn


def _glorot_uniform(shape: tuple[int, ...], seed: int) -> Array:
    """Uniform between ± √(6 / (values in + values out)): one product and one sum in float32."""
    *window, channels_in, channels_out = shape
    field = math.prod(window)
    limit = math.sqrt(3.0 * (1.0 / ((channels_in * field + channels_out * field) / 2.0)))
    low, high = np.float32(-limit), np.float32(limit)
    return (stateless_uniform(seed, math.prod(shape)) * (high - low) + low).reshape(shape)
