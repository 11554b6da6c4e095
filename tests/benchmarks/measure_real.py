"""The statistics of real sheets that composition is fitted to, beside those of a dataset of ours.

    python tests/benchmarks/measure_real.py [NATIVE_DATASET]

Reads `roman-mnist/train` in `../shared/data` (or `DATAGEN_SHARED_DATA`); specks under 0.15 % of
the sheet are not taken for ink. Prints the 5, 25, 50, 75 and 95 % quantiles.
"""

import os
import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("DATAGEN_SHARED_DATA", ROOT.parent / "shared" / "data"))
QUANTILES = (5, 25, 50, 75, 95)


def measure(path: Path) -> dict[str, float] | None:
    """Return the statistics of one sheet; None where it holds nothing but specks."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        return None
    height, width = image.shape
    ink = (image < 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    boxes = np.array([s for s in stats[1:] if s[4] > 0.0015 * height * width])
    if not len(boxes):
        return None
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    right, bottom = (boxes[:, 0] + boxes[:, 2]).max(), (boxes[:, 1] + boxes[:, 3]).max()
    distance = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    line = 2 * float(np.percentile(distance[ink > 0], 95))
    return {
        "width, px": width,
        "height, px": height,
        "aspect": width / height,
        "fill (larger of width, height)": max((right - left) / width, (bottom - top) / height),
        "ink height / sheet": (bottom - top) / height,
        "line / side": line / (width * height) ** 0.5,
        "left margin / free": left / max(width - (right - left), 1),
        "top margin / free": top / max(height - (bottom - top), 1),
        "black share of ink": float((image == 0).sum() / max(ink.sum(), 1)),
    }


def main() -> None:
    """Print one line a statistic and folder."""
    folders = {"real": SHARED / "roman-mnist" / "train"}
    if len(sys.argv) > 1:
        folders["ours"] = Path(sys.argv[1], "train")
    for name, folder in folders.items():
        rows = [row for path in sorted(folder.glob("*/*.png")) if (row := measure(path))]
        for key in rows[0]:
            quantiles = np.percentile([row[key] for row in rows], QUANTILES)
            print(f"{name:<5} {key:<31}", *(f"{value:8.3f}" for value in quantiles))


if __name__ == "__main__":
    main()
