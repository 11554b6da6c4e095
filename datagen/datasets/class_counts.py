"""How many images of each class train and val have: counted, added up and checked only here."""

from collections import Counter
from collections.abc import Iterable, Mapping

from datagen.core.budget import Count
from datagen.core.errors import SplitError
from datagen.core.numerals import CLASSES, SPLITS, Split

ClassCounts = Mapping[Split, Mapping[str, int]]
"""Images per side and class."""


def class_counts(shown: Iterable[tuple[Split, str]]) -> dict[Split, dict[str, int]]:
    """Count images: every side and every class has its number, be it 0.

    Args:
        shown: side and class of every image.
    """
    cells = Counter(shown)
    return {split: {numeral: cells[split, numeral] for numeral in CLASSES} for split in SPLITS}


def total_count(counts: ClassCounts) -> Count:
    """Return how many images each side has."""
    return Count(*(sum(counts[split].values()) for split in SPLITS))


def empty_classes(counts: ClassCounts) -> list[str]:
    """Name the classes without an image, such as `train/iv`, in order."""
    return [f"{split}/{c}" for split in SPLITS for c in CLASSES if not counts[split].get(c)]


def check_every_class(counts: ClassCounts) -> None:
    """Refuse a dataset in which a class has no image on one side.

    Raises:
        SplitError: it is so; the message names side and class.
    """
    if empty := empty_classes(counts):
        raise SplitError(
            f"no image would stand in {', '.join(empty)}, the ten classes need one each on both "
            "sides; add images of these classes, or a source that has them"
        )
