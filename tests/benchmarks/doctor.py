"""How long `datagen doctor` takes, and how much memory, by the number of images.

Run from the project's root:

    python tests/benchmarks/doctor.py                  3,000 and 30,000 images that it draws
    python tests/benchmarks/doctor.py --images 2880 --real ../shared/data/roman-mnist
    … --skip-near-duplicates                           only without them
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from datagen.core.numerals import CLASSES

_SIDE: Final = (180, 320)  # pixels: as large as scans of single numerals are


def draw(root: Path, count: int) -> None:
    """Write `count` images, four in five of them in train, each with strokes of its own."""
    random = np.random.default_rng(0)
    for k in range(count):
        height, width = (int(n) for n in random.integers(*_SIDE, 2))
        image = np.full((height, width), 255, np.uint8)
        points = random.integers(20, min(height, width) - 20, (5, 4))
        for x, y, a, b in points.tolist():
            cv2.line(image, (x, y), (a, b), int(random.integers(0, 60)), 6, cv2.LINE_AA)
        folder = root / ("val" if k % 5 == 0 else "train") / CLASSES[k // 5 % 10]
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{k:05}.png"), image)


def measure(root: Path, *flags: str) -> str:
    """Return seconds, those of all cores together, and the largest memory of a run, in words."""
    started, used = time.monotonic(), _cpu_seconds()
    words = [sys.executable, "-m", "datagen", "doctor", str(root), "--quiet", *flags]
    subprocess.run(words, check=False, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return f"{seconds:7.1f} s, {_cpu_seconds() - used:7.1f} s of CPU, at most {memory:,.0f} MB"


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print a line per number of images and kind of run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="*", default=[3000, 30_000])
    parser.add_argument("--real", type=Path, help="measure this folder instead")
    parser.add_argument("--skip-near-duplicates", action="store_true", help="measure only without")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for count in asked.images:
            root = asked.real or Path(name) / str(count)
            if asked.real is None:
                draw(root, count)
            # the smaller run first: what is printed of memory is the largest of all so far
            skipped = measure(root, "--skip-near-duplicates")
            print(f"{count:7,} images, without near-duplicates {skipped}", flush=True)
            if not asked.skip_near_duplicates:
                print(f"{count:7,} images, with near-duplicates    {measure(root)}", flush=True)


if __name__ == "__main__":
    main()
