"""How broad and high numerals are at 32×32, real and composed, and how well each size is read.

    datagen evaluate ds --export-model ds.keras …
    python tests/benchmarks/numeral_sizes.py ds --real folds/fold-1/holdout-reviewed …
        [--model ds.keras]

First, for every folder of real images and for a dataset of native size: how much of the ink is
grey, as the organisers' scan has it at the edges of strokes (quartiles over the images). Then width
by height (10 %, 50 % and 90 % quantile) of each class, for every folder of real images and for the
composed images of the dataset, capitals and small letters apart. With --model, the accuracy of the
model on the dataset's own val, by width, for all composed capitals of several letters and for those
between serif bars.
"""

import argparse
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

import datagen
from datagen.composition.handwritten.parameters import Hand
from datagen.core.arrays import GrayImage
from datagen.core.evaluator_facts import SIDE
from datagen.core.numerals import CLASSES
from datagen.datasets.format import ManifestEntry
from datagen.files.decode import read_gray

INK = 140  # gray levels below it are ink
BLACK = 32  # and below it black; the scan's levels are 0, 64 and 255
WIDTHS = (0, 9, 13, 18, 24, SIDE + 1)


class Extent(NamedTuple):
    """How much of the evaluator's view a numeral spans, pixels of 32×32."""

    width: float
    height: float


def extent(image: GrayImage) -> Extent | None:
    """Return what 98 % of the ink span in both directions, for specks lie beyond."""
    rows, columns = np.nonzero(image < INK)
    if not len(rows):
        return None
    height, width = (
        (float(np.subtract(*np.quantile(places, [0.99, 0.01]))) + 1) * SIDE / side
        for places, side in zip((rows, columns), image.shape, strict=True)
    )
    return Extent(width, height)


def extents(files: Iterable[Path]) -> list[Extent]:
    """Return the extent of every file that has ink."""
    found = (extent(read_gray(file)) for file in files)
    return [each for each in found if each is not None]


def shape(found: Sequence[Extent]) -> str:
    """Return three quantiles of width by height, as text."""
    if not found:
        return "–"
    ratios = [each.width / each.height for each in found]
    return " ".join(f"{value:.2f}" for value in np.quantile(ratios, [0.1, 0.5, 0.9]))


def grey_edges(name: str, files: Iterable[Path]) -> None:
    """Print which share of the ink is grey."""
    images = [read_gray(file) for file in files]
    if max(max(image.shape) for image in images) <= SIDE:
        return
    shares = [float((image[image < INK] >= BLACK).mean()) for image in images if image.min() < INK]
    print(
        f"{name}: grey ink", *(f"{value:.2f}" for value in np.quantile(shares, [0.25, 0.5, 0.75]))
    )


def composed(dataset: datagen.Dataset) -> list[ManifestEntry]:
    """Return the images that were written letter by letter."""
    return [entry for entry in dataset.manifest if isinstance(entry.composition, Hand)]


def shapes(root: Path, entries: Sequence[ManifestEntry], real: Sequence[Path]) -> None:
    """Print how broad numerals are by class."""
    print("| class | " + " | ".join([*(folder.parent.name for folder in real), "I", "i"]) + " |")
    print("|---" * (len(real) + 3) + "|")
    for numeral in CLASSES:
        cells = [shape(extents((folder / numeral).iterdir())) for folder in real]
        cells += [
            shape(
                extents(
                    root / each.path
                    for each in entries
                    if (each.numeral, each.style, each.split) == (numeral, style, "train")
                )
            )
            for style in ("upper", "lower")
        ]
        print(f"| {numeral} | " + " | ".join(cells) + " |")


def accuracies(root: Path, entries: Sequence[ManifestEntry], model: Path) -> None:
    """Print the accuracy on composed capitals of val by width."""
    predicted = {
        Path(each.path).resolve(): each.label for each in datagen.predict(model, root / "val")
    }
    rows = []
    for entry in entries:
        hand, file = entry.composition, root / entry.path
        if (entry.style, entry.split) != ("upper", "val") or not isinstance(hand, Hand):
            continue
        found = extent(read_gray(file))
        if found is not None and len(hand.letters) > 1:
            rows.append((found.width, bool(hand.bars), predicted[file.resolve()] == entry.numeral))
    print("| columns of 32 | capitals, several letters | between bars |\n|---|---|---|")
    for low, high in pairwise(WIDTHS):
        inside = [row for row in rows if low <= row[0] < high]
        cells = [
            f"{np.mean(hits):.3f} of {len(hits)}" if hits else "–"
            for hits in ([row[2] for row in inside], [row[2] for row in inside if row[1]])
        ]
        print(f"| {low} … {high} | " + " | ".join(cells) + " |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--real", type=Path, nargs="*", default=[])
    parser.add_argument("--model", type=Path)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    dataset = datagen.open_dataset(asked.dataset)
    entries = composed(dataset)
    for folder in asked.real:
        grey_edges(folder.parent.name, folder.glob("*/*"))
    grey_edges("dataset", [dataset.path / each.path for each in entries])
    shapes(dataset.path, entries, asked.real)
    if asked.model is not None:
        print()
        accuracies(dataset.path, entries, asked.model)


if __name__ == "__main__":
    main()
