"""How much harder a holdout by style is than a random one, asked of two classifiers that are cheap.

    python tests/benchmarks/holdout_hardness.py shared/data/roman-mnist --review competition-2021

For each fold of `datagen holdout --folds 5`, by style and by random, a classifier learns from
`rest/` and is tried on `holdout/` (as given), and with a review on `holdout-reviewed/` too, as
32×32 pixels: the nearest neighbour, and a support vector machine with a Gaussian kernel. Printed is
the mean accuracy over the folds ± its standard deviation. No network is trained.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import fmean, stdev

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import datagen
from datagen.core.numerals import CLASSES

Data = tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]

CLASSIFIERS = {
    "nearest neighbour": lambda: KNeighborsClassifier(1),
    "support vectors": lambda: SVC(C=10),
}


def load(folder: Path) -> Data:
    """Return pixels, 0 … 1, and class numbers."""
    rows, labels = [], []
    for label, numeral in enumerate(CLASSES):
        for file in sorted((folder / numeral).iterdir()):
            image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            if image is None:
                raise SystemExit(f"{file} is no image that OpenCV reads")
            rows.append(cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA).ravel() / 255)
            labels.append(label)
    return np.array(rows, np.float32), np.array(labels)


def accuracies(root: Path, folds: int, sides: list[str]) -> dict[tuple[str, str], list[float]]:
    """Return (classifier, side) → accuracy per fold."""
    found: dict[tuple[str, str], list[float]] = {}
    for fold in range(1, folds + 1):
        place = root / f"fold-{fold}"
        images, labels = load(place / "rest")
        tests = {side: load(place / side) for side in sides}
        for name, make in CLASSIFIERS.items():
            model = make().fit(images, labels)
            for side, test in tests.items():
                found.setdefault((name, side), []).append(float(model.score(*test)))
    return found


def main() -> None:
    """Divide, learn, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="real images in class folders")
    parser.add_argument("--review", help="as `datagen holdout --review`")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sides = ["holdout", "holdout-reviewed"] if options.review else ["holdout"]
    print("| by | classifier |", *(f"{side} |" for side in sides))
    print("|---|---|" + "---|" * len(sides))
    for by in ("random", "style"):
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, by)
            datagen.hold_out(
                options.folder,
                out,
                by=by,  # type: ignore[arg-type]
                folds=options.folds,
                seed=options.seed,
                review=options.review,
                skip_bad=True,
            )
            found = accuracies(out, options.folds, sides)
        for name in CLASSIFIERS:
            cells = [
                f"{fmean(found[name, side]):.3f} ± {stdev(found[name, side]):.3f}" for side in sides
            ]
            print(f"| {by} | {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
