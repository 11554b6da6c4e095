"""What holds of every division: each picture on one side, groups whole, order without influence."""

import random
from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.core.numerals import CLASSES
from datagen.curation.holdout.at_random import GroupedImage, assign_folds, assign_rest
from datagen.curation.holdout.by_style import Units, deal

PICTURES = st.lists(
    st.tuples(st.sampled_from(CLASSES[:3]), st.integers(0, 12)), min_size=1, max_size=40
).map(
    lambda rows: [
        GroupedImage(f"{k:064x}", numeral, f"g{g}") for k, (numeral, g) in enumerate(rows)
    ]
)


@settings(max_examples=60, deadline=None)
@given(pictures=PICTURES, folds=st.integers(2, 6), seed=st.integers(0, 99))
def test_every_picture_is_in_one_fold_with_its_group(
    pictures: list[GroupedImage], folds: int, seed: int
) -> None:
    found = assign_folds(pictures, folds, seed)
    assert found.keys() == {picture.group for picture in pictures}  # so a group is never divided
    assert set(found.values()) <= set(range(1, folds + 1))
    sides = assign_rest(pictures, 1 / folds, seed)
    assert sides.keys() == found.keys()
    mixed = random.Random(seed).sample(pictures, len(pictures))
    assert assign_folds(mixed, folds, seed) == found
    assert assign_rest(mixed, 1 / folds, seed) == sides


@settings(max_examples=40, deadline=None)
@given(singles=st.integers(8, 40), folds=st.integers(2, 5), seed=st.integers(0, 99))
def test_groups_of_one_are_spread_evenly(singles: int, folds: int, seed: int) -> None:
    pictures = [GroupedImage(f"{k:064x}", CLASSES[k % 2], f"g{k}") for k in range(singles)]
    found = assign_folds(pictures, folds, seed)
    for numeral in CLASSES[:2]:
        groups = [picture.group for picture in pictures if picture.numeral == numeral]
        sizes = [sum(found[name] == fold for name in groups) for fold in range(1, folds + 1)]
        assert max(sizes) - min(sizes) <= 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), styles=st.integers(2, 8), sides=st.integers(2, 4))
def test_every_unit_has_one_side_and_every_side_every_class(
    seed: int, styles: int, sides: int
) -> None:
    rng = np.random.default_rng(seed)
    many = 8 * sides
    style = np.concatenate([np.arange(styles), rng.integers(styles, size=many)])
    # of few binary digits: sums are then exact, and the same in any order
    points = np.round(4096 * (style[:, None] + rng.normal(0, 0.1, (len(style), 3)))) / 4096
    counts = np.zeros((len(style), 2))
    counts[np.arange(len(style)), np.arange(len(style)) % 2] = rng.integers(1, 4, len(style))
    shares = [1 / sides] * sides
    found = deal(Units(points, counts, ["v", "x"]), style, shares, seed)
    assert found.shape == style.shape
    assert set(found) == set(range(sides))
    there: dict[int, set[int]] = defaultdict(set)
    for side, row in zip(found, counts, strict=True):
        there[int(side)] |= set(np.flatnonzero(row).tolist())
    assert all(there[side] == {0, 1} for side in range(sides))

    order = rng.permutation(len(style))
    again = deal(Units(points[order], counts[order], ["v", "x"]), style[order], shares, seed)
    assert (again == found[order]).all()
