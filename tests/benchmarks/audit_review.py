"""How well `datagen audit` finds what people found: its ranking beside the shipped review.

The figures of the page `datagen guide audit`. Run from the project's root:

    datagen audit DIR --out audit.jsonl
    python tests/benchmarks/audit_review.py audit.jsonl --mine mine.jsonl

The audit never reads the review. `mine.jsonl` is an audit by one network per fold on real images
alone (`--with none --seeds 1`): the probability of the own label by a score trained on the rest,
which is what `datagen mine` ranks by.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datagen.core.numerals import CLASSES
from datagen.curation.audit.record import AuditImage, read_audit
from datagen.sources.images.review import LabelCorrection, load

Scores = npt.NDArray[np.float64]
FIRST = 200


def average_precision(scores: Scores, wrong: npt.NDArray[np.bool_]) -> float:
    """Return the mean of the precision at every wrong image, the highest score first."""
    hits = wrong[np.argsort(-scores, kind="stable")]
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def first_precision(scores: Scores, wrong: npt.NDArray[np.bool_]) -> float:
    """Return which share of the first `FIRST` images is wrong."""
    return float(wrong[np.argsort(-scores, kind="stable")[:FIRST]].mean())


def confidence(images: Sequence[AuditImage]) -> Scores:
    """Return how little each image's own label is believed by the networks."""
    own = [image.probabilities[CLASSES.index(image.numeral)] for image in images]
    return 1 - np.array(own)


def suggestions(images: Sequence[AuditImage], found: Sequence[LabelCorrection | None]) -> None:
    """Print how often the suggestion is the decision of the person."""
    judged = [(i, f) for i, f in zip(images, found, strict=True) if f is not None]
    relabelled = [(i, f) for i, f in judged if f.verdict == "relabel"]
    same = sum(
        i.suggestion == f.verdict and (f.verdict == "drop" or i.likelier == f.numeral)
        for i, f in judged
    )
    named = sum(i.likelier == f.numeral for i, f in relabelled)
    spoken = sum(i.suggestion != "keep" for i, _ in judged)
    all_ = sum(i.suggestion != "keep" for i in images)
    print(f"suspects                      {all_:5}, of which the review names {spoken}")
    print(f"suggestion is the decision    {same:5} of {len(judged)} in the review")
    print(f"suspected among them          {spoken:5} of {len(judged)}")
    print(f"likelier is the class moved to{named:5} of {len(relabelled)} relabelled")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audit", type=Path)
    parser.add_argument("--mine", type=Path, help="an audit by one network, real images alone")
    parser.add_argument("--review", default="competition-2021")
    given = parser.parse_args()
    review = load(given.review).images
    images = read_audit(given.audit)
    corrections = [review.get(image.sha256) for image in images]
    # of one file under two classes only the one that the review speaks of
    found = [
        each if each is not None and each.was == image.numeral else None
        for image, each in zip(images, corrections, strict=True)
    ]
    wrong = np.array([each is not None for each in found])
    print(f"{len(images):,} images, {wrong.sum()} in the review {given.review}")
    rows = {
        "audit": (np.array([image.suspicion for image in images]), wrong),
        "self-confidence": (confidence(images), wrong),
    }
    if given.mine is not None:
        mined = {image.path: image for image in read_audit(given.mine)}
        rows["mine"] = (confidence([mined[image.path] for image in images]), wrong)
    print(f"{'ranking':<17}{'average precision':>18}{f'precision of {FIRST}':>18}")
    for name, (scores, truth) in rows.items():
        average, first = average_precision(scores, truth), first_precision(scores, truth)
        print(f"{name:<17}{average:18.3f}{first:18.3f}")
    suggestions(images, found)


if __name__ == "__main__":
    main()
