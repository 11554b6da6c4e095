"""What networks say of images that they did not learn from: the evaluator's own, a few epochs long.

Enters: views, labels and folds. Leaves: the probability of each class, once per seed.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from datagen.core.numerals import CLASSES
from datagen.curation.audit.synthetic import Synthetic
from datagen.curation.audit.value.runs import RATE
from datagen.evaluation.subsets import train_on_subsets

Probabilities = npt.NDArray[np.float64]


def out_of_sample(
    views: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.intp],
    folds: npt.NDArray[np.intp],
    synthetic: Synthetic,
    *,
    epochs: int,
    seeds: int,
    seed: int,
    tell: Callable[[int, int], None],
) -> Probabilities:
    """Return the probability of each class by networks that did not train on the image.

    Args:
        views: `uint8 N×32×32`, as the evaluator sees them.
        labels: N positions in `CLASSES`, as given.
        folds: N, 0 … K - 1: which networks judge each image.
        synthetic: what every network learns from too.
        epochs: of each network.
        seeds: networks per fold.
        seed: of the first; the others follow it.
        tell: told how many epochs of all networks are trained, of how many.

    Returns:
        `float64 seeds×N×10`.

    Raises:
        EvaluationError: the evaluator cannot run here.
    """
    count, parts = len(labels), int(folds.max()) + 1
    # the real images of all folds but one, and every synthetic one
    learn = np.ones((parts, count + len(synthetic.labels)), np.bool_)
    learn[:, :count] = folds != np.arange(parts)[:, None]
    said = train_on_subsets(
        np.concatenate([views, synthetic.views]),
        np.concatenate([labels, synthetic.labels]),
        np.tile(learn, (seeds, 1)),
        np.repeat(np.arange(seed, seed + seeds), parts),
        epochs=epochs,
        rate=RATE,
        tell=tell,
    ).reshape(seeds, parts, -1, len(CLASSES))
    own = said[:, folds, np.arange(count)].astype(np.float64)
    found = np.exp(own - own.max(axis=2, keepdims=True))
    result: Probabilities = found / found.sum(axis=2, keepdims=True)
    return result


def disagreement(probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """Return how much the networks of several seeds disagree about each image, 0 … 1.

    The Jensen–Shannon divergence of their probabilities, over the most that it can be: 0 where all
    say the same, or there is one network alone.

    Args:
        probabilities: `float64 seeds×N×K`.
    """
    seeds, _, classes = probabilities.shape
    if seeds == 1:
        return np.zeros(probabilities.shape[1])
    most = np.log(min(seeds, classes))
    apart = _entropy(probabilities.mean(axis=0)) - _entropy(probabilities).mean(axis=0)
    result: npt.NDArray[np.float64] = np.clip(apart / most, 0, 1)
    return result


def _entropy(probabilities: Probabilities) -> npt.NDArray[np.float64]:
    logs = np.log(np.maximum(probabilities, 1e-12))
    result: npt.NDArray[np.float64] = -(probabilities * logs).sum(axis=-1)
    return result
