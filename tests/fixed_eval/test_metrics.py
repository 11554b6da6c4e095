"""Metrics against scikit-learn, textbook values, and their undefined corners."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    auc,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from fixed_eval import metrics

NAMES = ("i", "ii", "iii", "iv")


def random_case(seed: int, images: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(NAMES), images)
    logits = rng.normal(size=(images, len(NAMES)))
    logits[np.arange(images), labels] += 1
    return labels, logits.astype(np.float32)


def test_wilson_interval_is_the_textbook_one():
    # Brown, Cai, DasGupta (2001): no success in 10 gives 0 … 0.2775.
    low, high = metrics.wilson_interval(0, 10)
    assert low == 0
    assert high == pytest.approx(0.27753, abs=1e-5)
    assert metrics.wilson_interval(50, 100) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    with pytest.raises(ValueError, match="no proportion"):
        metrics.wilson_interval(1, 0)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_share_and_mirrors(case: tuple[int, int]):
    correct, images = case
    low, high = metrics.wilson_interval(correct, images)
    assert 0 <= low <= correct / images + 1e-12
    assert correct / images - 1e-12 <= high <= 1
    mirrored = metrics.wilson_interval(images - correct, images)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)


def test_metrics_are_scikit_learns():
    labels, logits = random_case(0)
    score = metrics.score(labels, logits, NAMES)
    predicted = logits.argmax(axis=1)
    theirs = precision_recall_fscore_support(labels, predicted, zero_division=0)
    ours = [
        [row.precision for row in score.classes],
        [row.recall for row in score.classes],
        [row.f1 for row in score.classes],
        [row.support for row in score.classes],
    ]
    np.testing.assert_allclose(ours, theirs)
    for average, kind in ((score.macro, "macro"), (score.weighted, "weighted")):
        precision, recall, f1, _ = precision_recall_fscore_support(
            labels, predicted, average=kind, zero_division=0
        )
        assert (average.precision, average.recall, average.f1) == pytest.approx(
            (precision, recall, f1)
        )
        auc = roc_auc_score(labels, metrics.softmax(logits), multi_class="ovr", average=kind)
        assert average.auc == pytest.approx(auc)
    assert score.accuracy.correct == (predicted == labels).sum()


@pytest.mark.parametrize("levels", [2, 5, 1000])  # many equal probabilities, some, none
@pytest.mark.parametrize("images", [2, 3, 60])
def test_curves_areas_and_confusions_are_scikit_learns_to_the_last_bit(images: int, levels: int):
    rng = np.random.default_rng(levels)
    labels = np.append([0, 1], rng.integers(0, 2, images - 2))
    logits = rng.integers(0, levels, (images, 2)).astype(np.float32)
    score = metrics.score(labels, logits, ("i", "ii"))
    for label, (row, curve) in enumerate(zip(score.classes, score.roc, strict=True)):
        false, true, _ = roc_curve(labels == label, metrics.softmax(logits)[:, label])
        assert curve.false_positive_rate == tuple(round(float(value), 6) for value in false)
        assert curve.true_positive_rate == tuple(round(float(value), 6) for value in true)
        assert row.auc == auc(false, true)
    np.testing.assert_array_equal(score.confusion, confusion_matrix(labels, logits.argmax(axis=1)))


def test_a_class_without_images_is_undefined_not_zero():
    labels, logits = random_case(1)
    keep = labels != 3
    score = metrics.score(labels[keep], logits[keep], NAMES)
    row = score.classes[3]
    assert (row.support, row.recall, row.auc) == (0, None, None)
    assert [curve.name for curve in score.roc] == list(NAMES[:3])
    assert score.macro.recall == pytest.approx(np.mean([c.recall for c in score.classes[:3]]))


def test_one_image_and_one_class_can_be_scored():
    score = metrics.score(np.array([1]), np.array([[0.0, 5.0, 0.0, 0.0]]), NAMES)
    assert score.accuracy.accuracy == 1
    assert score.macro.auc is None
    assert score.roc == ()
    assert score.top_confusions == ()


def test_no_images_have_no_accuracy():
    assert metrics.score_accuracy(np.array([], bool)) == metrics.Accuracy(0, 0, None, None)


def test_confusions_are_told_in_words_most_frequent_first():
    labels = np.array([0, 0, 0, 2, 2, 1])
    logits = np.eye(4)[[1, 1, 0, 3, 2, 1]]
    score = metrics.score(labels, logits, NAMES)
    assert [row.words for row in score.top_confusions] == ["i → ii 2", "iii → iv 1"]
    assert score.confusion[0] == (1, 2, 0, 0)


def test_extreme_logits_give_a_finite_loss():
    score = metrics.score(np.array([0]), np.array([[-1e4, 1e4, 0.0, 0.0]]), NAMES)
    assert np.isfinite(score.loss)


def test_long_curves_are_thinned_and_keep_their_ends():
    labels, logits = random_case(2, images=4000)
    for curve in metrics.score(labels, logits, NAMES).roc:
        assert len(curve.false_positive_rate) <= metrics.ROC_POINTS
        assert (curve.false_positive_rate[0], curve.true_positive_rate[0]) == (0, 0)
        assert (curve.false_positive_rate[-1], curve.true_positive_rate[-1]) == (1, 1)
