"""A stream is its seed's and its index's alone, whatever was drawn before."""

import pickle
from collections.abc import Callable
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.labels import CLASSES
from pipelines.pipeline import Streams, load
from tests.pipelines.conftest import draw_numeral

SEEDS = st.integers(0, 2**130)
INDEXES = st.integers(0, 2**64 - 1)
DRAWS: dict[str, Callable[[np.random.Generator], object]] = {
    "double": lambda rng: rng.random(),
    "half a number": lambda rng: rng.integers(2**32, dtype=np.uint32),
    "three halves": lambda rng: rng.random(3, np.float32),
    "some bytes": lambda rng: rng.bytes(5),
    "normal": lambda rng: rng.normal(size=3),
    "permutation": lambda rng: rng.permutation(7),
}


def numbers(rng: np.random.Generator) -> list[object]:
    """Draw what shows the counter, the rest of a step and the rest of a number."""
    halves = rng.integers(2**32, size=3, dtype=np.uint32)
    return [*halves.tolist(), *rng.integers(2**63, size=9).tolist(), *rng.random(2).tolist()]


@given(
    seed=SEEDS,
    visits=st.lists(
        st.tuples(INDEXES, st.lists(st.sampled_from(sorted(DRAWS)), max_size=4)), max_size=5
    ),
    index=INDEXES,
)
@example(seed=0, visits=[(0, ["half a number"]), (1, ["double"] * 3)], index=0)
@settings(max_examples=200, deadline=None)
def test_nothing_drawn_before_shows(
    seed: int, visits: list[tuple[int, list[str]]], index: int
) -> None:
    used = Streams(seed)
    for other, draws in visits:
        rng = used.of(other)
        for draw in draws:
            DRAWS[draw](rng)
    expected = numbers(np.random.Generator(np.random.Philox(seed, counter=index << 192)))
    assert numbers(used.of(index)) == expected
    assert numbers(used.of(index)) == expected
    assert numbers(Streams(seed).of(index)) == expected
    assert numbers(pickle.loads(pickle.dumps(used)).of(index)) == expected  # as a worker gets it
    used.of(index).random()
    assert numbers(used.of(np.uint64(index))) == expected  # type: ignore[arg-type]


@given(seed=SEEDS, indexes=st.lists(INDEXES, min_size=2, max_size=20, unique=True))
@settings(max_examples=100, deadline=None)
def test_every_index_and_seed_has_its_own_numbers(seed: int, indexes: list[int]) -> None:
    streams, others = Streams(seed), Streams(seed + 1)
    drawn = {tuple(numbers(each.of(index))) for each in (streams, others) for index in indexes}
    assert len(drawn) == 2 * len(indexes)


def test_neighbours_are_not_alike() -> None:
    streams = Streams(0)
    first = np.array([streams.of(index).random(2) for index in range(20_000)])
    beside = np.corrcoef(first[1:, 0], first[:-1, 0])[0, 1]
    within = np.corrcoef(first[:, 0], first[:, 1])[0, 1]
    assert max(abs(beside), abs(within)) < 4 / np.sqrt(len(first))
    assert first.mean(axis=0) == pytest.approx([0.5, 0.5], abs=4 * np.sqrt(1 / 12 / len(first)))


@pytest.mark.parametrize("name", ["paper-and-pen", "top5"])
def test_a_pipeline_makes_the_same_in_any_order(name: str) -> None:
    pipeline = load(name)

    def digest(streams: Streams, index: int) -> str:
        numeral = CLASSES[index % len(CLASSES)]
        made = pipeline.run(draw_numeral(numeral), numeral, "unknown", streams.of(index))
        return sha256(repr(made.image.shape).encode() + made.image.tobytes()).hexdigest()

    forth, back = Streams(5), Streams(5)
    made = [digest(forth, index) for index in range(40)]
    assert [digest(back, index) for index in reversed(range(40))] == made[::-1]
    assert len(set(made)) == 40


@pytest.mark.parametrize("index", [-1, 2**64])
def test_an_index_that_has_no_stream(index: int) -> None:
    with pytest.raises(ValueError, match=rf"^index is {index}; expected 0 … 2\*\*64 - 1$"):
        Streams(0).of(index)


def test_a_negative_seed() -> None:
    with pytest.raises(ValueError, match="^seed is -1; expected 0 or more$"):
        Streams(-1)


def test_no_whole_number() -> None:
    with pytest.raises(TypeError, match="integer"):
        Streams(0).of(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="integer"):
        Streams(None)  # type: ignore[arg-type]
