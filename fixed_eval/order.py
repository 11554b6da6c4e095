"""The order in which each epoch sees the images: the published script's shuffle, on positions.

`image_dataset_from_directory` of TF 2.4/2.5 zips decoded images with labels, then shuffles single
elements in a buffer of `batch_size * 8`, then batches; Keras 3 moved the shuffle before the
decoding and added a prefetch, which leaves the order as it was. So a shuffle of positions with the
same buffer and seeds gives the same batches, and costs nothing to replay after a stop. It is made
here without TensorFlow, from whole numbers alone: the same order on any machine, for ever.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from fixed_eval.philox import philox

Order = np.ndarray[Any, np.dtype[np.int32]]

_SEEDS: Final = 2**31 - 1  # TensorFlow takes a seed modulo this


def epoch_orders(count: int, buffer: int, seed: int, skip: int = 0) -> Iterator[Order]:
    """Positions of a split's images, epoch after epoch, without end.

    The seeds are those of the published script, `tf.random.set_seed(seed)` and `seed=seed`.
    Each epoch has two words of one stream as its own seeds, so an epoch depends on its number.

    Args:
        count: Images in the split, at least 1.
        buffer: Size of the shuffle buffer, images.
        seed: Both TensorFlow's global seed and the shuffle's own, 0 … 2**32 - 1.
        skip: Epochs to leave out first: those that a resumed run has behind it.

    Yields:
        int32 arrays of length `count`, each a permutation; batches are its consecutive slices.
    """
    key = seed % _SEEDS
    stream = key or _SEEDS  # for TensorFlow's tf.data, twice 0 would mean any seed
    for epoch in itertools.count(skip):
        words = philox(key, stream, 4, start=epoch // 2)[epoch % 2 * 2 :]
        yield _shuffled(count, buffer, philox(int(words[0]), int(words[1]), count))


def _shuffled(count: int, size: int, words: np.ndarray[Any, np.dtype[np.uint32]]) -> Order:
    """The positions 0 … `count` - 1 through a shuffle buffer of `size`, a random word for each."""
    steps = np.arange(count)
    # The buffer is a ring: at step n it begins at n, and is full until the positions run out.
    chosen = (steps + words % np.minimum(size, count - steps)) % size
    buffer, order = list(range(size)), []
    for step, place in enumerate(chosen.tolist()):
        order.append(buffer[place])
        first = step % size
        buffer[place] = buffer[first]
        buffer[first] = step + size  # the next position comes in where the ring ends
    return np.array(order, np.int32)
