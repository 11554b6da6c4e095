"""The evaluator's `score.json`, read: the records of one run on one dataset with one seed.

They mirror `fixed_eval/records.py`, which this package never imports. Unknown keys are kept.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.limits import EvaluatorSeed, Seconds, Share, Tally
from datagen.core.pydantic_errors import explain
from datagen.datasets.leakage import LeakKind
from datagen.files.json_records import read_json

SCHEMA_VERSION: Final = 1


class EvaluatorRecord(BaseModel):
    """The base of the evaluator's records: they cannot be changed, and may have further keys."""

    # a diverged run has losses of NaN, which the evaluator writes as such
    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="constants")


class Accuracy(EvaluatorRecord):
    """Hits among images with the 95 % Wilson interval; None without images."""

    images: Tally
    correct: Tally
    accuracy: Share | None
    interval: tuple[Share, Share] | None

    @model_validator(mode="after")
    def _no_more_hits_than_images(self) -> Self:
        if self.correct > self.images:
            raise ValueError(f"{self.correct:,} of {self.images:,} images are right")
        return self


class ClassMetrics(EvaluatorRecord):
    """One class against the rest; None where a value is undefined."""

    name: str
    precision: Share | None
    recall: Share | None
    f1: Share | None
    support: Tally
    auc: Share | None


class Average(EvaluatorRecord):
    """An average over the classes that have images."""

    precision: Share
    recall: Share
    f1: Share
    auc: Share | None


class RocCurve(EvaluatorRecord):
    """False and true positive rates (0..1) of one class against the rest."""

    name: str
    false_positive_rate: tuple[Share, ...]
    true_positive_rate: tuple[Share, ...]

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        if len(self.false_positive_rate) != len(self.true_positive_rate):
            raise ValueError("the two rates have different numbers of points")
        return self


class Confusion(EvaluatorRecord):
    """A way of being wrong, also in words: `vii → viii 14`."""

    true: str
    predicted: str
    count: Tally
    words: str


class Metrics(EvaluatorRecord):
    """What is known of one labelled set; `confusion[true][predicted]` in class order."""

    accuracy: Accuracy
    loss: float
    classes: tuple[ClassMetrics, ...]
    macro: Average
    weighted: Average
    confusion: tuple[tuple[Tally, ...], ...]
    top_confusions: tuple[Confusion, ...]
    roc: tuple[RocCurve, ...]


class ImageResult(EvaluatorRecord):
    """One test image: its labels by name, the probabilities in class order, whether it leaked.

    Attributes:
        leaked: whether the dataset holds it, or images made from it.
        leak: how the dataset knows it; a near-duplicate has not leaked.
    """

    path: str
    sha256: str
    true: str
    predicted: str
    probabilities: tuple[float, ...]
    leaked: bool
    leak: LeakKind | None = None

    @property
    def hit(self) -> bool:
        """Whether the prediction is the given label."""
        return self.true == self.predicted


class Leakage(EvaluatorRecord):
    """Test images that the dataset knows.

    Attributes:
        images: that leaked, by any kind: the same picture, or the parent of augmented copies.
        decoded_identical, input_identical: counted by the evaluator: equal decoded pixels, and
            equal 32×32 inputs, which include the former.
        same_picture: pictures that the dataset holds, by the evaluator's count or by ours.
        parents: pictures that only images made from them are in the dataset.
        near_duplicates: pictures that are only like one; None where they were not looked for.
        near_note: why they were not, although that was asked.
        notes: what else could not be found out, and why.
    """

    images: Tally
    decoded_identical: Tally
    input_identical: Tally
    same_picture: Tally = 0
    parents: Tally = 0
    near_duplicates: Tally | None = None
    near_note: str | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _parents_among_images(self) -> Self:
        if self.parents > self.images:
            raise ValueError(
                f"parents is {self.parents}, more than the {self.images} images that leaked"
            )
        return self


class TestResult(EvaluatorRecord):
    """The chosen epoch's weights on one test set.

    Attributes:
        predictions: digest of the logits; None in scores of earlier versions.
        own_part: whether it is the dataset's own third part, `test/`; added here, the evaluator
            knows nothing of it.
    """

    __test__ = False  # pytest: no class of tests

    path: str
    fingerprint: str
    predictions: str | None = None
    images: Annotated[int, Field(ge=1, le=10**9)]
    metrics: Metrics
    leakage: Leakage
    leak_free: Accuracy
    own_part: bool = False
    results: tuple[ImageResult, ...]

    @model_validator(mode="after")
    def _a_result_per_image(self) -> Self:
        if len(self.results) != self.images:
            raise ValueError(f"{len(self.results):,} results for {self.images:,} images")
        return self

    @property
    def hits(self) -> str:
        """`1` per right and `0` per wrong image, in the order of class name, then SHA-256."""
        ordered = sorted(self.results, key=lambda image: (image.true, image.sha256))
        return "".join("1" if image.hit else "0" for image in ordered)


class ExtraFolder(EvaluatorRecord):
    """A further folder that was trained on."""

    path: str
    fingerprint: str
    images: Tally


class EvaluatedDataset(EvaluatorRecord):
    """The dataset as the evaluator counted it.

    Attributes:
        extra: further folders that were trained on.
    """

    path: str
    fingerprint: str
    train: Tally
    val: Tally
    classes: dict[str, dict[str, Tally]]
    extra: tuple[ExtraFolder, ...] = ()
    budget: Tally
    budget_used: Tally


class ProtocolRecord(EvaluatorRecord):
    """The protocol as run.

    Attributes:
        parameters: of the network with these classes; None in scores of earlier versions.
        weights: what a pretrained base began with; None where there is no such base.
    """

    name: str
    version: Tally
    fingerprint: str
    engine: str
    engine_reason: str | None = None
    epochs: Tally
    parameters: Tally | None = None
    weights: str | None = None
    constants: dict[str, Any]
    sources: dict[str, str]


class Epoch(EvaluatorRecord):
    """Losses, accuracies (0..1) and seconds of one epoch.

    Attributes:
        state: digest of the training state after it.
        phase: name of the protocol's phase.
        learning_rate: with which it began.

    The last three are None in scores of earlier versions.
    """

    epoch: Tally
    loss: float
    accuracy: Share
    val_loss: float
    val_accuracy: Share
    seconds: Seconds
    train_seconds: Seconds
    state: str | None = None
    phase: str | None = None
    learning_rate: float | None = None


class Phase(EvaluatorRecord):
    """One phase of the training, and what the weights that it kept score.

    Attributes:
        first_epoch, last_epoch, chosen_epoch: counted over all phases.
        ended: why it is over; None where it is not.
        tests: in the order of the score's.
    """

    name: str
    first_epoch: Tally
    last_epoch: Tally
    chosen_epoch: Tally
    ended: str | None
    val: Accuracy
    tests: tuple[Accuracy, ...]


class Receipt(EvaluatorRecord):
    """What tells whether the same run, made again, is the same to the bit.

    Attributes:
        bits: version of the engine's bits; None where the engine promises none.
        order: digest of the images in the order in which they were read.
        initial: digest of the training state before the first epoch.
        predictions: digest of the logits of val.
    """

    bits: Tally | None
    order: str
    initial: str
    predictions: str


class OriginSource(EvaluatorRecord):
    """A source that the dataset was made from.

    Attributes:
        fingerprint: `datagen.datasets.format.SourceInfo.fingerprint`.
    """

    key: str
    source: str
    fingerprint: str | None


class Origin(EvaluatorRecord):
    """How the evaluated dataset is made again; added here, the evaluator knows nothing of it.

    Attributes:
        recipe: its plain keys; None where there is none that makes these images.
        recipe_fingerprint: see `datagen.recipes.fingerprint`.
        sources: in the order of `dataset.json`.
        pipelines: the YAML of every pipeline that the recipe names as a file, by its path.
        versions: of what built the dataset.
        images: split → class → the first two digits of each image's SHA-256, by file name.
        note: why there is no recipe.
    """

    recipe: dict[str, Any] | None = None
    recipe_fingerprint: str | None = None
    sources: tuple[OriginSource, ...] = ()
    pipelines: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    images: dict[str, dict[str, str]] = Field(default_factory=dict)
    note: str | None = None


class Score(EvaluatorRecord):
    """`score.json`.

    Attributes:
        phases: of the training; empty in scores of earlier versions.
        receipt, origin: None in scores of earlier versions.
    """

    schema_version: Literal[1]
    official: bool
    complete: bool
    preview: Tally | None
    protocol: ProtocolRecord
    dataset: EvaluatedDataset
    seed: EvaluatorSeed
    before_training: dict[str, float]
    history: tuple[Epoch, ...]
    chosen_epoch: Tally
    phases: tuple[Phase, ...] = ()
    val: Metrics
    tests: tuple[TestResult, ...]
    note: str | None
    warnings: tuple[str, ...]
    seconds: dict[str, Seconds]
    threads: Tally
    device: str
    versions: dict[str, str]
    receipt: Receipt | None = None
    origin: Origin | None = None

    @property
    def total_seconds(self) -> float:
        """Seconds from start to end."""
        return self.seconds.get("total", 0.0)


def sources_digest(sources: Mapping[str, str]) -> str:
    """Return 16 hex digits that tell evaluators apart by their sources: file → SHA-256."""
    return hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest()[:16]


def read_score(path: Path) -> Score:
    """Read one `score.json`.

    Raises:
        MissingInputError: there is no such file.
        CorruptInputError: it is not a score of a version that is known here.
    """
    try:
        plain = read_json(path, "evaluate the dataset again")
    except MissingInputError:
        raise MissingInputError(f"no score at {path}; `datagen evaluate` writes one") from None
    return parse_score(plain, origin=str(path))


def parse_score(plain: object, *, origin: str) -> Score:
    """Validate plain data as a score.

    Raises:
        CorruptInputError: it is none, or of a schema version that is not known here.
    """
    try:
        return Score.model_validate(plain)
    except ValidationError as error:
        raise CorruptInputError(
            f"{origin} is not a score of schema version {SCHEMA_VERSION}: {explain(error, Score)}"
        ) from error
