"""The images of an audit, valued: what each, each style and each source is worth.

Enters: an `Audit`. Leaves: its images with their values, the styles and sources from the one worth
most, and what really removing images did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from datagen.core.errors import StoppedError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.limits import MOST_EPOCHS, MOST_RUNS, require
from datagen.core.numerals import CLASSES, Numeral
from datagen.curation.audit.find import Audit
from datagen.curation.audit.record import AuditImage
from datagen.curation.audit.value.check import SEEDS, SHARE, Removal, check_values
from datagen.curation.audit.value.datamodel import Estimate
from datagen.curation.audit.value.estimate import (
    EPOCHS,
    RUNS,
    ValuedImages,
    Values,
    estimate_values,
    require_enough,
)
from datagen.datasets.format import manifest_if_any
from datagen.files.class_folders import list_numerals
from datagen.files.decode import read_gray

FEWEST_RUNS: Final = 10
_DIGITS: Final = 7  # of a value: an image is worth some 1e-5

Tell = Callable[[str, int, int | None], None]
"""Told the step, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class StyleValue:
    """What the images of one style cluster are worth together.

    Attributes:
        numeral: its class.
        style: its number within the class.
        images: how many it has.
        worth: of all of them.
    """

    numeral: Numeral
    style: int
    images: int
    worth: Estimate


@dataclass(frozen=True, slots=True)
class SourceValue:
    """What the images of one ingredient are worth together.

    Attributes:
        source: its name in the manifest.
        images: how many it has.
        worth: of all of them.
    """

    source: str
    images: int
    worth: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What images are worth to the frozen score, in accuracy: 0.01 is one point.

    Attributes:
        images: of the audit, in its order, with their values.
        styles: the one worth most first.
        sources: the one worth most first; none where the folder does not say where images are from.
        removals: what it did to leave images out, on those that no value was estimated on.
        runs: trainings that the values were estimated from.
        epochs: of each.
        held_back: images that were in none of them.
    """

    images: tuple[AuditImage, ...]
    styles: tuple[StyleValue, ...]
    sources: tuple[SourceValue, ...]
    removals: tuple[Removal, ...]
    runs: int
    epochs: int
    held_back: int


def require_valuable(folder: Path, runs: int | None) -> None:
    """Refuse, before a folder is audited, what `value_audit` would refuse after it.

    Raises:
        UsageError: the number of runs is out of range.
        RuleError: the folder has too few images.
        MissingInputError, CorruptInputError: it is no folder of images in class folders.
    """
    _require_runs(RUNS if runs is None else runs)
    require_enough(len(list_numerals(folder, partial=True)))


def _require_runs(runs: int) -> None:
    require("runs", runs, FEWEST_RUNS, 100 * MOST_RUNS)


def value_audit(
    audit: Audit,
    *,
    runs: int = RUNS,
    epochs: int = EPOCHS,
    shares: Sequence[float] = (SHARE,),
    seeds: int = SEEDS,
    tell: Tell = lambda _step, _done, _total: None,
) -> Valuation:
    """Say what each image of an audit is worth, and try it by removing the best and the worst.

    Args:
        audit: of the folder, which is read again.
        runs: random halves to train on, at least 10.
        epochs: of each training.
        shares: parts of the images to remove for the trial.
        seeds: trainings of each trial.
        tell: told of the steps "values" and "trials".

    Raises:
        UsageError: a number is out of range.
        RuleError: the folder has too few images.
        MissingInputError, CorruptInputError: an image is not there any more, or unreadable.
        EvaluationError: the evaluator cannot run here.
        StoppedError: Ctrl-C.
    """
    _require_runs(runs)
    require("epochs", epochs, 1, MOST_EPOCHS)
    images, styles, known = _load(audit)
    seed = audit.settings.seed
    reached = ""

    def step(name: str) -> Callable[[int, int], None]:
        def told(done: int, total: int) -> None:
            nonlocal reached
            reached = f" at {name} {done:,} of {total:,}"
            tell(name, done, total)

        return told

    try:
        values = estimate_values(images, runs=runs, epochs=epochs, seed=seed, tell=step("values"))
        removals = check_values(
            images, values, seed=seed + 1, shares=shares, seeds=seeds, tell=step("trials")
        )
    except KeyboardInterrupt:
        raise StoppedError(
            f"interrupted{reached}; trainings whose batch was finished are kept, and the same "
            "command goes on after them"
        ) from None
    return Valuation(
        images=tuple(
            image.model_copy(
                update={
                    "value": round(worth.value, _DIGITS),
                    "value_low": round(worth.low, _DIGITS),
                    "value_high": round(worth.high, _DIGITS),
                }
            )
            for image, worth in zip(audit.images, values.images, strict=True)
        ),
        styles=_style_values(values, styles, images),
        sources=_source_values(values, images) if known else (),
        removals=removals,
        runs=values.runs,
        epochs=values.epochs,
        held_back=int(values.held_back.sum()),
    )


def _load(audit: Audit) -> tuple[ValuedImages, list[tuple[Numeral, int]], bool]:
    """Return the images, the class and number of every style, and whether sources are known."""
    views = [evaluator_view(read_gray(audit.folder / image.path)) for image in audit.images]
    sources = {entry.path: entry.source for entry in manifest_if_any(audit.folder)}
    names = [(image.numeral, image.style or 0) for image in audit.images]
    styles = sorted(set(names))
    labels = np.array([CLASSES.index(image.numeral) for image in audit.images], np.intp)
    own = [image.probabilities[k] for image, k in zip(audit.images, labels, strict=True)]
    images = ValuedImages(
        np.stack(views),
        labels,
        [image.group for image in audit.images],
        np.array([styles.index(name) for name in names], np.intp),
        [sources.get(image.path, "") for image in audit.images],
        1 - np.array(own, np.float64),
    )
    return images, styles, bool(sources)


def _style_values(
    values: Values, styles: Sequence[tuple[Numeral, int]], images: ValuedImages
) -> tuple[StyleValue, ...]:
    sizes = np.bincount(images.styles)
    found = [
        StyleValue(*styles[number], int(sizes[number]), worth)
        for number, worth in values.styles.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.worth.value))


def _source_values(values: Values, images: ValuedImages) -> tuple[SourceValue, ...]:
    found = [
        SourceValue(name, images.sources.count(name), worth)
        for name, worth in values.sources.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.worth.value))
