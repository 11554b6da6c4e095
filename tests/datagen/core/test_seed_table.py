"""The generators of a table: those that numpy's own seed sequences give."""

import numpy as np
import pytest

from datagen.core.seed_table import SeedTable


@pytest.mark.parametrize(
    ("entropy", "shape", "places"),
    [
        ((0,), (2**32,), (0, 1, 4095, 4096, 2**32 - 1)),
        ((12_345, 0x70656E), (1000, 6, 4), (0, 5, 4097, 23_999)),
        ((2**40 + 7,), (70,), (0, 69)),
        ((2**130, 5), (3, 2), (0, 3, 5)),
    ],
)
def test_they_are_those_of_numpys_seed_sequence(
    entropy: tuple[int, ...], shape: tuple[int, ...], places: tuple[int, ...]
) -> None:
    table = SeedTable(entropy, shape)
    for place in places:
        key = tuple(int(k) for k in np.unravel_index(place, shape))
        seed = np.random.SeedSequence(entropy, spawn_key=key)
        expected = np.random.default_rng(seed).bit_generator.state
        assert table.of(place).bit_generator.state == expected


def test_a_stream_begins_anew_whenever_it_is_asked_for() -> None:
    table = SeedTable((3,), (10,))
    assert table.of(7).random() == table.of(7).random() != table.of(8).random()
