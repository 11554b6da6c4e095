"""Generators of random numbers by their place in a table: those of numpy's `SeedSequence`, sooner.

Seeding one generator costs 15 µs, most of it Python; here the seeds of many are computed together,
by the same published algorithm. Enters: entropy and the shape of a table of spawn keys. Leaves:
for each place in it the generator `default_rng(SeedSequence(entropy, spawn_key=its indexes))`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from numpy.random.bit_generator import ISeedSequence

_Words = npt.NDArray[np.uint32]

_TOGETHER: Final = 4096
"""Places of the table whose seeds are computed at once: 1 ms."""
_POOL: Final = 4  # words that hold the entropy
_BITS: Final = 0xFFFFFFFF
_HALF: Final = np.uint32(16)
_MIX: Final = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)


class SeedTable:
    """The generators of one table of spawn keys.

    Args:
        entropy: of all of them, whole numbers from 0 on.
        shape: of the table.
    """

    def __init__(self, entropy: Sequence[int], shape: tuple[int, ...]) -> None:
        self._entropy = [word for number in entropy for word in _words(number)]
        self._entropy += [0] * (_POOL - len(self._entropy))
        self._shape = shape
        self._seeds: dict[int, npt.NDArray[np.uint64]] = {}

    def of(self, place: int) -> np.random.Generator:
        """Return the generator of a place, counted row by row."""
        block, row = divmod(place, _TOGETHER)
        if block not in self._seeds:
            self._seeds[block] = self._block(block * _TOGETHER)
        seed = _Seeded(self._seeds[block][row])
        # numpy takes any `ISeedSequence`; what it says of its types lacks that
        return np.random.Generator(np.random.PCG64(cast("np.random.SeedSequence", seed)))

    def _block(self, first: int) -> npt.NDArray[np.uint64]:
        """Return four words for every place of a block."""
        size = int(np.prod(self._shape))
        places = np.arange(first, min(first + _TOGETHER, size))
        keys = np.unravel_index(places, self._shape)
        given = [np.full(len(places), word, np.uint32) for word in self._entropy]
        return _state(_mixed([*given, *(key.astype(np.uint32) for key in keys)]))


class _Seeded(ISeedSequence):
    """A seed sequence of which the one answer that PCG64 asks for is known."""

    def __init__(self, words: npt.NDArray[np.uint64]) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[np.uint64]:  # noqa: ARG002
        return self._words


def _words(number: int) -> Iterator[int]:
    """Yield a number's 32-bit words, the lowest first."""
    yield number & _BITS
    while number := number >> 32:
        yield number & _BITS


def _hashes(start: int, factor: int) -> "Iterator[_Hash]":
    """Yield one hash function after another: each uses the next two constants."""
    while True:
        after = start * factor & _BITS
        yield _Hash(start, after)
        start = after


class _Hash:
    def __init__(self, first: int, second: int) -> None:
        self._first, self._second = np.uint32(first), np.uint32(second)

    def __call__(self, words: _Words) -> _Words:
        hashed: _Words = (words ^ self._first) * self._second
        return hashed ^ (hashed >> _HALF)


def _mixed(entropy: Sequence[_Words]) -> list[_Words]:
    """Mix words of entropy, at least four, into four."""
    hashes = _hashes(0x43B0D7E5, 0x931E8875)
    pool = [next(hashes)(words) for words in entropy[:_POOL]]
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                pool[target] = _mix(pool[target], next(hashes)(pool[source]))
    for words in entropy[_POOL:]:
        pool = [_mix(old, next(hashes)(words)) for old in pool]
    return pool


def _mix(x: _Words, y: _Words) -> _Words:
    mixed: _Words = _MIX[0] * x - _MIX[1] * y
    return mixed ^ (mixed >> _HALF)


def _state(pool: Sequence[_Words]) -> npt.NDArray[np.uint64]:
    """Return what seeds a PCG64: `uint64 N×4`."""
    hashes = _hashes(0x8B51F9DD, 0x58F38DED)
    halves = np.stack([next(hashes)(pool[k % _POOL]) for k in range(8)], axis=1)
    return halves[:, ::2] | halves[:, 1::2].astype(np.uint64) << np.uint64(32)
