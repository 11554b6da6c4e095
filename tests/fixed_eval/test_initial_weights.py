"""The weights an evaluation starts from: Keras' own, bit for bit, and the same for ever."""

import dataclasses
import hashlib

import numpy as np
import pytest
import tensorflow as tf

from fixed_eval.errors import EvaluatorError
from fixed_eval.initial_weights import initial_weights, trainable
from fixed_eval.network import build_network
from fixed_eval.philox import stateless_uniform
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL


@pytest.mark.parametrize("seed", [0, 123, 2**32 - 1])
def test_they_are_keras_to_the_last_bit(seed: int):
    ours, network = initial_weights(PROTOCOL, seed), build_network(PROTOCOL, seed)
    assert list(ours) == [weight.path for weight in network.weights]
    assert list(trainable(ours)) == [weight.path for weight in network.trainable_weights]
    for path, theirs in zip(ours, network.get_weights(), strict=True):
        assert (ours[path].dtype, ours[path].shape) == (theirs.dtype, theirs.shape), path
        assert ours[path].tobytes() == theirs.tobytes(), path


def test_the_official_seed_gives_what_it_gave_in_2026():
    """No TensorFlow is asked: this fails where Python or NumPy changed what they draw."""
    values = b"".join(weight.tobytes() for weight in initial_weights(PROTOCOL, 123).values())
    assert hashlib.sha256(values).hexdigest() == (
        "7cdad8ca0c764952ec83669eb20e31d0bd29c7d939ee9491e8058f96dff1a168"
    )


@pytest.mark.parametrize("count", [1, 3, 4, 5, 36_865])
@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_uniform_numbers_are_tensorflows(seed: int, count: int):
    theirs = tf.random.stateless_uniform([count], seed=[seed, 0]).numpy()
    np.testing.assert_array_equal(stateless_uniform(seed, count), theirs)


def test_another_network_is_refused():
    deeper = dataclasses.replace(PROTOCOL, cut_layer="conv3_block4_out")
    with pytest.raises(EvaluatorError, match="cut after conv2_block3_out.* conv3_block4_out"):
        initial_weights(deeper, 123)
