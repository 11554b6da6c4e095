"""What a person reads of two reviews that were merged, at 80 columns."""

import io
from pathlib import Path

import pytest
from rich.console import Console

import datagen
from datagen.cli.views.merged_reviews import print_merged
from datagen.core.errors import MissingInputError, UsageError
from datagen.reviews.record import write_review
from datagen.sources.images.review import LabelCorrection, Review


def review(path: Path, name: str, *decisions: LabelCorrection) -> Path:
    images = {f"{k:064x}": one for k, one in enumerate(decisions)}
    write_review(path, Review(review=1, name=name, about="photos", images=images))
    return path


SOUND = LabelCorrection(verdict="keep", was="iv", who="kim")
BLANK = LabelCorrection(verdict="drop", was="iv", reason="blank", who="lee")


def test_a_merge_as_it_is_told(tmp_path: Path) -> None:
    one = review(tmp_path / "kim.yaml", "kim", SOUND, SOUND, BLANK)
    two = review(tmp_path / "lee.yaml", "lee", SOUND, BLANK, BLANK)
    screen = io.StringIO()
    merged = datagen.merge_reviews(one, two, out=tmp_path / "both.yaml")
    print_merged(merged, Console(file=screen, width=80, markup=False, highlight=False))
    assert [line.rstrip() for line in screen.getvalue().splitlines()] == [
        "A            kim: 3 images (drop 1, relabel 0, keep 2); 0 only here",
        "B            lee: 3 images (drop 2, relabel 0, keep 1); 0 only here",
        "both         3 judged, 2 alike (66.7 %); Cohen's kappa 0.400, 95 % -0.368 … 1.000",
        "conflict      given  A                      B",
        "000000000000  iv     keep: looked at (kim)  drop: blank (lee)",
        "merged       2 images (drop 1, relabel 0, keep 1); 1 conflict left out, --prefer A or "
        "--prefer B decides",
    ]


def test_a_merge_that_cannot_be(tmp_path: Path) -> None:
    one = review(tmp_path / "kim.yaml", "kim", SOUND)
    with pytest.raises(UsageError, match="prefer: expected A or B"):
        datagen.merge_reviews(one, one, prefer="kim")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"kim.yaml exists; --overwrite"):
        datagen.merge_reviews(one, one, out=one)
    with pytest.raises(MissingInputError, match="no review file"):
        datagen.merge_reviews(one, tmp_path / "none.yaml")
    datagen.merge_reviews(one, one, out=one, overwrite=True)
