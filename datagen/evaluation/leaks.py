"""What the evaluator counted as leaked, completed by what only the dataset's manifest can tell.

Enters: a score, and what each of its test sets has in common with the dataset. Leaves: the score
with every leaked image marked, and the accuracy without them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from datagen.datasets.leakage import LeakKind, Leaks
from datagen.evaluation.records import Accuracy, ImageResult, Leakage, Score, TestResult
from datagen.evaluation.summary import wilson


def completed(score: Score, found: Sequence[Leaks | None]) -> Score:
    """Return a score with all leaked images counted, whatever was counted in it before.

    Args:
        score: of the evaluator, or completed already, perhaps beside another manifest.
        found: of each of its test sets; None where nothing is known.
    """
    tests = tuple(
        test if leaks is None else _completed(test, leaks)
        for test, leaks in zip(score.tests, found, strict=True)
    )
    return score.model_copy(update={"tests": tests})


def _completed(test: TestResult, leaks: Leaks) -> TestResult:
    rows = tuple(_marked(row, leaks.kinds) for row in test.results)
    counted = Counter(row.leak for row in rows)
    leakage = Leakage(
        images=counted["same picture"] + counted["parent"],
        decoded_identical=test.leakage.decoded_identical,
        input_identical=test.leakage.input_identical,
        same_picture=counted["same picture"],
        parents=counted["parent"],
        near_duplicates=None if leaks.near_duplicates is None else counted["near-duplicate"],
        near_note=leaks.near_note,
        notes=leaks.notes,
    )
    return test.model_copy(
        update={
            "results": rows,
            "leakage": leakage,
            "leak_free": leak_free(rows),
        }
    )


def _marked(row: ImageResult, kinds: Mapping[str, LeakKind]) -> ImageResult:
    # the evaluator's own finding stays: the same picture depends on nothing but the images
    by_evaluator = row.leaked and row.leak in (None, "same picture")
    leak = "same picture" if by_evaluator else kinds.get(row.sha256)
    leaked = leak in ("same picture", "parent")
    return row.model_copy(update={"leak": leak, "leaked": leaked})


def leak_free(rows: Sequence[ImageResult]) -> Accuracy:
    """Return the accuracy on the images that have not leaked."""
    hits = [row.hit for row in rows if not row.leaked]
    images, correct = len(hits), sum(hits)
    if not images:
        return Accuracy(images=0, correct=0, accuracy=None, interval=None)
    share = correct / images
    return Accuracy(images=images, correct=correct, accuracy=share, interval=wilson(share, images))
