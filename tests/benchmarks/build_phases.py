"""Where the time of a default build goes: 10,000 numerals by the pen, one process per core.

    python tests/benchmarks/build_phases.py

It prints the seconds since the process began at which every phase was over. The end of the process
and the command line's own start are not in it. With TMPDIR=/dev/shm files go to memory: ext4 makes
new ones slowly for some minutes after many were deleted, such as those of the run before.
"""

import time

BEGAN = time.perf_counter()

# ruff: noqa: E402 - the clock starts before the imports, which are the first phase
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from datagen.building import build, workers
from datagen.recipes.load import load

P = ParamSpec("P")
R = TypeVar("R")


def tell(phase: str) -> None:
    """Print when a phase was over."""
    print(f"{time.perf_counter() - BEGAN:5.2f} s  {phase}", flush=True)


def told(phase: str, work: Callable[P, R]) -> Callable[P, R]:
    """Return `work`, which then tells when it is over."""

    def timed(*given: P.args, **named: P.kwargs) -> R:
        result = work(*given, **named)
        tell(phase)
        return result

    return timed


def main() -> None:
    """Build once, in a folder that is removed."""
    tell("imports")

    build.plan = told("plan", build.plan)  # type: ignore[attr-defined]
    build.write_all = told("all images written", workers.write_all)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        build.build(load("default"), Path(folder, "ds"), workers=None, progress=lambda _: None)
        tell("manifest and record written, the folder in place")


if __name__ == "__main__":
    main()
