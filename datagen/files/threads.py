"""Image files are looked at, in threads where that is quicker."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Decoding a large image releases the interpreter's lock for long. With small ones threads mostly
# wait for each other to release it: 10,000 of 32×32 take about twice the time.
_SLOW = 1e-3  # seconds for one item


def batches_of(look: Callable[[T], R], items: Sequence[T], size: int) -> Iterator[list[R]]:
    """Yield what `look` returns for the items, in order, a batch after the other.

    Args:
        look: called from several threads, unless the first item of a batch is quickly done;
            Pillow's warnings about odd metadata are of no use in it, and are silenced around the
            threads: inside them that is not safe.
        items: files, or what names them.
        size: of a batch, whose results are in memory together.
    """
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor() as pool:
        for start in range(0, len(items), size):
            began = perf_counter()
            first = look(items[start])
            rest = items[start + 1 : start + size]
            slow = perf_counter() - began > _SLOW
            yield [first, *(pool.map(look, rest) if slow else map(look, rest))]


def look_at_all(
    look: Callable[[T], R],
    items: Sequence[T],
    tell: Callable[[int], None] = lambda _: None,
    size: int = 256,
) -> list[R]:
    """Return what `look` returns for each item, in order; see `batches_of`.

    Args:
        look: as there.
        items: files, or what names them.
        tell: told how many are done, after each batch.
        size: of a batch.
    """
    found: list[R] = []
    for batch in batches_of(look, items, size):
        found += batch
        tell(len(found))
    return found
