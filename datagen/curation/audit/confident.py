"""Confident learning: which labels are wrong, from out-of-sample probabilities alone.

Enters: labels as given, and the probability of each class by models that did not train on the
image. Leaves: thresholds, the joint of given and true label, and who is off its diagonal. Pure
functions.

C. G. Northcutt, L. Jiang, I. L. Chuang: Confident Learning: Estimating Uncertainty in Dataset
Labels. Journal of Artificial Intelligence Research 70 (2021), 1373–1411. Equations are theirs.
"""

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.intp]
Probabilities = npt.NDArray[np.float64]
Counts = npt.NDArray[np.intp]
Matrix = npt.NDArray[np.float64]

UNSURE = -1
"""The confident class of an image that no class is confident for."""


def thresholds(labels: Labels, probabilities: Probabilities) -> Matrix:
    """Return how sure the models are of each class on average, where it is the label: equation 2.

    A class that is hard gets a low threshold, so that its images are not all suspects.

    Args:
        labels: N positions of classes.
        probabilities: `float64 N×K`, rows that add up to 1.

    Returns:
        `float64 K`; 1 for a class that no image has, which nothing then counts as.
    """
    classes = probabilities.shape[1]
    total = np.bincount(labels, probabilities[np.arange(len(labels)), labels], classes)
    count = np.bincount(labels, minlength=classes)
    result: Matrix = np.where(count > 0, total / np.maximum(count, 1), 1.0)
    return result


def confident_classes(probabilities: Probabilities, limits: Matrix) -> Labels:
    """Return the class that each image is confidently of: equation 1.

    Of the classes whose probability reaches its threshold the most probable; `UNSURE` where none
    does.

    Args:
        probabilities: `float64 N×K`.
        limits: `float64 K`, as `thresholds` returns them.
    """
    reached = probabilities >= limits
    best = np.where(reached, probabilities, -1.0).argmax(axis=1)
    return np.where(reached.any(axis=1), best, UNSURE).astype(np.intp)


def confident_joint(labels: Labels, confident: Labels, classes: int) -> Counts:
    """Return how many images of each given class (row) are confidently of each (column).

    Images that are of no class confidently count nowhere.
    """
    sure = confident != UNSURE
    pairs = labels[sure] * classes + confident[sure]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def estimated_joint(labels: Labels, joint: Counts) -> Matrix:
    """Return the share of all images with each given (row) and true label (column): equation 3.

    Each row of the confident joint is scaled to the number of images given that label, so that
    rows add up to the shares of the labels as given. A row without confident images counts as
    right.

    Args:
        labels: N positions of classes, at least one.
        joint: as `confident_joint` returns it.
    """
    classes = len(joint)
    given = np.bincount(labels, minlength=classes).astype(np.float64)
    sums = joint.sum(axis=1)
    counts = np.where(sums[:, None] > 0, joint, np.eye(classes))
    scaled = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) * given[:, None]
    result: Matrix = scaled / scaled.sum()
    return result


def self_confidence(labels: Labels, probabilities: Probabilities) -> Matrix:
    """Return the probability of each image's own label, `float64 N`."""
    result: Matrix = probabilities[np.arange(len(labels)), labels]
    return result


def adjusted(probabilities: Probabilities, limits: Matrix) -> Probabilities:
    """Return probabilities with what the models are too sure or unsure of a class taken off.

    Each is divided by its class's threshold, and rows are scaled to add up to 1: a class that is
    hard to be sure of is not suspected for it.

    Args:
        probabilities: `float64 N×K`.
        limits: `float64 K`, as `thresholds` returns them.
    """
    scaled = probabilities / np.maximum(limits, 1e-6)
    result: Probabilities = scaled / np.maximum(scaled.sum(axis=1, keepdims=True), 1e-12)
    return result
