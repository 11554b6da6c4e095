"""Time and peak memory of opening the sources that read files.

    python tests/benchmarks/bench_sources.py [--runs 3] [--small]

Makes a synthetic EMNIST of the official size (697,932 + 116,323 images, `--small`: a hundredth),
then opens it, cold and from the cache, each in a process of its own. Chars74K and the class
folders of `../shared/data` are opened likewise where they are there.
"""

import argparse
import gzip
import os
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", ROOT.parent / "shared" / "data"))
COUNTS = {"train": 697_932, "test": 116_323}  # EMNIST by class


def write_emnist(folder: Path, scale: float) -> None:
    """Write byclass files whose images are blurred strokes and whose labels are evenly spread.

    Letters i, v, x are then 9.7 % of all, above EMNIST's own 4 %.
    """
    rng = np.random.default_rng(0)
    block = np.zeros((4096, 28, 28), np.uint8)
    for image in block:
        row, column = rng.integers(4, 20, 2)
        image[row : row + 8, 3:25] = rng.integers(0, 256, (min(8, 28 - row), 22))
        image[4:24, column : column + 3] = 255
    for part, full in COUNTS.items():
        count = int(full * scale)
        with gzip.open(folder / f"emnist-byclass-{part}-images-idx3-ubyte.gz", "wb", 1) as file:
            file.write(struct.pack(">4I", 0x803, count, 28, 28))
            for start in range(0, count, len(block)):
                file.write(block[: count - start].tobytes())
        with gzip.open(folder / f"emnist-byclass-{part}-labels-idx1-ubyte.gz", "wb", 1) as file:
            labels = rng.integers(0, 62, count, dtype=np.uint8)
            file.write(struct.pack(">2I", 0x801, count) + labels.tobytes())


def open_once(name: str, path: str) -> None:
    """Open a source and print seconds, glyphs and peak memory: what the child process does."""
    from datagen.sources import get_source

    source = get_source(name)
    options = source.options(**({"skip_bad": True} if name == "images" else {}))
    begin = time.perf_counter()
    pool = source.open(Path(path), options)
    seconds = time.perf_counter() - begin
    print(seconds, len(pool), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(label: str, name: str, path: Path, cache: Path, *, runs: int, cold: bool) -> None:
    """Open `path` several times and print the median, the spread and the peak."""
    rows = []
    for run in range(runs):
        folder = cache / (f"{name}{run}" if cold else f"{name}0")
        env = {**os.environ, "DATAGEN_CACHE": str(folder), "PYTHONPATH": str(ROOT)}
        child = [sys.executable, __file__, "--child", name, str(path)]
        out = subprocess.run(child, env=env, check=True, capture_output=True, text=True)
        rows.append([float(word) for word in out.stdout.split()])
    seconds = [row[0] for row in rows]
    print(
        f"{label:28} {statistics.median(seconds):8.3f} s  ({min(seconds):.3f} … "
        f"{max(seconds):.3f}, {runs} runs)  {int(rows[0][1]):7,} items  "
        f"peak {max(row[2] for row in rows):6.0f} MB"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--child", nargs=2)
    args = parser.parse_args()
    if args.child:
        open_once(*args.child)
        return
    with tempfile.TemporaryDirectory() as name:
        emnist, cache = Path(name) / "emnist", Path(name) / "cache"
        emnist.mkdir()
        write_emnist(emnist, 0.01 if args.small else 1)
        inputs = {
            "emnist": emnist,
            "chars74k": SHARED / "chars74k" / "EnglishHnd.tgz",
            "images": SHARED / "roman-mnist" / "train",
        }
        for source, path in inputs.items():
            if path.exists():
                measure(f"{source}, first opening", source, path, cache, runs=args.runs, cold=True)
                measure(
                    f"{source}, from the cache", source, path, cache, runs=args.runs, cold=False
                )


if __name__ == "__main__":
    main()
