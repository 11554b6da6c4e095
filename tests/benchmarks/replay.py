"""Makes random images of a dataset again from their manifest lines, and compares the bytes.

    datagen build --pipeline scanned --out ds
    python tests/benchmarks/replay.py ds [--images 1000] [--seed 0]

Exits 1 where one differs.
"""

import argparse
import random
import sys
from pathlib import Path

import cv2

from datagen.building.open_sources import open_sources
from datagen.building.render import ImageRenderer
from datagen.datasets.format import RECIPE, read_manifest
from datagen.planning.resolve import resolve
from datagen.recipes.load import load


def main() -> int:
    """Compare, and say how many are equal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recipe = load(str(options.dataset / RECIPE))
    renderer = ImageRenderer(open_sources(resolve(recipe)))
    entries = read_manifest(options.dataset)
    chosen = random.Random(options.seed).sample(entries, min(options.images, len(entries)))
    equal = sum(
        cv2.imencode(".png", renderer.again(entry))[1].tobytes()
        == (options.dataset / entry.path).read_bytes()
        for entry in chosen
    )
    steps = sum(len(entry.ops) for entry in chosen)
    print(f"{equal:,} of {len(chosen):,} images equal byte for byte, {steps:,} recorded steps")
    return 0 if equal == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
