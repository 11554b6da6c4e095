"""Run by `test_kills.py` in a process of its own: build again and again over a dataset, and kill.

    python kills.py FOLDER ROUNDS

Each build is a fork of this process, which has imported all that a build needs. It is killed at a
random moment; then the dataset must be whole, the old one or the new. Every other build swaps the
folders in steps, as where the system cannot do it at once. Prints how many builds had ended before
they were killed, how many left something, and what is there after a last build that is not killed.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from datagen.building.build import build
from datagen.datasets.format import fingerprint, image_files, read_info, read_manifest
from datagen.files import atomic
from datagen.files.hashing import file_hash
from datagen.recipes.schema import Recipe


def make(target: Path, seed: int) -> float:
    """Build a small dataset, and return the seconds that took."""
    start = time.perf_counter()
    recipe = Recipe(images=60, seed=seed)
    build(recipe, target, overwrite=target.exists())
    return time.perf_counter() - start


def whole(target: Path) -> None:
    """Stop where a dataset is not what its records say."""
    files = [(split, name, file_hash(path)) for split, name, path in image_files(target)]
    said = read_info(target).fingerprint
    if fingerprint(files) != said or len(files) != len(read_manifest(target)):
        sys.exit(f"{target} is not whole")


def main() -> None:
    """Kill builds."""
    target, rounds = Path(sys.argv[1]), int(sys.argv[2])
    make(target, 0)
    longest = max(make(target, seed) for seed in (1, 2))
    draw = random.Random(0)
    ended = left = 0
    for seed in range(3, 3 + rounds):
        child = os.fork()
        if child == 0:
            if seed % 2:
                atomic.exchange = lambda *_: False
            make(target, seed)
            os._exit(0)
        time.sleep(draw.uniform(0, longest * 1.1))
        os.kill(child, signal.SIGKILL)
        ended += os.waitpid(child, 0)[1] == 0
        left += len(list(target.parent.iterdir())) > 1
        whole(target)
    make(target, 1)
    whole(target)
    print(ended, left, *(path.name for path in target.parent.iterdir()))


main()
