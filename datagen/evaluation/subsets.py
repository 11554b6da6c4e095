"""The evaluator's own network, trained on many subsets of one set of images.

Enters: images as the evaluator sees them, and which runs learn from which. Leaves: what each run
says of every image. `datagen audit` asks so who is judged by whom; no official score comes of it.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from datagen.core.errors import UsageError
from datagen.core.evaluator_facts import SIDE
from datagen.core.numerals import CLASSES
from datagen.evaluation.array_tools import ask_with_arrays
from datagen.evaluation.process import Event

LogProbabilities = npt.NDArray[np.float32]
TellEpochs = Callable[[int, int], None]
"""Told how many epochs of all runs together are done, of how many."""


def train_on_subsets(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.integer],
    masks: npt.NDArray[np.bool_],
    seeds: npt.NDArray[np.integer],
    *,
    epochs: int,
    rate: float | None = None,
    tell: TellEpochs = lambda _done, _epochs: None,
) -> LogProbabilities:
    """Train one network per run, on the native engine, as many side by side as there are cores.

    Args:
        images: `uint8 N×32×32`, as `evaluator_view` makes them.
        labels: N positions in `CLASSES`.
        masks: `bool R×N`: the images that each run learns from.
        seeds: R seeds, of the initial weights and of the order, 0 … 2**32 − 1.
        epochs: of each run, at least 1.
        rate: Adam's learning rate in the first epoch, from where it falls evenly; None is the
            protocol's.
        tell: told after every epoch of any run.

    Returns:
        Natural logarithms of probabilities, `float32 R×N×10`: what each run says of every image,
        of those that it learnt from too.

    Raises:
        UsageError: shapes do not fit, a run learns from nothing, or a number is out of range.
        EvaluationError: the evaluator cannot run here; it needs a CPU with fused multiply-adds.
    """
    count, runs = len(labels), len(seeds)
    if images.shape != (count, SIDE, SIDE) or masks.shape != (runs, count) or not masks.size:
        raise UsageError(
            f"images {images.shape}, labels ({count},), masks {masks.shape} and seeds ({runs},) "
            f"do not fit; expected (N, {SIDE}, {SIDE}), (N,), (R, N), (R,)"
        )
    if not masks.any(axis=1).all() or epochs < 1:
        raise UsageError("a run that learns from no image, or for no epoch, teaches nothing")
    if labels.min() < 0 or labels.max() >= len(CLASSES):
        raise UsageError(f"labels are positions in the {len(CLASSES)} classes, from 0")
    arrays = {
        "images": images.astype(np.uint8),
        "labels": labels.astype(np.uint8),
        "train": masks.astype(np.bool_),
        "seeds": seeds.astype(np.uint32),
    }

    def told(event: Event) -> None:
        if event["event"] == "epoch":
            tell(int(event["done"]), int(event["epochs"]))

    words = ["--epochs", epochs, *([] if rate is None else ["--rate", rate])]
    return ask_with_arrays(["subsets"], arrays, words, told)
