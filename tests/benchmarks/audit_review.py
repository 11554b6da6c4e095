"""Does `datagen audit` find what a person found? Its ranking beside the shipped review.

    python tests/benchmarks/audit_review.py ../shared/data/roman-mnist [--seed 0 …]

The audit reads no review. The review `competition-2021` says of every image of the folder whether
it was dropped or relabelled; those are what is to be found. Beside the audit stand the ranking by
self-confidence (the probability of the given label, the same networks), and that of `datagen mine`:
self-confidence with the images missed first, by networks without synthetic numerals. Average
precision, precision among the first 200, and, of the relabelled images, the share whose new class
the audit suggests. One line per seed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from datagen.core.numerals import CLASSES
from datagen.curation.audit.find import Audit, AuditSettings, audit_folder
from datagen.sources.images.review import Review, load

FIRST = 200


def measure(audit: Audit, review: Review, score: list[float]) -> tuple[float, float]:
    """Average precision of a ranking, and the precision of its first 200 images."""
    bad = [_is_bad(review, image.sha256, image.numeral) for image in audit.images]
    first = np.argsort(-np.array(score), kind="stable")[:FIRST]
    return float(average_precision_score(bad, score)), float(np.mean(np.array(bad)[first]))


def _is_bad(review: Review, sha256: str, numeral: str) -> bool:
    found = review.images.get(sha256)
    return found is not None and found.was == numeral and found.verdict != "keep"


def right_suggestions(audit: Audit, review: Review) -> float:
    """Of the images that the review relabels, the share to which the audit gives that class."""
    moved = [
        (image.likelier, review.images[image.sha256].numeral)
        for image in audit.images
        if _is_bad(review, image.sha256, image.numeral)
        and review.images[image.sha256].verdict == "relabel"
    ]
    return sum(said == true for said, true in moved) / len(moved)


def confidence(audit: Audit, *, missed_first: bool) -> list[float]:
    """Return 1 − the probability of the given label; `missed_first` as `datagen mine` orders."""
    found = []
    for image in audit.images:
        own = image.probabilities[CLASSES.index(image.numeral)]
        missed = missed_first and max(image.probabilities) > own
        found.append(1 - own + missed)
    return found


def main() -> None:
    """Audit with every seed, with and without synthetic numerals, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    asked = parser.parse_args()
    review = load("competition-2021")
    print("| seed | ranking | average precision | first 200 | right suggestions | seconds |")
    print("|---|---|---|---|---|---|")
    for seed in asked.seed:
        began = time.monotonic()
        audit = audit_folder(asked.folder, settings=AuditSettings(seed=seed))
        seconds = f"{time.monotonic() - began:.0f}"
        right = f"{right_suggestions(audit, review):.2f}"
        plain = audit_folder(asked.folder, settings=AuditSettings(seed=seed, source=None))
        rows = {
            "audit": (audit, [image.suspicion for image in audit.images], right, seconds),
            "self-confidence": (audit, confidence(audit, missed_first=False), "", ""),
            "mine": (plain, confidence(plain, missed_first=True), "", ""),
        }
        for name, (made, score, *rest) in rows.items():
            precision, first = measure(made, review, score)
            cells = [f"{precision:.3f}", f"{first:.3f}", *rest]
            print(f"| {seed} | {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
