"""Random numbers for many images: a stream for each, found by its index. No image enters."""

import operator
from typing import Final

import numpy as np

INDEXES: Final = 2**64
"""How many streams a seed has: as many as the counter's highest word has values."""


class Streams:
    """The streams of random numbers of one seed, one per index.

    `of(index)` gives the numbers of `Generator(Philox(seed, counter=index << 192))`: the same
    whatever was asked for before, in any process. Philox is counter-based: a number depends on the
    key, made of the seed, and on how far the counter is, and on nothing before it. So another
    stream costs only setting the counter, 1 µs; seeding a generator of its own for every image
    costs 9 µs, a good part of a light pipeline on 32×32 pixels. The index is the highest of the
    counter's four 64-bit words: a stream has 2**192 steps of four numbers before the next begins.

    There is one generator, set anew each time: a stream is valid until the next is asked for (and
    its `spawn` counts on across streams). Give every thread and process its own `Streams`.

    Sources: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", SC '11; the
    documentation of `numpy.random.Philox`.
    """

    __slots__ = ("_rng", "_start")

    def __init__(self, seed: int) -> None:
        """Take the root of all streams, 0 or more, of any size.

        Raises:
            ValueError: the seed is negative.
            TypeError: it is no whole number.
        """
        if operator.index(seed) < 0:
            raise ValueError(f"seed is {seed}; expected 0 or more")
        philox = np.random.Philox(seed)
        # as before the first draw: setting it also drops what is left of a step or of a number
        self._start = philox.state
        self._rng = np.random.Generator(philox)

    def of(self, index: int) -> np.random.Generator:
        """Return the one generator, set to the start of the stream of `index`.

        Raises:
            ValueError: the index is not in 0 … 2**64 - 1.
            TypeError: it is no whole number.
        """
        if not 0 <= operator.index(index) < INDEXES:
            raise ValueError(f"index is {index}; expected 0 … 2**64 - 1")
        self._start["state"]["counter"][3] = index
        self._rng.bit_generator.state = self._start
        return self._rng
