"""Merging reviews, and how far two of them agree."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from datagen.reviews.agreement import cohens_kappa
from datagen.reviews.merge import MergedReviews, merge
from datagen.sources.images.review import LabelCorrection, Review


def decided(words: str, **more: str) -> LabelCorrection:
    """`keep v`, `drop v`, `relabel v iv`: the verdict, the class as given, the new class."""
    verdict, was, *new = words.split()
    plain = {"verdict": verdict, "was": was, "reason": "r", **more}
    return LabelCorrection.model_validate(plain | ({"class": new[0]} if new else {}))


def review(name: str, *words: str | None) -> Review:
    images = {f"{k:064x}": decided(each) for k, each in enumerate(words) if each}
    return Review(review=1, name=name, about="photos", images=images)


def merged(one: str, other: str) -> MergedReviews:
    return merge(review("A", one), review("B", other))


def test_what_one_says_and_what_both_say_is_merged() -> None:
    found = merge(review("A", "drop i", None, "keep v"), review("B", "drop i", "relabel x v"))
    assert (found.both, found.first_only, found.second_only) == (1, 1, 1)
    assert [one.verdict for one in found.review.images.values()] == ["drop", "relabel", "keep"]
    assert found.review.name == "A+B"
    assert found.review.about == "photos"
    assert not found.conflicts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("drop i", "keep i"),
        ("drop i", "relabel i ii"),
        ("relabel i ii", "relabel i iii"),
        ("relabel i ii", "keep i"),
        ("drop i", "drop v"),  # of two copies, each dropped one: a review says one of an image
        ("keep i", "keep v"),
        ("relabel i ii", "relabel v ii"),
    ],
)
def test_a_conflict_is_left_out_unless_a_side_is_preferred(one: str, other: str) -> None:
    found = merged(one, other)
    assert len(found.conflicts) == 1
    assert not found.review.images
    ours = merge(review("A", one), review("B", other), prefer="A")
    theirs = merge(review("A", one), review("B", other), prefer="B")
    assert list(ours.review.images.values()) == [decided(one)]
    assert list(theirs.review.images.values()) == [decided(other)]
    assert len(ours.conflicts) == len(theirs.conflicts) == 1


def test_a_later_decision_does_not_win() -> None:
    early, late = (
        Review(
            review=1,
            name="n",
            about="a",
            images={64 * "0": decided(words, when=f"2026-11-27T0{hour}:00:00Z")},
        )
        for words, hour in (("drop i", 1), ("keep i", 2))
    )
    assert merge(early, late).review.images == merge(late, early).review.images == {}


@pytest.mark.parametrize("swapped", [False, True])
def test_an_image_moved_before_is_no_conflict(swapped: bool) -> None:
    pair = ("relabel i ii", "keep ii")
    found = merged(*(reversed(pair) if swapped else pair))
    assert not found.conflicts
    assert list(found.review.images.values()) == [decided("relabel i ii")]
    assert found.agreement.same == 1


def test_what_lists_only_bad_images_is_told() -> None:
    found = merge(review("A", "drop i"), review("B", "drop i", "keep i"))
    assert len(found.notes) == 1
    assert found.notes[0].startswith("A keeps no image")


_WORDS = st.lists(
    st.sampled_from([None, "keep i", "drop i", "relabel i v", "relabel i x", "keep v", "drop v"]),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(_WORDS, _WORDS)
def test_merging_is_the_same_either_way(ours: list[str | None], theirs: list[str | None]) -> None:
    one, other = review("A", *ours), review("B", *theirs)
    there, back = merge(one, other), merge(other, one)
    assert there.review.images == back.review.images
    assert there.agreement.kappa == pytest.approx(back.agreement.kappa)
    bad = {conflict.sha256 for conflict in there.conflicts}
    assert set(there.review.images) == (set(one.images) | set(other.images)) - bad
    assert merge(one, one).review.images == one.images


def test_kappa_of_a_published_table() -> None:
    # Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", table 18.1:
    # 100 subjects by two raters: kappa 0.68, standard error 0.087
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    pairs = [(i, k) for i in range(3) for k in range(3) for _ in range(table[i][k])]
    found = cohens_kappa([one for one, _ in pairs], [other for _, other in pairs])
    assert found.kappa == pytest.approx(0.676, abs=0.001)
    assert found.error == pytest.approx(0.087, abs=0.001)
    assert found.interval == pytest.approx((0.505, 0.848), abs=0.002)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    found = cohens_kappa(first, second)
    if len({*first, *second}) == 1:
        assert found.kappa is None
        assert found.observed == 1
        return
    assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
    assert found.error is None or 0 < found.error < math.inf
    assert (found.error is None) == (found.interval is None)
    if first == second or len(set(first)) == 1 or len(set(second)) == 1:
        assert found.error is None  # no interval of width 0, which would read as certainty


def test_no_image_in_common() -> None:
    found = merge(review("A", "drop i"), review("B", None, "drop i")).agreement
    assert (found.images, found.observed, found.kappa) == (0, None, None)
