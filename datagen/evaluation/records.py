"""The evaluator's `score.json`, read: the records of one run on one dataset with one seed.

They mirror `fixed_eval/records.py`, which this package never imports. Unknown keys are kept.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.pydantic_errors import explain
from datagen.datasets.leakage import LeakKind
from datagen.files.reading import RECORD, read_bytes

SCHEMA_VERSION: Final = 1


class EvaluatorRecord(BaseModel):
    """The base of the evaluator's records: they cannot be changed, and may have further keys."""

    # a diverged run has losses of NaN, which the evaluator writes as such
    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="constants")


class Accuracy(EvaluatorRecord):
    """Hits among images with the 95 % Wilson interval; None without images."""

    images: int
    correct: int
    accuracy: float | None
    interval: tuple[float, float] | None


class ClassMetrics(EvaluatorRecord):
    """One class against the rest; None where a value is undefined."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    auc: float | None


class Average(EvaluatorRecord):
    """An average over the classes that have images."""

    precision: float
    recall: float
    f1: float
    auc: float | None


class RocCurve(EvaluatorRecord):
    """False and true positive rates (0..1) of one class against the rest."""

    name: str
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]


class Confusion(EvaluatorRecord):
    """A way of being wrong, also in words: `vii → viii 14`."""

    true: str
    predicted: str
    count: int
    words: str


class Metrics(EvaluatorRecord):
    """What is known of one labelled set; `confusion[true][predicted]` in class order."""

    accuracy: Accuracy
    loss: float
    classes: tuple[ClassMetrics, ...]
    macro: Average
    weighted: Average
    confusion: tuple[tuple[int, ...], ...]
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

    images: int
    decoded_identical: int
    input_identical: int
    same_picture: int = 0
    parents: int = 0
    near_duplicates: int | None = None
    near_note: str | None = None
    notes: tuple[str, ...] = ()


class TestResult(EvaluatorRecord):
    """The chosen epoch's weights on one test set."""

    __test__ = False  # pytest: no class of tests

    path: str
    fingerprint: str
    images: int
    metrics: Metrics
    leakage: Leakage
    leak_free: Accuracy
    results: tuple[ImageResult, ...]

    @property
    def hits(self) -> str:
        """`1` per right and `0` per wrong image, in the order of class name, then SHA-256."""
        ordered = sorted(self.results, key=lambda image: (image.true, image.sha256))
        return "".join("1" if image.hit else "0" for image in ordered)


class EvaluatedDataset(EvaluatorRecord):
    """The dataset as the evaluator counted it."""

    path: str
    fingerprint: str
    train: int
    val: int
    classes: dict[str, dict[str, int]]
    budget: int
    budget_used: int


class ProtocolRecord(EvaluatorRecord):
    """The protocol as run."""

    name: str
    version: int
    fingerprint: str
    engine: str
    epochs: int
    constants: dict[str, Any]
    sources: dict[str, str]


class Epoch(EvaluatorRecord):
    """Losses, accuracies (0..1) and seconds of one epoch."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    train_seconds: float


class Score(EvaluatorRecord):
    """`score.json`."""

    schema_version: Literal[1]
    official: bool
    complete: bool
    preview: int | None
    protocol: ProtocolRecord
    dataset: EvaluatedDataset
    seed: int
    before_training: dict[str, float]
    history: tuple[Epoch, ...]
    chosen_epoch: int
    val: Metrics
    tests: tuple[TestResult, ...]
    note: str | None
    warnings: tuple[str, ...]
    seconds: dict[str, float]
    threads: int
    device: str
    versions: dict[str, str]

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
        return parse_score(json.loads(read_bytes(path, RECORD)), origin=str(path))
    except MissingInputError:
        raise MissingInputError(f"no score at {path}; `datagen evaluate` writes one") from None
    except ValueError as error:  # not JSON, or not even text
        raise CorruptInputError(
            f"{path} is not JSON ({error}); evaluate the dataset again"
        ) from error


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
