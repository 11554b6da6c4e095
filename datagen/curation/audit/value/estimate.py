"""What each image, style and source is worth: subsets drawn, trained, explained.

A subset's score is the mean probability that its network gives to the true label of the images
that it did not learn from: an accuracy without the jumps of right and wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.errors import RuleError
from datagen.core.numerals import CLASSES
from datagen.curation.audit.value.datamodel import Datamodel, Estimate
from datagen.curation.audit.value.design import doubt_strata, draw_subsets, hold_back
from datagen.curation.audit.value.runs import own_probabilities
from datagen.evaluation.subsets import TellEpochs

RUNS: Final = 200
EPOCHS: Final = 8
FEWEST: Final = 100  # images: of fewer, half are no dataset, and a fifth judges nothing

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ValuedImages:
    """Images as an audit knows them.

    Attributes:
        views: `uint8 N×32×32`, as the evaluator sees them.
        labels: N positions in the classes.
        groups: N names; equal for what must not be on two sides.
        styles: N numbers from 0: style clusters, each of one class.
        sources: N names of ingredients; all equal where nothing is known.
        doubt: N numbers, higher for what is more likely wrong, from networks that did not learn
            from the image.
    """

    views: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.intp]
    groups: Sequence[str]
    styles: npt.NDArray[np.intp]
    sources: Sequence[str]
    doubt: Floats

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Values:
    """What images are worth, in accuracy (1 = 100 %), to a training on half of them.

    Attributes:
        images: of each image; of one that was held back by what it shares with others.
        styles: number of a style → all its images together.
        sources: name of a source → all its images together.
        held_back: `bool N`: the fifth that no subset had, to try the values on.
        runs: how many trainings.
        epochs: of each.
    """

    images: Sequence[Estimate]
    styles: Mapping[int, Estimate]
    sources: Mapping[str, Estimate]
    held_back: Mask
    runs: int
    epochs: int


def require_enough(images: int) -> None:
    """Refuse fewer images than can be valued.

    Raises:
        RuleError: there are too few.
    """
    if images < FEWEST:
        raise RuleError(
            f"{images} images are too few to say what each is worth; --value needs {FEWEST}"
        )


def estimate_values(
    images: ValuedImages, *, runs: int = RUNS, epochs: int = EPOCHS, seed: int, tell: TellEpochs
) -> Values:
    """Train on many random halves, and explain their scores by what they held.

    Args:
        images: at least 100.
        runs: how many halves.
        epochs: of each training.
        seed: of all draws.
        tell: told after every epoch of any training.

    Raises:
        RuleError: there are too few images.
        EvaluationError: see `train_on_subsets`.
    """
    require_enough(len(images))
    generator = np.random.default_rng(seed)
    held = hold_back(images.groups, images.labels, generator)
    strata = [images.styles, doubt_strata(images.doubt)]
    masks = draw_subsets(runs, strata, images.groups, ~held, generator)
    seeds = generator.integers(0, 2**32, runs, np.uint32)
    own = own_probabilities(
        images.views, images.labels, masks, seeds, epochs=epochs, tell=tell
    ).astype(np.float64)
    judges = ~masks & ~held
    model = Datamodel(masks, subset_scores(own, judges), _shared(images, own, judges))
    return Values(
        model.each(),
        {int(each): model.total(images.styles == each) for each in np.unique(images.styles)},
        _of_sources(model, images.sources),
        held,
        runs,
        epochs,
    )


def subset_scores(own: Floats, judges: Mask) -> Floats:
    """Return the score of each run: how much better than usual it knew the images it was not given.

    Against each image's own mean, so a run gains nothing by not being asked the difficult ones.

    Args:
        own: `R×N` probabilities of each image's label.
        judges: `bool R×N`: the images that each run is judged on.
    """
    usual = _mean(own, judges, axis=0)
    return _mean(own - usual, judges, axis=1)


def _mean(values: Floats, where: Mask, axis: int) -> Floats:
    count = np.maximum(where.sum(axis=axis), 1)
    return np.asarray((values * where).sum(axis=axis) / count, np.float64)


def _shared(images: ValuedImages, own: Floats, judges: Mask) -> list[Floats]:
    """Return what images have in common, as matrices: all, class, style, source, doubt."""
    usual = np.where(judges.any(axis=0), _mean(own, judges, axis=0), 1 - images.doubt)
    doubt = np.stack([1 - usual, (1 - usual) ** 2], axis=1)
    return [
        np.ones((len(images), 1)),
        np.eye(len(CLASSES))[images.labels],
        _one_hot(images.styles),
        _one_hot(np.unique(np.asarray(images.sources), return_inverse=True)[1]),
        doubt - doubt.mean(axis=0),
        _one_hot(doubt_strata(images.doubt)),
    ]


def _one_hot(numbers: npt.NDArray[np.intp]) -> Floats:
    return np.asarray(np.eye(int(numbers.max()) + 1)[numbers], np.float64)


def _of_sources(model: Datamodel, sources: Sequence[str]) -> dict[str, Estimate]:
    names = np.asarray(sources)
    return {str(each): model.total(names == each) for each in np.unique(names)}
