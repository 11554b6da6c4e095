"""What a score consists of, computed from labels and logits: accuracy, per class, ROC, confusions.

Only arrays enter. Undefined values (a class without images, one never predicted) are None, not 0.
The curves and areas are scikit-learn's, which a test holds them to: importing it takes longer than
an evaluation should take to start.
"""

import dataclasses
import math
from typing import Any

import numpy as np

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution
TOP_CONFUSIONS = 10
ROC_POINTS = 200  # a curve is thinned to at most this many points


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """Hits among images, with the 95 % Wilson score interval; None without images."""

    images: int
    correct: int
    accuracy: float | None
    interval: tuple[float, float] | None


@dataclasses.dataclass(frozen=True)
class ClassMetrics:
    """One class against the rest. `auc` needs images of the class and of others."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    auc: float | None


@dataclasses.dataclass(frozen=True)
class Average:
    """An average over the classes that have images."""

    precision: float
    recall: float
    f1: float
    auc: float | None


@dataclasses.dataclass(frozen=True)
class RocCurve:
    """False and true positive rates (0..1) of one class against the rest."""

    name: str
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Confusion:
    """A way of being wrong: images of class `true` taken for `predicted`."""

    true: str
    predicted: str
    count: int
    words: str


@dataclasses.dataclass(frozen=True)
class Metrics:
    """All that is reported of one labelled set.

    `confusion[true][predicted]` counts images, in the protocol's class order.
    """

    accuracy: Accuracy
    loss: float
    classes: tuple[ClassMetrics, ...]
    macro: Average
    weighted: Average
    confusion: tuple[tuple[int, ...], ...]
    top_confusions: tuple[Confusion, ...]
    roc: tuple[RocCurve, ...]


def wilson_interval(correct: int, images: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a proportion (Wilson 1927), within 0..1.

    Raises:
        ValueError: If not 0 ≤ correct ≤ images, or there are no images.
    """
    if not 0 <= correct <= images or not images:
        raise ValueError(f"{correct} correct of {images} images is no proportion")
    share = correct / images
    weight = Z_95**2 / images
    centre = (share + weight / 2) / (1 + weight)
    half = Z_95 * math.sqrt(share * (1 - share) / images + weight / (4 * images)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)


def score_accuracy(hits: np.ndarray[Any, np.dtype[np.bool_]]) -> Accuracy:
    """Accuracy of a vector of hits and misses, which may be empty."""
    images, correct = len(hits), int(hits.sum())
    if not images:
        return Accuracy(0, 0, None, None)
    return Accuracy(images, correct, correct / images, wilson_interval(correct, images))


def softmax(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Probabilities, float64 N×classes, of logits N×classes."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: np.ndarray[Any, np.dtype[np.float64]] = powers / powers.sum(
        axis=1, keepdims=True
    )
    return probabilities


def score(
    labels: np.ndarray[Any, Any], logits: np.ndarray[Any, Any], names: tuple[str, ...]
) -> Metrics:
    """All metrics of `logits`, float N×classes, against `labels`, int N, N ≥ 1."""
    probabilities = softmax(logits)
    predicted = logits.argmax(axis=1)
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    curves = [_roc(labels == label, probabilities[:, label]) for label in range(len(names))]
    classes = tuple(
        _class_metrics(name, confusion, label, curves[label]) for label, name in enumerate(names)
    )
    likelihood = np.maximum(probabilities[np.arange(len(labels)), labels], np.finfo(float).tiny)
    return Metrics(
        accuracy=score_accuracy(predicted == labels),
        loss=float(-np.log(likelihood).mean()),
        classes=classes,
        macro=_average(classes, weighted=False),
        weighted=_average(classes, weighted=True),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        top_confusions=_top_confusions(confusion, names),
        roc=tuple(
            RocCurve(name, *_thinned(*curve))
            for name, curve in zip(names, curves, strict=True)
            if curve is not None
        ),
    )


Curve = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def _roc(positive: np.ndarray[Any, Any], probability: np.ndarray[Any, Any]) -> Curve | None:
    """False and true positive rates, or None where one side has no images."""
    if positive.all() or not positive.any():
        return None
    falling = np.argsort(-probability, kind="stable")
    # A point for each threshold that tells images apart.
    points = np.flatnonzero(np.diff(probability[falling], append=-np.inf))
    true = np.cumsum(positive[falling])[points]
    false = 1 + points - true
    # Points amid a straight line are left out; the curve starts at (0, 0).
    corner = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
    kept = np.concatenate([[True], corner, [True]])[-len(points) :]
    true, false = np.append(0, true[kept]), np.append(0, false[kept])
    return false / false[-1], true / true[-1]


def _area(false_rate: np.ndarray[Any, Any], true_rate: np.ndarray[Any, Any]) -> float:
    """The area under a curve, by the trapezoidal rule."""
    return float((np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2).sum())


def _class_metrics(
    name: str, confusion: np.ndarray[Any, Any], label: int, curve: Curve | None
) -> ClassMetrics:
    hits = int(confusion[label, label])
    support, claimed = int(confusion[label].sum()), int(confusion[:, label].sum())
    return ClassMetrics(
        name=name,
        precision=hits / claimed if claimed else None,
        recall=hits / support if support else None,
        f1=2 * hits / (support + claimed) if support + claimed else None,
        support=support,
        auc=_area(*curve) if curve is not None else None,
    )


def _average(classes: tuple[ClassMetrics, ...], *, weighted: bool) -> Average:
    """Mean over the classes with images; an undefined precision counts 0, as in scikit-learn."""
    present = [each for each in classes if each.support]
    weights = [each.support if weighted else 1 for each in present]

    def mean(values: list[float | None]) -> float:
        return float(np.average([value or 0.0 for value in values], weights=weights))

    ranked = [
        (each.auc, weight)
        for each, weight in zip(present, weights, strict=True)
        if each.auc is not None
    ]
    return Average(
        precision=mean([each.precision for each in present]),
        recall=mean([each.recall for each in present]),
        f1=mean([each.f1 for each in present]),
        auc=sum(a * w for a, w in ranked) / sum(w for _, w in ranked) if ranked else None,
    )


def _top_confusions(
    confusion: np.ndarray[Any, Any], names: tuple[str, ...]
) -> tuple[Confusion, ...]:
    """The most frequent mistakes; equal counts in class order."""
    pairs = [
        (int(confusion[true, predicted]), true, predicted)
        for true in range(len(names))
        for predicted in range(len(names))
        if true != predicted and confusion[true, predicted]
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return tuple(
        Confusion(names[true], names[said], count, f"{names[true]} → {names[said]} {count}")
        for count, true, said in pairs[:TOP_CONFUSIONS]
    )


def _thinned(
    false_rate: np.ndarray[Any, Any], true_rate: np.ndarray[Any, Any]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most ROC_POINTS of a curve's points, both ends kept, rounded for the file."""
    if len(false_rate) > ROC_POINTS:
        keep = np.unique(np.linspace(0, len(false_rate) - 1, ROC_POINTS).round().astype(int))
        false_rate, true_rate = false_rate[keep], true_rate[keep]
    return (
        tuple(round(float(value), 6) for value in false_rate),
        tuple(round(float(value), 6) for value in true_rate),
    )
