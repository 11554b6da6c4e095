"""The order in which each epoch sees the images: the published script's shuffle, on positions.

`image_dataset_from_directory` of TF 2.4/2.5 zips decoded images with labels, then shuffles single
elements in a buffer of `batch_size * 8`, then batches; Keras 3 moved the shuffle before the
decoding and added a prefetch, which leaves the order as it was. So a shuffle of positions with the
same buffer and seeds gives the same batches, and costs nothing to replay after a stop.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from fixed_eval.protocol import Protocol

Order = np.ndarray[Any, np.dtype[np.int32]]


def epoch_orders(count: int, protocol: Protocol, seed: int, skip: int = 0) -> Iterator[Order]:
    """Positions of a split's images, epoch after epoch, without end.

    The seeds are those of the published script, `tf.random.set_seed(seed)` and `seed=seed`.
    Each epoch draws its own from the same stream, so an epoch depends on how many came before.

    Args:
        count: Images in the split, at least 1.
        protocol: Gives the size of the shuffle buffer.
        seed: Both TensorFlow's global seed, which is set, and the shuffle's own.
        skip: Epochs to draw and drop first: those that a resumed run has behind it.

    Yields:
        int32 arrays of length `count`, each a permutation; batches are its consecutive slices.
    """
    tf.random.set_seed(seed)
    positions = tf.data.Dataset.range(count, output_type=tf.int32)
    shuffled = positions.shuffle(
        protocol.shuffle_buffer, seed=seed, reshuffle_each_iteration=True
    ).batch(count)
    for epoch in itertools.count():
        order: Order = next(iter(shuffled)).numpy()
        if epoch >= skip:
            yield order
