"""TensorFlow's random numbers in NumPy: Philox 4×32 with 10 rounds (Salmon et al. 2011).

Whole numbers only, so every CPU and every version of NumPy gives the same ones.
"""

from typing import Any, Final

import numpy as np

Words = np.ndarray[Any, np.dtype[np.uint32]]

_MULTIPLIERS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS: Final = (0x9E3779B9, 0xBB67AE85)
_ROUNDS: Final = 10
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


def philox(key: int, stream: int, count: int, start: int = 0) -> Words:
    """Random words of one stream, in the order in which TensorFlow's generator gives them.

    Args:
        key: 64 bits.
        stream: The upper 64 bits of the counter; the lower ones count blocks of 4 words.
        count: How many words.
        start: The first block, from 0.

    Returns:
        uint32, length `count`.
    """
    blocks = np.arange(start, start + -(-count // 4), dtype=np.uint64)
    first, second = blocks & _LOW, blocks >> _HALF
    third = np.full_like(blocks, stream & 0xFFFFFFFF)
    fourth = np.full_like(blocks, stream >> 32)
    for turn in range(_ROUNDS):
        keys = [
            np.uint64(((key >> shift) + turn * step) & 0xFFFFFFFF)
            for shift, step in zip((0, 32), _KEY_STEPS, strict=True)
        ]
        left, right = first * _MULTIPLIERS[0], third * _MULTIPLIERS[1]
        first, second = (right >> _HALF) ^ second ^ keys[0], right & _LOW
        third, fourth = (left >> _HALF) ^ fourth ^ keys[1], left & _LOW
    words = np.stack([first, second, third, fourth], axis=1).astype(np.uint32)
    return words.reshape(-1)[:count]


def stateless_uniform(seed: int, count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """`tf.random.stateless_uniform([count], seed=[seed, 0])` on a CPU: float32 in [0, 1).

    Args:
        seed: 0 … 2**31 - 1.
        count: How many numbers.
    """
    # TensorFlow mixes the seed once, and takes key and stream from the result.
    mixed = philox(_SEED_KEY, stream=0, count=4, start=seed).astype(object)
    words = philox(mixed[0] | mixed[1] << 32, mixed[2] | mixed[3] << 32, count)
    # 23 random bits after the point of a float32 in [1, 2)
    return (words & np.uint32(0x7FFFFF) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)


_SEED_KEY: Final = 0x02461E29 << 32 | 0x3EC8F720
