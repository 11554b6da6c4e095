"""Hard examples: which images of a folder a trained score gets wrong, or right only just.

Enters: what to evaluate. Leaves: a `Hard`, in which every image has a weight that says how much
more often variants of it should be made.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from datagen.core.errors import (
    DatasetError,
    EvaluationError,
    RuleError,
    UsageError,
)
from datagen.core.limits import MOST_IMAGES, require
from datagen.core.numerals import CLASSES
from datagen.core.text import how_many
from datagen.curation.hard_examples.record import Hard, HardImage
from datagen.datasets.compared_pictures import Held
from datagen.datasets.content import dataset_content, test_content
from datagen.datasets.leakage import find_leaks
from datagen.datasets.parents import parents_of
from datagen.evaluation.evaluate import (
    evaluate_dataset,
    seeds_to_train,
)
from datagen.evaluation.prepare import Tell
from datagen.evaluation.records import Score
from datagen.evaluation.request import EvaluationRequest
from datagen.files.class_folders import EVALUATOR_RULES, class_files
from datagen.files.hashing import file_hash
from datagen.files.paths import require_unicode

GAIN: Final = 4.0
"""The weight of an image is 1 + GAIN · (1 − p), p the probability given to its own label: 1 for an
image that is surely known, 5 for one whose label is given no chance."""

SHARE: Final = 0.1
"""Part of the images that are called hard unless a number is asked for."""

_RULES: Final = replace(EVALUATOR_RULES, strangers=True)  # the evaluator itself refuses them
BeforeTraining = Callable[[Sequence[int]], None]
"""Told the seeds that will be trained; what it raises ends the work before it begins."""
_HELD_OUT: Final = {"test", "holdout", "label_book", "val", "validation"}


def weight(probability: float) -> float:
    """Return how much more often variants of an image should be made: 1 … 1 + `GAIN`."""
    return round(1 + GAIN * (1 - probability), 4)


def mine(
    request: EvaluationRequest,
    tell: Tell,
    *,
    top: int | None = None,
    share: float = SHARE,
    before_training: BeforeTraining | None = None,
) -> Hard:
    """Evaluate a dataset on one folder, and order the folder's images by how hard they were.

    Args:
        request: what to evaluate, on exactly one test set.
        tell: told every event, as in `datagen.evaluation.evaluate`.
        top: how many images to call hard; None takes `share` of them.
        share: above 0, at most 1.
        before_training: called with the seeds that have to be trained, if any; may raise.

    Raises:
        UsageError: a number is out of range.
        RuleError: every image of the folder is known to the dataset.
        DatagenError: as evaluating it would.
    """
    (folder,) = request.tests
    _check(top, share)
    require_unicode(request.dataset)  # the record names them, and training takes hours
    require_unicode(folder.absolute())
    listed = list(class_files(folder, _RULES))
    for _, path in listed:
        require_unicode(folder, path.relative_to(folder))
    files = [(numeral, path, file_hash(path)) for numeral, path in listed]
    known = _known(request, folder)
    held = [path for _, path, digest in files if digest in known]
    _refuse_if_all(held, len(files), request.dataset, folder)  # before hours are spent on it
    if before_training is not None and (seeds := seeds_to_train(request)):
        before_training(seeds)
    scores = evaluate_dataset(request, tell).scores
    chances, leaked = _chances(scores), _leaked(scores)
    images = []
    for numeral, path, digest in files:
        if (numeral, digest) not in chances:
            raise DatasetError(f"{path} changed while {folder} was evaluated; mine it again")
        chance = chances[numeral, digest]
        own = round(chance[CLASSES.index(numeral)], 6)
        image = HardImage(
            path=path.relative_to(folder).as_posix(),
            sha256=digest,
            numeral=numeral,
            predicted=CLASSES[chance.index(max(chance))],
            probability=own,
            weight=weight(own),
            leaked=digest in known or digest in leaked,
        )
        images.append(image)
    _refuse_if_all([i for i in images if i.leaked], len(images), request.dataset, folder)
    images.sort(key=lambda image: (not image.missed, image.probability, image.path))
    return Hard(
        dataset=str(request.dataset),
        fingerprint=scores[0].dataset.fingerprint,
        folder=str(folder.absolute()),
        protocol=scores[0].protocol.name,
        preview=request.preview,
        seeds=tuple(score.seed for score in scores),
        top=min(len(images), top if top is not None else math.ceil(share * len(images))),
        images=tuple(images),
    )


def cautions(hard: Hard) -> tuple[str, ...]:
    """Return what a person should know before trusting or using what was mined."""
    found = []
    if Path(hard.folder).name.lower() in _HELD_OUT:
        found.append(
            f"{Path(hard.folder).name} looks like a test set or holdout; mined images can no "
            "longer be used for testing"
        )
    if hard.leaked:
        found.append(
            f"{hard.leaked:,} of {len(hard.images):,} images are in the dataset already, "
            "themselves or as variants: their difficulty says little"
        )
    if hard.preview is not None:
        found.append(
            f"a preview ({how_many(hard.preview, 'epoch')}) also calls images hard that longer "
            "training would learn"
        )
    return tuple(found)


def _check(top: int | None, share: float) -> None:
    require("top", top, 1, MOST_IMAGES)
    if not 0 < share <= 1:
        raise UsageError(f"share is {share:g}; expected more than 0, at most 1")


def _known(request: EvaluationRequest, folder: Path) -> set[str]:
    """Return the SHA-256 of the files that a dataset holds, or has made images from."""
    dataset, test = dataset_content(request.dataset), test_content(folder, roman=True)
    if dataset is None or test is None:
        return set()  # the evaluator refuses it
    parents, near = parents_of(request.dataset), request.near_duplicates
    found = find_leaks(Held(dataset), parents, test, folder, near=near)
    return {digest for digest, kind in found.kinds.items() if kind != "near-duplicate"}


def _refuse_if_all(known: Sequence[object], all_: int, dataset: Path, at: Path) -> None:
    if all_ and len(known) == all_:
        raise RuleError(
            f"all {all_:,} images of {at} are in {dataset} already, themselves or as variants, so "
            "none of them shows what it cannot do; mine in images that it was built without"
        )


def _chances(scores: Sequence[Score]) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return the mean probabilities, in class order, of every image by class and content.

    A score that was cached may name another folder's files: only their content is the same.
    """
    rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for score in scores:
        seen = {(image.true, image.sha256): image.probabilities for image in score.tests[0].results}
        for key, probabilities in seen.items():
            if not all(map(math.isfinite, probabilities)):
                raise EvaluationError(
                    f"the run with seed {score.seed} diverged: its probabilities are not numbers; "
                    "leave it out with another --seed"
                )
            rows.setdefault(key, []).append(probabilities)
    return {
        key: tuple(statistics.fmean(column) for column in zip(*each, strict=True))
        for key, each in rows.items()
    }


def _leaked(scores: Sequence[Score]) -> set[str]:
    return {i.sha256 for score in scores for i in score.tests[0].results if i.leaked}
