import pytest

from datagen.core.budget import Count
from datagen.core.errors import SplitError
from datagen.core.numerals import CLASSES, SPLITS, Split
from datagen.datasets.class_counts import (
    check_every_class,
    class_counts,
    empty_classes,
    total_count,
)


def test_every_side_and_class_is_counted() -> None:
    shown: list[tuple[Split, str]] = [("train", "iv"), ("val", "x"), ("train", "iv")]
    counts = class_counts(shown)
    assert list(counts) == ["train", "val"]
    assert list(counts["train"]) == list(CLASSES)
    assert (counts["train"]["iv"], counts["val"]["iv"], counts["val"]["x"]) == (2, 0, 1)
    assert total_count(counts) == Count(2, 1)


def test_empty_classes_are_named_and_refused() -> None:
    full = class_counts((split, numeral) for split in SPLITS for numeral in CLASSES)
    check_every_class(full)
    full["val"]["iv"] = full["train"]["i"] = 0
    assert empty_classes(full) == ["train/i", "val/iv"]
    with pytest.raises(SplitError, match="no image would be in train/i, val/iv; each of the ten"):
        check_every_class(full)
