"""Two reviews of one collection become one: what both say, what one says, and where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from datagen.core.numerals import CLASSES
from datagen.reviews.agreement import Agreement, cohens_kappa
from datagen.sources.images.review import LabelCorrection, Review

Prefer: TypeAlias = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class ReviewConflict:
    """An image of which two reviews say different things.

    Attributes:
        sha256: of the file's bytes.
        first: what the first review says.
        second: what the second says.
    """

    sha256: str
    first: LabelCorrection
    second: LabelCorrection


@dataclass(frozen=True, slots=True)
class MergedReviews:
    """Two reviews, merged.

    Attributes:
        first, second: as given.
        review: what either says, without the conflicts unless one side was preferred.
        both: images that both judge.
        first_only, second_only: images that only one judges.
        conflicts: images of which they say different things, by class as given, then by hash.
        prefer: whose decision stands where they differ; None leaves such images out.
        agreement: on the images that both judge, by decision (keep, drop, or the class that the
            image is moved to).
        notes: what to know before believing the agreement.
    """

    first: Review
    second: Review
    review: Review
    both: int
    first_only: int
    second_only: int
    conflicts: tuple[ReviewConflict, ...]
    prefer: Prefer | None
    agreement: Agreement
    notes: tuple[str, ...]


def merge(first: Review, second: Review, *, prefer: Prefer | None = None) -> MergedReviews:
    """Merge two reviews.

    Where both decide the same, the words of the first stand. Where they differ, neither wins
    because it is later: the image is a conflict, and left out.

    Args:
        first: one review, A.
        second: the other, B.
        prefer: whose decision is taken where they differ.

    Example:
        >>> blank = LabelCorrection(verdict="drop", was="iv", reason="blank")
        >>> sound = LabelCorrection(verdict="keep", was="iv")
        >>> one = Review(review=1, name="kim", about="photos", images={64 * "0": blank})
        >>> two = Review(review=1, name="lee", about="photos", images={64 * "0": sound})
        >>> len(merge(one, two).conflicts), len(merge(one, two).review.images)
        (1, 0)
        >>> merge(one, two, prefer="B").review.images[64 * "0"].verdict
        'keep'
    """
    both = [hash_ for hash_ in first.images if hash_ in second.images]
    conflicts = [
        ReviewConflict(hash_, first.images[hash_], second.images[hash_])
        for hash_ in both
        if not _agree(first.images[hash_], second.images[hash_])
    ]
    conflicts.sort(key=lambda one: (CLASSES.index(one.first.was), one.sha256))
    images = {**second.images, **first.images}
    for hash_ in both:
        images[hash_] = _fuller(first.images[hash_], second.images[hash_])
    for conflict in conflicts:
        images.pop(conflict.sha256)
        if prefer is not None:
            images[conflict.sha256] = conflict.first if prefer == "A" else conflict.second
    return MergedReviews(
        first=first,
        second=second,
        review=Review(
            review=1,
            name=_joined(first.name, second.name, "+"),
            about=_joined(first.about, second.about, "; "),
            images=images,
        ),
        both=len(both),
        first_only=len(first.images) - len(both),
        second_only=len(second.images) - len(both),
        conflicts=tuple(conflicts),
        prefer=prefer,
        agreement=agreement(first, second),
        notes=tuple(_notes({"A": first, "B": second})),
    )


def agreement(first: Review, second: Review) -> Agreement:
    """Return the agreement of two reviews on the images that both judge.

    A decision is to drop, to keep, or to move to one of the ten classes.
    """
    both = sorted(hash_ for hash_ in first.images if hash_ in second.images)
    pairs = [(first.images[hash_], second.images[hash_]) for hash_ in both]
    given = [min(one.was, other.was, key=CLASSES.index) for one, other in pairs]
    return cohens_kappa(
        [_decision(one, was) for (one, _), was in zip(pairs, given, strict=True)],
        [_decision(other, was) for (_, other), was in zip(pairs, given, strict=True)],
    )


def _agree(one: LabelCorrection, other: LabelCorrection) -> bool:
    """Return whether two decisions come to the same.

    An image moved from i to ii, and one kept in ii where it was moved before, both show ii.
    """
    settled = "keep" in (one.verdict, other.verdict)
    return one.shows == other.shows and (one.was == other.was or settled)


def _fuller(one: LabelCorrection, other: LabelCorrection) -> LabelCorrection:
    """Return of two decisions that come to the same the one that says how to get there."""
    return other if one.verdict == "keep" and other.verdict == "relabel" else one


def _decision(one: LabelCorrection, given: str) -> str:
    """Return what was decided of an image that was given under class `given`."""
    if one.shows is None:
        return "drop"
    return "keep" if one.shows == given else one.shows


def _joined(one: str, other: str, sign: str) -> str:
    return one if one == other else f"{one}{sign}{other}"


def _notes(reviews: Mapping[str, Review]) -> list[str]:
    return [
        f"{letter} keeps no image: it lists bad ones only, so what only the other found bad is "
        "not counted as disagreement"
        for letter, review in reviews.items()
        if not any(one.verdict == "keep" for one in review.images.values())
    ]
