"""How many altered copies of real numerals are recognised: the figures of `SAME`.

Run from the project's root: `python tests/benchmarks/near_duplicates.py`
"""

import os
from pathlib import Path

import cv2
import numpy as np

from datagen.core.arrays import GrayImage
from datagen.images.near_duplicates import SAME, likeness
from datagen.sources import open_source

DATA = Path(os.environ.get("DATAGEN_SHARED_DATA", "../shared/data")) / "roman-mnist"
EACH = 300


def with_paper(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` with up to 30 rows or columns of paper more on each side."""
    top, bottom, left, right = rng.integers(0, 30, 4)
    return np.pad(image, ((top, bottom), (left, right)), constant_values=255)


def rescaled(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` at 0.6 … 1.6 of its size."""
    factor = rng.uniform(0.6, 1.6)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=how).astype(np.uint8)


def cropped(image: GrayImage, rng: np.random.Generator) -> tuple[GrayImage, float]:
    """Return `image` without 5 … 25 % of one side, and the share of its ink that went with it."""
    turned = np.rot90(image, rng.integers(4))
    part = turned[round(rng.uniform(0.05, 0.25) * len(turned)) :]
    lost = 1 - float((255.0 - part).sum() / (255.0 - image).sum())
    turns = next(k for k in range(4) if np.array_equal(np.rot90(turned, k), image))
    return np.ascontiguousarray(np.rot90(part, turns)), lost


def main() -> None:
    """Print one line per draw."""
    pool = open_source("images", DATA, {"review": "competition-2021"})
    for seed in range(3):
        rng = np.random.default_rng(seed)
        images = [pool[int(k)] for k in rng.choice(len(pool), EACH, replace=False)]
        found = [likeness(image, with_paper(rescaled(image, rng), rng)) for image in images]
        losses, crops = [], []
        for image in images:
            part, lost = cropped(image, rng)
            if lost < 0.9:
                losses.append(lost)
                crops.append(likeness(image, with_paper(part, rng)) >= SAME)
        bins = np.digitize(losses, [0.05, 0.1])
        shares = [float(np.mean(np.array(crops)[bins == k])) for k in range(3)]
        print(
            f"draw {seed}: rescaled {np.mean(np.array(found) >= SAME):.3f}; cropped, ink lost "
            f"< 5 % {shares[0]:.3f}, 5 … 10 % {shares[1]:.3f}, more {shares[2]:.3f}"
        )


if __name__ == "__main__":
    main()
