"""How many altered copies are found, and how many different writings are joined.

The figures of `datagen.images.near_duplicates.SAME`. Run from the project's root:

    python tests/benchmarks/near_duplicates.py               images that datagen builds
    python tests/benchmarks/near_duplicates.py --real        the competition's training images
    … --draws 3 --each 300 --sheet joined.png                what is joined, to be looked at
"""

import argparse
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

import datagen
from datagen.core.arrays import GrayImage
from datagen.images.near_duplicates import Sketches, between, group, likeness
from datagen.sources import open_source
from pipelines.ops import shadow_corner

DATA: Final = Path(os.environ.get("DATAGEN_SHARED_DATA", "../shared/data")) / "roman-mnist"

Change = Callable[[GrayImage, np.random.Generator], GrayImage]


def darker(factor: float) -> Change:
    """Return what multiplies all greys."""
    return lambda image, _: (image * factor).astype(np.uint8)


def offset(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` with less contrast, and grey ink on grey paper."""
    return (image * rng.uniform(0.6, 0.85) + rng.uniform(10, 35)).astype(np.uint8)


def gamma(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` with gamma 0.55 … 1.8, ink and paper a little grey before."""
    levels = (image * 0.85 + 20) / 255
    return np.asarray(255 * levels ** np.exp(rng.uniform(-0.6, 0.6)), np.uint8)


def gradient(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` lit from one side: the paper is 0.55 … 0.95 as bright."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = (np.linspace(-0.5, 0.5, side) for side in image.shape)
    light = 0.75 + 0.4 * (x * np.cos(angle) + y[:, None] * np.sin(angle))
    return np.clip(image * light, 0, 255).astype(np.uint8)


def shadow(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` with a dark corner."""
    corner = ("top-left", "top-right", "bottom-left", "bottom-right")[rng.integers(4)]
    reach, darkness, seed = rng.uniform(0.4, 0.8), rng.uniform(0.2, 0.45), int(rng.integers(1e6))
    return shadow_corner(image, corner, reach, darkness, 0.03, seed)


def mapped(image: GrayImage, linear: list[list[float]]) -> GrayImage:
    """Return `image`, with paper around it, through a linear map about its middle."""
    wider = np.pad(image, 20, constant_values=255)
    height, width = wider.shape
    matrix, middle = np.array(linear), np.array([width / 2, height / 2])
    place = np.c_[matrix, middle - matrix @ middle]
    return np.asarray(cv2.warpAffine(wider, place, (width, height), borderValue=255), np.uint8)


def turned(image: GrayImage, rng: np.random.Generator, most: float = 5.0) -> GrayImage:
    """Return `image` turned by up to `most` degrees."""
    angle = np.radians(rng.uniform(-most, most))
    return mapped(image, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def turned_most(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` turned by 5 degrees to either side."""
    angle = np.radians(rng.choice([-5, 5]))
    return mapped(image, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def sheared(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` slanted by 0.1 to either side."""
    return mapped(image, [[1, rng.choice([-0.1, 0.1])], [0, 1]])


def stretched(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` at 0.85 or 1.15 of its width or of its height."""
    factors = [1.0, 1.0]
    factors[rng.integers(2)] = rng.choice([0.85, 1.15])
    x, y = factors
    return np.asarray(cv2.resize(image, None, fx=x, fy=y, interpolation=cv2.INTER_AREA), np.uint8)


def thicker(image: GrayImage, _: np.random.Generator) -> GrayImage:
    """Return `image` with its pen two pixels wider, one on each side."""
    return np.asarray(cv2.erode(image, np.ones((3, 3), np.uint8)), np.uint8)


def thinner(image: GrayImage, _: np.random.Generator) -> GrayImage:
    """Return `image` with its pen two pixels narrower."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return np.asarray(cv2.dilate(image, cross), np.uint8)


def jpeg(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` as a JPEG file of quality 30 … 60 keeps it."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 61))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], 0), np.uint8)


def blurred(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` blurred by 0.5 … 2 pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2)), np.uint8)


def noisy(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` with noise of deviation 5 … 25."""
    noise = rng.normal(0, rng.uniform(5, 25), image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def rescaled(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` at 0.6 … 1.6 of its size, with up to 30 rows or columns more on each side."""
    factor = rng.uniform(0.6, 1.6)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(image, None, fx=factor, fy=factor, interpolation=how)
    top, bottom, left, right = rng.integers(0, 30, 4)
    return np.pad(resized, ((top, bottom), (left, right)), constant_values=255).astype(np.uint8)


def cut(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` without a part of the empty paper on each side."""
    rows, columns = (np.flatnonzero((image < 128).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return image
    low = [int(found[0] * rng.uniform(0.2, 1)) for found in (rows, columns)]
    high = [
        size - int((size - 1 - found[-1]) * rng.uniform(0.2, 1))
        for size, found in zip(image.shape, (rows, columns), strict=True)
    ]
    return np.ascontiguousarray(image[low[0] : high[0], low[1] : high[1]])


def several(image: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Return `image` turned by up to 3°, stretched, blurred, darker, and as JPEG."""
    bent = turned(image, rng, 3.0)
    bent = mapped(bent, [[rng.uniform(0.93, 1.07), rng.uniform(-0.05, 0.05)], [0, 1]])
    return jpeg(darker(rng.uniform(0.7, 1))(blurred(bent, rng), rng), rng)


KINDS: Final[dict[str, Change]] = {
    "greys × 0.85": darker(0.85),
    "greys × 0.6": darker(0.6),
    "grey offset": offset,
    "gamma": gamma,
    "paper gradient": gradient,
    "shadow": shadow,
    "turn to ±5°": turned,
    "turn by ±5°": turned_most,
    "shear ±0.1": sheared,
    "stretch": stretched,
    "thicker pen": thicker,
    "thinner pen": thinner,
    "JPEG 30 … 60": jpeg,
    "blur": blurred,
    "noise": noisy,
    "rescale, shift": rescaled,
    "cut paper": cut,
    "several": several,
}


def real() -> list[GrayImage]:
    """Return the competition's training images, as given."""
    pool = open_source("images", DATA / "train", {"skip_bad": True})
    return [pool[k] for k in range(len(pool))]


def built(count: int) -> list[GrayImage]:
    """Return images that datagen builds, at their own size."""
    with tempfile.TemporaryDirectory() as folder:
        made = datagen.build({"images": count, "size": "native"}, Path(folder, "ds"))
        pool = open_source("images", made.path, {})
        return [pool[k] for k in range(len(pool))]


def found(images: Sequence[GrayImage], each: int, seed: int) -> dict[str, float]:
    """Return per kind the share of copies that are found beside all `images`."""
    rng = np.random.default_rng(seed)
    chosen = [int(k) for k in rng.choice(len(images), min(each, len(images)), replace=False)]
    copies = [change(images[k], rng) for change in KINDS.values() for k in chosen]
    pairs = set(between(Sketches.of(copies), Sketches.of(images)))
    hits = [(k, chosen[k % len(chosen)]) in pairs for k in range(len(copies))]
    shares = np.mean(np.array(hits).reshape(len(KINDS), -1), axis=1)
    return dict(zip(KINDS, shares.tolist(), strict=True))


def joined(images: Sequence[GrayImage], sheet: Path | None) -> None:
    """Print how many of different images are joined, how long it took, and show which."""
    start, cpu = time.perf_counter(), time.process_time()
    labels = group(images)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    groups = [name for name, size in Counter(labels).most_common() if size > 1]
    members = {name: [k for k, own in enumerate(labels) if own == name] for name in groups}
    count = sum(map(len, members.values()))
    print(
        f"{len(images):,} images: {count} ({count / len(images):.2%}) stand with another, in "
        f"{len(groups)} groups, the largest of {max(map(len, members.values()), default=1)}; "
        f"{seconds:.1f} s, {cpu:.1f} s of CPU, {memory:.0f} MB"
    )
    for name in groups:
        first, *others = members[name]
        print(" ", *(f"{likeness(images[first], images[k]):.3f}" for k in others))
    if sheet is not None and groups:
        rows = [np.hstack([_tile(images[k]) for k in members[name][:8]]) for name in groups]
        width = max(row.shape[1] for row in rows)
        padded = [np.pad(row, ((0, 4), (0, width - row.shape[1]))) for row in rows]
        cv2.imwrite(str(sheet), np.vstack(padded))


def _tile(image: GrayImage, side: int = 100) -> GrayImage:
    scale = side / max(image.shape)
    size = tuple(max(1, round(edge * scale)) for edge in image.shape[::-1])
    tile = np.full((side + 4, side + 4), 200, np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return tile


def main() -> None:
    """Print what is joined, then a line per kind of copy and a column per draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--each", type=int, default=300)
    parser.add_argument("--images", type=int, default=1000, help="to build")
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    images = real() if given.real else built(given.images)
    joined(images, given.sheet)
    draws = [found(images, given.each, seed) for seed in range(given.draws)]
    for kind in KINDS if draws else ():
        print(f"{kind:<15}" + " ".join(f"{100 * draw[kind]:6.1f} %" for draw in draws))


if __name__ == "__main__":
    main()
