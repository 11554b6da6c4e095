"""Audit a folder: which of its images are suspect, of what, and why; out of sample.

Enters: class folders, `train/` and `val/` that hold them, or a dataset of ours. Leaves: an `Audit`,
whose images are in order of suspicion. No review is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from datagen.core.errors import SplitError
from datagen.core.limits import MOST_EPOCHS, MOST_IMAGES, MOST_RUNS, require
from datagen.core.numerals import CLASSES
from datagen.curation.audit import confident
from datagen.curation.audit.copies import copies
from datagen.curation.audit.folds import folds_of, groups_of
from datagen.curation.audit.look_alikes import Descriptions, describe_outline, nearest
from datagen.curation.audit.measure import MeasuredImage, measure_folder
from datagen.curation.audit.outliers import style_outliers, unlike_all
from datagen.curation.audit.rank import Evidence, Probabilities, judge
from datagen.curation.audit.record import AuditImage
from datagen.curation.audit.synthetic import no_synthetic, synthetic_numerals
from datagen.curation.holdout.collection import read_ties
from datagen.files.paths import require_unicode
from datagen.sources import get_source

EPOCHS: Final = 6
"""Of every network: enough to read most numerals, few enough for some minutes."""
FOLDS: Final = 5
SEEDS: Final = 2
"""Networks per fold: what one happens to learn the other need not."""
SYNTHETIC: Final = 1000
"""Synthetic numerals that every network learns from too, where they are asked for."""
FEWEST_SYNTHETIC: Final = 50  # of fewer, not all classes can be planned
ALIKE: Final = 8
"""Look-alikes that are named for each image."""

MOST_FOLDS: Final = 20
SHEET: Final = ("blank", "scribble", "several", "cut")
"""The signals of `sheet_signals.SheetSignals`."""
_STYLES: Final = 12  # clusters per class, as `datagen rare` makes them

Tell = Callable[[str, int, int | None], None]
"""Told the step, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """How an audit is made.

    Attributes:
        folds: parts of the images; each is judged by networks that learn from the others.
        epochs: of every network.
        seeds: networks per fold.
        seed: of the first network, the folds and the synthetic numerals.
        source: of synthetic numerals that every network learns from too; None: none.
        synthetic: how many.
    """

    folds: int = FOLDS
    epochs: int = EPOCHS
    seeds: int = SEEDS
    seed: int = 0
    source: str | None = "pen"
    synthetic: int = SYNTHETIC

    def __post_init__(self) -> None:
        require("folds", self.folds, 2, MOST_FOLDS)
        require("epochs", self.epochs, 1, MOST_EPOCHS)
        require("seeds", self.seeds, 1, MOST_RUNS)
        require("seed", self.seed, 0, 2**32 - 1 - MOST_RUNS)
        require("synthetic", self.synthetic, FEWEST_SYNTHETIC, MOST_IMAGES)


@dataclass(frozen=True, slots=True, eq=False)
class ImageFacts:
    """What is said of each image beside its judgement: see `record.AuditImage`."""

    images: Sequence[MeasuredImage]
    groups: Sequence[str]
    styles: npt.NDArray[np.intp]
    near: npt.NDArray[np.intp]
    likeness: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was found in a folder.

    Attributes:
        folder: the folder.
        images: all of it, the most suspicious first.
        settings: how it was made.
        joint: estimated share of all images with each given (row) and true class (column).
        agreement: share of the images whose label the networks read too, out of sample.
    """

    folder: Path
    images: tuple[AuditImage, ...]
    settings: AuditSettings
    joint: tuple[tuple[float, ...], ...]
    agreement: float

    @property
    def suspects(self) -> tuple[AuditImage, ...]:
        """The images of which another decision than keep is suggested."""
        return tuple(image for image in self.images if image.suggestion != "keep")

    @property
    def wrong(self) -> float:
        """Estimated share of wrong labels: what lies off the diagonal of the joint."""
        return 1 - sum(row[k] for k, row in enumerate(self.joint))


def audit_folder(
    folder: Path,
    *,
    settings: AuditSettings | None = None,
    writers: Path | None = None,
    skip_bad: bool = False,
    tell: Tell = lambda _step, _done, _total: None,
) -> Audit:
    """Rank the images of a folder by how suspect they are.

    Args:
        folder: class folders, `train/` and `val/` that hold them, or a dataset.
        settings: how; None: as by default.
        writers: CSV with the columns `path` and `writer`; None: what the manifest says.
        skip_bad: pass over files that cannot be read.
        tell: told of the steps "images", "near-duplicates" (unless they are known), "synthetic"
            and "networks".

    Raises:
        UsageError: a number is out of range, or there is no such source.
        MissingInputError, CorruptInputError: see `measure_folder` and `read_ties`.
        SplitError: there are too few groups of images for the folds.
        EvaluationError: the evaluator cannot run here.
    """
    settings = settings or AuditSettings()
    if settings.source is not None:
        get_source(settings.source)  # a wrong name is told before images are read
    require_unicode(folder.absolute())
    ties = read_ties(folder, writers)
    images = measure_folder(folder, skip_bad=skip_bad, tell=_step(tell, "images"))
    alike, groups = groups_of(folder, images, ties, _step(tell, "near-duplicates"))
    if len(set(groups)) < settings.folds:
        raise SplitError(
            f"{folder} has {len(set(groups))} groups of images that belong together, fewer than "
            f"{settings.folds} folds; add images, or ask for fewer --folds"
        )
    measured = _Measurements(
        images,
        np.array([CLASSES.index(image.numeral) for image in images], np.intp),
        np.stack([describe_outline(image.sketch) for image in images]),
        groups,
        alike,
    )
    evidence = _evidence(measured, _opinions(measured, settings, tell))
    near, likeness = nearest(measured.described, None, ALIKE)
    styles = _styles(images, measured.labels, settings.seed)
    return Audit(
        folder=folder,
        images=_ranked(ImageFacts(images, groups, styles, near, likeness), evidence),
        settings=settings,
        joint=_joint(evidence),
        agreement=float((evidence.networks.argmax(axis=1) == evidence.labels).mean()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Measurements:
    """What is known of the images before any network has seen them.

    Attributes:
        images: N, as measured.
        labels: their classes as given, positions in `CLASSES`.
        described: `float32 N×D`, their outlines.
        groups: those that belong together (one writer, near-duplicates) have one name.
        alike: near-duplicates have one name.
    """

    images: Sequence[MeasuredImage]
    labels: npt.NDArray[np.intp]
    described: Descriptions
    groups: Sequence[str]
    alike: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Opinions:
    """Probabilities of the classes, out of sample: of networks `seeds×N×10`, of outlines `N×10`."""

    networks: Probabilities
    outlines: Probabilities


def _step(tell: Tell, name: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(name, done, total)


def _opinions(measured: _Measurements, settings: AuditSettings, tell: Tell) -> _Opinions:
    """Let networks and the outline reader read every image, none of which they learnt from."""
    from datagen.curation.audit import networks, outline_reader  # noqa: PLC0415 - scikit-learn

    if settings.source is None:
        synthetic = no_synthetic(measured.described.shape[1])
    else:
        synthetic = synthetic_numerals(
            settings.source, settings.synthetic, settings.seed, _step(tell, "synthetic")
        )
    folds = folds_of(measured.images, measured.groups, settings.folds, settings.seed)
    tell("networks", 0, settings.folds * settings.seeds * settings.epochs)
    said = networks.out_of_sample(
        np.stack([image.view for image in measured.images]),
        measured.labels,
        folds,
        synthetic,
        epochs=settings.epochs,
        seeds=settings.seeds,
        seed=settings.seed,
        tell=_step(tell, "networks"),
    )
    outlines = outline_reader.read_outlines(
        measured.described, measured.labels, folds, synthetic.described, synthetic.labels
    )
    return _Opinions(said, outlines)


def _evidence(measured: _Measurements, opinions: _Opinions) -> Evidence:
    """Gather all signals of every image."""
    from datagen.curation.audit.networks import disagreement  # noqa: PLC0415 - scikit-learn

    images, labels = measured.images, measured.labels
    found = copies(images, measured.alike)
    return Evidence(
        labels=labels,
        networks=opinions.networks.mean(axis=0),
        outlines=opinions.outlines,
        signals={
            **_sheets(images),
            **style_outliers(np.stack([image.style for image in images]), labels),
            "unlike": unlike_all(nearest(measured.described, measured.groups, ALIKE)[1]),
            "copy of another class": np.array([float(c.other_class is not None) for c in found]),
            "copy in another part": np.array([float(c.other_part is not None) for c in found]),
            "seeds": disagreement(opinions.networks),
        },
        copies=[copy.other_class for copy in found],
        others=[copy.other_part for copy in found],
    )


def _joint(evidence: Evidence) -> tuple[tuple[float, ...], ...]:
    """Return the estimated share of all images with each given (row) and true class (column)."""
    labels, said = evidence.labels, evidence.networks
    sure = confident.confident_classes(said, confident.thresholds(labels, said))
    joint = confident.estimated_joint(labels, confident.confident_joint(labels, sure, len(CLASSES)))
    return tuple(tuple(float(share) for share in row) for row in joint)


def _sheets(images: Sequence[MeasuredImage]) -> dict[str, npt.NDArray[np.float64]]:
    """Return what is wrong with each sheet by itself, by signal."""
    by_name = {name: np.array([getattr(i.signals, name) for i in images]) for name in SHEET}
    return {**by_name, "light ink": np.array([float(image.light_ink) for image in images])}


def _styles(
    images: Sequence[MeasuredImage], labels: npt.NDArray[np.intp], seed: int
) -> npt.NDArray[np.intp]:
    """Return the number of each image's style cluster within its class."""
    from datagen.images.style_clusters import cluster, standardise  # noqa: PLC0415 - scikit-learn

    found = np.zeros(len(images), np.intp)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        features = np.stack([images[int(k)].style for k in own])
        found[own] = cluster(standardise(features, [""] * len(own)), _STYLES, seed)
    return found


def _ranked(found: "ImageFacts", evidence: Evidence) -> tuple[AuditImage, ...]:
    """Return the record of every image, the most suspicious first; of equal ones by path."""
    judged = judge(evidence)
    order = sorted(range(len(judged)), key=lambda k: (-judged[k].suspicion, found.images[k].path))
    return tuple(
        AuditImage(
            path=found.images[k].path,
            sha256=found.images[k].sha256,
            numeral=found.images[k].numeral,
            rank=rank,
            suspicion=judged[k].suspicion,
            suggestion=judged[k].suggestion,
            likelier=judged[k].likelier,
            reason=judged[k].reason,
            probabilities=tuple(round(float(p), 6) for p in evidence.networks[k]),
            signals=judged[k].signals,
            group=found.groups[k],
            style=int(found.styles[k]),
            alike=tuple(
                found.images[int(j)].path
                for j, like in zip(found.near[k], found.likeness[k], strict=True)
                if like >= 0
            ),
        )
        for rank, k in enumerate(order, 1)
    )
