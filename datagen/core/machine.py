"""What the machine we run on has."""

import os


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
