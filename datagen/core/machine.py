"""What the machine we run on has."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"


def cores() -> int:
    """Return how many cores this process may use.

    Example:
        >>> cores() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def child_environment(**changes: str) -> dict[str, str]:
    """Return the environment for a process of ours: this one's, with changes.

    A notebook's kernel names a backend for matplotlib that other processes may lack. Nothing of
    ours draws with matplotlib; TensorFlow imports it where it is installed.
    """
    return {k: v for k, v in os.environ.items() if k != "MPLBACKEND"} | changes


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let numpy multiply on one core where it is first imported meanwhile.

    That is here, or in a process that is started meanwhile. For matrices of a few hundred numbers
    its threads gain nothing, and cost 0.04 s when they start and more with every product.
    """
    if _BLAS_THREADS in os.environ:  # a person's own setting
        yield
        return
    os.environ[_BLAS_THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(_BLAS_THREADS, None)
