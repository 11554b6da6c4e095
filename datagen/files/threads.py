"""Image files are looked at in threads: decoding releases the interpreter's lock."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def batches_of(look: Callable[[T], R], items: Sequence[T], size: int) -> Iterator[list[R]]:
    """Yield what `look` returns for the items, in order, a batch after the other.

    Args:
        look: called from several threads; Pillow's warnings about odd metadata are of no use in
            it, and are silenced around the threads: inside them that is not safe.
        items: files, or what names them.
        size: of a batch, whose results are in memory together.
    """
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor() as pool:
        for start in range(0, len(items), size):
            yield list(pool.map(look, items[start : start + size]))


def look_at_all(
    look: Callable[[T], R],
    items: Sequence[T],
    tell: Callable[[int], None] = lambda _: None,
    size: int = 256,
) -> list[R]:
    """Return what `look` returns for each item, in order; see `batches_of`.

    Args:
        look: called from several threads.
        items: files, or what names them.
        tell: told how many are done, after each batch.
        size: of a batch.
    """
    found: list[R] = []
    for batch in batches_of(look, items, size):
        found += batch
        tell(len(found))
    return found
