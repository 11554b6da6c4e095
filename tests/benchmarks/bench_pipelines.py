"""Images per second of every preset on one core, beside bare albumentations doing the same steps.

    PYTHONPATH=. python tests/benchmarks/bench_pipelines.py [--seconds 1] [--runs 5] [--seed 0]

Prints the median and the range of the runs. Bare means one `A.Compose`, seeded once: nothing is
recorded and nothing can be replayed. Steps that albumentations lacks are the same pure functions
on both sides, there as an `A.Lambda` with parameters drawn inside it. Only ours
gives every image random numbers of its own (`Streams`).
"""

import argparse
import os
import time
from collections.abc import Callable
from statistics import median

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as A  # noqa: N812
import cv2
import numpy as np

from pipelines.ops.gray import GrayImage
from pipelines.parameters.base import Subject
from pipelines.parameters.geometry import Affine
from pipelines.parameters.tone import GaussianNoise
from pipelines.pipeline import Pipeline, Streams, load, presets
from pipelines.spec import Node, OneOf, SomeOf, Step

BORDERS = {
    "white": cv2.BORDER_CONSTANT,
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
}


def numeral(side: int) -> GrayImage:
    """Return a IV as a scan shows it, `uint8 side×side`."""
    image = np.full((side, side), 255, np.uint8)
    unit = side / 32
    for start, end in (((8, 8), (8, 24)), ((13, 8), (18, 24)), ((18, 24), (23, 8))):
        points = [tuple(round(v * unit) for v in point) for point in (start, end)]
        cv2.line(image, points[0], points[1], 0, max(round(1.4 * unit), 1))
    return image


def bare(node: Node, rng: np.random.Generator) -> A.BasicTransform:
    """Return what a user of albumentations would write for `node`."""
    if isinstance(node, OneOf):
        total = sum(child.p for child in node.one_of)
        inner = [child.model_copy(update={"p": child.p / total}) for child in node.one_of]
        return A.OneOf([bare(child, rng) for child in inner], p=node.p)
    if isinstance(node, SomeOf):
        low, high = node.bounds
        inner = [bare(child, rng) for child in node.some_of]
        return A.SomeOf(inner, n=round((low + high) / 2), replace=False, p=node.p)
    return _library(node) or _lambda(node, rng)


def _library(step: Step) -> A.BasicTransform | None:
    """Return albumentations' own transform, where there is one."""
    drawn, p = step.parameters, step.p
    if isinstance(drawn, Affine) and not drawn.keep_ink:
        return A.Affine(
            rotate=drawn.rotate,
            shear={"x": drawn.shear, "y": (0.0, 0.0)},
            scale=drawn.scale,
            keep_ratio=drawn.keep_ratio,
            translate_percent=drawn.translate,
            border_mode=BORDERS[drawn.fill],
            fill=255,
            p=p,
        )
    if isinstance(drawn, GaussianNoise):
        return A.GaussNoise(std_range=drawn.sigma, p=p)
    given = drawn.model_dump()
    table: dict[str, Callable[[], A.BasicTransform]] = {
        "horizontal_flip": lambda: A.HorizontalFlip(p=p),
        "crop": lambda: A.CropAndPad(
            percent=(-given["share"][1], 0.0), sample_independently=True, p=p
        ),
        "gaussian_blur": lambda: A.GaussianBlur(sigma_limit=given["sigma"], blur_limit=0, p=p),
        "contrast": lambda: A.RandomBrightnessContrast((0, 0), _around_one(given["factor"]), p=p),
        "multiply": lambda: A.MultiplicativeNoise(multiplier=given["factor"], p=p),
        "downscale": lambda: A.Downscale(scale_range=given["factor"], p=p),
        "perspective": lambda: A.Perspective(scale=given["strength"], fill=255, p=p),
    }
    return table[step.op]() if step.op in table else None


def _around_one(factor: tuple[float, float]) -> tuple[float, float]:
    return factor[0] - 1, factor[1] - 1


def _lambda(step: Step, rng: np.random.Generator) -> A.BasicTransform:
    def apply(image: GrayImage, **_: object) -> GrayImage:
        drawn = step.parameters.draw(Subject(image, "iv", "upper"), rng)
        return image if drawn is None else step.tool.apply(image, **drawn)

    return A.Lambda(image=apply, name=step.op, p=step.p)


def rate(work: Callable[[int], object], seconds: float) -> float:
    """Return how often `work` runs per second."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(50):
            work(done)
            done += 1
    return done / (time.perf_counter() - start)


def compare(pipeline: Pipeline, side: int, seconds: float, runs: int, seed: int) -> str:
    """Return one line of the table."""
    image = numeral(side)
    rng = np.random.default_rng(seed)
    steps = A.Compose([bare(node, rng) for node in pipeline.spec.steps], seed=seed)
    streams = Streams(seed)
    # keras-flips is refused for iv: it is timed on a class that it may touch
    shown = "x" if pipeline.name == "keras-flips" else "iv"

    def ours(index: int) -> object:
        return pipeline.run(image, shown, "upper", streams.of(index))

    def theirs(_: int) -> object:
        return steps(image=image)

    ours(0), theirs(0)
    pairs = [(rate(ours, seconds), rate(theirs, seconds)) for _ in range(runs)]
    mine, bare_rate = (sorted(values) for values in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    return (
        f"{pipeline.name:14} {side:4}  {median(mine):8,.0f} ({mine[0]:,.0f} … {mine[-1]:,.0f})"
        f"   {median(bare_rate):8,.0f} ({bare_rate[0]:,.0f} … {bare_rate[-1]:,.0f})"
        f"   {median(ratios):5.2f} ({ratios[0]:.2f} … {ratios[-1]:.2f})"
    )


def main() -> None:
    """Time every preset at both sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    cv2.setNumThreads(1)
    print("preset         side  ours, images/s            bare albumentations       ratio")
    for name in presets():
        for side in (32, 256):
            print(compare(load(name), side, flags.seconds, flags.runs, flags.seed), flush=True)


if __name__ == "__main__":
    main()
