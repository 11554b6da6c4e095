"""The records of `score.json`: what one evaluation found, as frozen dataclasses.

Only values enter: `dataclasses.asdict` of a `Score` is the file. A changed field is a new
`SCHEMA_VERSION`; a new field is not.
"""

import dataclasses
from typing import Any

from fixed_eval.metrics import Accuracy, Metrics
from fixed_eval.training import EpochRecord

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class ImageResult:
    """One test image: labels by name, probabilities in class order, and whether it leaked."""

    path: str
    sha256: str
    true: str
    predicted: str
    probabilities: tuple[float, ...]
    leaked: bool


@dataclasses.dataclass(frozen=True)
class Leakage:
    """Test images that are also training or validation images.

    `input_identical` counts equal 32×32 network inputs, rounded to whole levels: the same picture.
    `decoded_identical` counts those among them that have equal pixels before they are resized too.
    `images` is what leaked by any rule; here there is the first one only.
    """

    images: int
    decoded_identical: int
    input_identical: int


@dataclasses.dataclass(frozen=True)
class TestResult:
    """The chosen epoch's weights on one test set; `leak_free` leaves the leaked images out.

    `predictions` is the digest of the logits; see `fixed_eval.receipt.predictions_digest`.
    """

    path: str
    fingerprint: str
    predictions: str
    images: int
    metrics: Metrics
    leakage: Leakage
    leak_free: Accuracy
    results: tuple[ImageResult, ...]


@dataclasses.dataclass(frozen=True)
class ExtraRecord:
    """A further folder that was trained on; its fingerprint is made as a test set's."""

    path: str
    fingerprint: str
    images: int


@dataclasses.dataclass(frozen=True)
class DatasetRecord:
    """The evaluated dataset, recounted: images per class and split, and the budget both ways.

    `extra` are further folders that were trained on; they count towards the budget.
    """

    path: str
    fingerprint: str
    train: int
    val: int
    classes: dict[str, dict[str, int]]
    extra: tuple[ExtraRecord, ...]
    budget: int
    budget_used: int


@dataclasses.dataclass(frozen=True)
class ProtocolRecord:
    """The protocol as run. `epochs` differs from the constants in a preview.

    `parameters` are those of the network with these classes; `weights` is what a pretrained base
    began with, None where there is no such base.
    """

    name: str
    version: int
    fingerprint: str
    engine: str
    engine_reason: str
    epochs: int
    parameters: int
    weights: str | None
    constants: dict[str, Any]
    sources: dict[str, str]


@dataclasses.dataclass(frozen=True)
class PhaseRecord:
    """One phase of the training, and what the weights that it kept score.

    `ended` is why it is over (`all epochs`, `stopped early`); None where it is not. Epochs count
    over all phases.
    """

    name: str
    first_epoch: int
    last_epoch: int
    chosen_epoch: int
    ended: str | None
    val: Accuracy
    tests: tuple[Accuracy, ...]


@dataclasses.dataclass(frozen=True)
class Receipt:
    """What tells whether the same run, made again, is the same to the bit.

    Beside it count `EpochRecord.state` and `TestResult.predictions`.

    Attributes:
        bits: Version of the engine's bits; None where the engine promises none.
        order: Digest of the images in the order in which they were read.
        initial: Digest of the training state before the first epoch.
        predictions: Digest of the logits of val under the chosen epoch's weights.
    """

    bits: int | None
    order: str
    initial: str
    predictions: str


@dataclasses.dataclass(frozen=True)
class Score:
    """`score.json`. `complete` is False after `--until`; `official` needs a complete full run."""

    schema_version: int
    official: bool
    complete: bool
    preview: int | None
    protocol: ProtocolRecord
    dataset: DatasetRecord
    seed: int
    before_training: dict[str, float]
    history: tuple[EpochRecord, ...]
    chosen_epoch: int
    phases: tuple[PhaseRecord, ...]
    val: Metrics
    tests: tuple[TestResult, ...]
    receipt: Receipt
    note: str | None
    warnings: tuple[str, ...]
    seconds: dict[str, float]
    threads: int
    device: str
    versions: dict[str, str]
