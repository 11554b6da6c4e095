"""Confident learning holds to its paper: thresholds, the joint, and what no order may change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.curation.audit import confident


def cases(seed: int, count: int, classes: int) -> tuple[confident.Labels, confident.Probabilities]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, classes, count), rng.dirichlet(np.full(classes, 0.5), count)


many = given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40), classes=st.integers(2, 10))


@many
@settings(max_examples=40, deadline=None)
def test_the_joint_adds_up_and_keeps_the_shares_of_the_labels(
    seed: int, count: int, classes: int
) -> None:
    labels, said = cases(seed, count, classes)
    sure = confident.confident_classes(said, confident.thresholds(labels, said))
    counted = confident.confident_joint(labels, sure, classes)
    joint = confident.estimated_joint(labels, counted)
    assert counted.sum() == (sure != confident.UNSURE).sum()
    assert (joint >= 0).all()
    assert joint.sum() == pytest.approx(1)
    assert joint.sum(axis=1) == pytest.approx(np.bincount(labels, minlength=classes) / count)


@many
@settings(max_examples=40, deadline=None)
def test_the_order_of_images_changes_nothing(seed: int, count: int, classes: int) -> None:
    labels, said = cases(seed, count, classes)
    order = np.random.default_rng(seed + 1).permutation(count)
    limits = confident.thresholds(labels, said)
    assert confident.thresholds(labels[order], said[order]) == pytest.approx(limits)
    sure = confident.confident_classes(said, limits)
    assert (confident.confident_classes(said[order], limits) == sure[order]).all()
    adjusted = confident.adjusted(said, limits)
    assert adjusted.sum(axis=1) == pytest.approx(np.ones(count))


def test_labels_that_are_surely_right_are_all_on_the_diagonal() -> None:
    labels = np.arange(30) % 3
    said = np.eye(3)[labels] * 0.9 + 0.1 / 3
    sure = confident.confident_classes(said, confident.thresholds(labels, said))
    assert (sure == labels).all()
    joint = confident.estimated_joint(labels, confident.confident_joint(labels, sure, 3))
    assert joint == pytest.approx(np.eye(3) / 3)


def test_swapped_labels_are_counted_where_they_belong() -> None:
    true = np.arange(100) % 2
    labels = true.copy()
    labels[:10] = 1 - labels[:10]  # five of each
    said = np.where(np.eye(2)[true] > 0, 0.95, 0.05)
    sure = confident.confident_classes(said, confident.thresholds(labels, said))
    assert confident.confident_joint(labels, sure, 2).tolist() == [[45, 5], [5, 45]]


def test_a_hard_class_has_a_low_threshold() -> None:
    labels = np.array([0, 0, 1, 1])
    said = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    limits = confident.thresholds(labels, said)
    assert limits == pytest.approx([0.9, 0.4])
    fair = confident.adjusted(said, limits)
    assert fair[2, 1] > 0.5  # what is unsure as its class always is counts as right


def test_a_class_without_images_is_never_confident() -> None:
    labels, said = np.array([0, 0]), np.array([[0.2, 0.8], [0.3, 0.7]])
    limits = confident.thresholds(labels, said)
    assert limits[1] == 1
    assert confident.confident_classes(said, limits).tolist() == [confident.UNSURE, 0]
