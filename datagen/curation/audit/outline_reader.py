"""A second opinion on every label: a kernel machine on outlines, out of sample.

Enters: descriptions of outlines, labels, folds. Leaves: the probability of each class by machines
that did not train on the image's fold. Support vectors decide, one class against another; a
softmax of their votes, made as sure as it is right, gives the probability.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from datagen.core.numerals import CLASSES
from datagen.curation.audit.look_alikes import Descriptions

_COST: Final = 10.0  # of a wrong answer in training
_SCALE: Final = 5.0  # descriptions have length 1: so long are they for the kernel

Probabilities = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]


def read_outlines(
    described: Descriptions,
    labels: Labels,
    folds: Labels,
    more: Descriptions,
    more_labels: Labels,
) -> Probabilities:
    """Return the probability of each class for every image, `float64 N×10`.

    Args:
        described: `float32 N×D` of the images that are judged.
        labels: their classes as given, positions in `CLASSES`.
        folds: N, which fold judges each.
        more: of further images that are learnt from by every fold, `M×D`.
        more_labels: their classes.
    """
    scores = np.zeros((len(labels), len(CLASSES)))
    for fold in np.unique(folds):
        learn, judged = folds != fold, folds == fold
        points = np.concatenate([described[learn], more])
        scores[judged] = _scores(
            points, np.concatenate([labels[learn], more_labels]), described[judged]
        )
    return calibrated(scores, labels)


def _scores(points: Descriptions, labels: Labels, asked: Descriptions) -> Probabilities:
    """Return a score of each of the ten classes; of one that is not learnt a very low one."""
    known = np.unique(labels)
    scores = np.full((len(asked), len(CLASSES)), -3.0)
    if len(known) < 2:
        scores[:, known] = 0.0
        return scores
    with threadpool_limits(limits=1):
        machine = SVC(C=_COST, gamma="scale", decision_function_shape="ovr").fit(
            _SCALE * points, labels
        )
    found = machine.decision_function(_SCALE * asked)
    if len(known) == 2:
        scores[:, known] = np.stack([-found, found], axis=1)
    else:
        scores[:, known] = found - found.max(axis=1, keepdims=True)
    return scores


def calibrated(scores: Probabilities, labels: Labels) -> Probabilities:
    """Return a softmax of scores at the temperature that makes the labels likeliest.

    One number is fitted, so it makes no image look better than another.
    """
    rows = np.arange(len(labels))

    def loss(log_scale: float) -> float:
        return -float(log_softmax(np.exp(log_scale) * scores, axis=1)[rows, labels].mean())

    best = minimize_scalar(loss, bounds=(-4, 4), method="bounded")
    result: Probabilities = np.exp(log_softmax(np.exp(best.x) * scores, axis=1))
    return result
