"""How many images of each class every part has: counted, added up and checked only here."""

from collections import Counter
from collections.abc import Iterable, Mapping

from datagen.core.budget import Count
from datagen.core.errors import SplitError
from datagen.core.numerals import CLASSES, PARTS, SPLITS, Split

ClassCounts = Mapping[Split, Mapping[str, int]]
"""Images per part and class: train and val, and test where there is one."""


def class_counts(shown: Iterable[tuple[Split, str]]) -> dict[Split, dict[str, int]]:
    """Count images: train and val and every class have their number, be it 0.

    Args:
        shown: part and class of every image; without an image of test there is no such row.
    """
    cells = Counter(shown)
    parts = PARTS if any(split == "test" for split, _ in cells) else SPLITS
    return {split: {numeral: cells[split, numeral] for numeral in CLASSES} for split in parts}


def total_count(counts: ClassCounts) -> Count:
    """Return how many images each part has."""
    return Count(*(sum(counts[split].values()) for split in counts))


def empty_classes(counts: ClassCounts) -> list[str]:
    """Name the classes without an image, such as `train/iv`, in order."""
    return [f"{split}/{c}" for split in counts for c in CLASSES if not counts[split].get(c)]


def check_every_class(counts: ClassCounts) -> None:
    """Refuse a dataset in which a class has no image in one part.

    Raises:
        SplitError: it is so; the message names part and class.
    """
    if empty := empty_classes(counts):
        where = "in all three parts" if "test" in counts else "in train and in val"
        raise SplitError(
            f"no image would be in {', '.join(empty)}; each of the ten classes needs one {where}; "
            "add images of these classes, or a source that has them"
        )
