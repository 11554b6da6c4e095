"""Time the pen source: opening 24,000 letters, and drawing each once in random order.

    PYTHONPATH=. python tests/benchmarks/pen_speed.py [--runs 5]

The first drawing of a run also draws 1,000 writers (caches are emptied before it); the second
finds them cached.
"""

import argparse
import statistics
import time

import numpy as np

from datagen.core.glyphs import GlyphPool
from datagen.sources.pen import source as pen


def _draw_all(pool: GlyphPool, order: list[int]) -> float:
    start = time.perf_counter()
    for key in order:
        pool[key]
    return (time.perf_counter() - start) / len(order) * 1e6


def main() -> None:
    """Print medians and ranges."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    times: dict[str, list[float]] = {
        "open, ms": [],
        "cold, µs a letter": [],
        "warm, µs a letter": [],
    }
    for _ in range(parser.parse_args().runs):
        pen._writer.cache_clear()
        pen._model.cache_clear()
        start = time.perf_counter()
        pool = pen.PenSource().open(None, pen.PenOptions())
        times["open, ms"].append((time.perf_counter() - start) * 1e3)
        order = np.random.default_rng(0).permutation(len(pool)).tolist()
        times["cold, µs a letter"].append(_draw_all(pool, order))
        times["warm, µs a letter"].append(_draw_all(pool, order))
    for name, values in times.items():
        print(
            f"{name:20} {statistics.median(values):6.1f}  ({min(values):.1f} – {max(values):.1f})"
        )


if __name__ == "__main__":
    main()
