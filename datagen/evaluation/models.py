"""The models of the evaluator: which protocols there are, and what each of them is.

Enters: a name, or none. Leaves: records that `python -m fixed_eval.models` printed.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeVar

from pydantic import ValidationError

from datagen.core.errors import EvaluationError, UnknownNameError, UsageError
from datagen.core.limits import require
from datagen.core.pydantic_errors import explain
from datagen.evaluation.records import EvaluatorRecord
from datagen.evaluation.tools import run_tool

LETTER_READER: Final = "emnist-cnn"
"""The published network that reads single letters: `letters train` works with it, no evaluation."""

MOST_IMAGES: Final = 10_000
MOST_CLASSES: Final = 1000
Record = TypeVar("Record", bound=EvaluatorRecord)


class Model(EvaluatorRecord):
    """A frozen protocol: a network and the way it is trained and scored.

    Attributes:
        name: for `evaluate`.
        summary: what it is, in one sentence.
        source: where it was published.
        parameters: of the network with ten classes, those that are not trained included.
        classes: the class folders that it needs; empty: those of the dataset.
        image_size: side of the square input, pixels.
        channels: of the input: 3, or 1 for grey.
        epochs: at most so many.
        engines: what can train it.
        pretrained: the network whose ImageNet weights it begins with.
        extra_train: whether it may be trained on further folders.
    """

    name: str
    version: int
    summary: str
    source: str
    parameters: int
    classes: tuple[str, ...]
    image_size: int
    channels: int
    batch_size: int
    epochs: int
    engines: tuple[str, ...]
    pretrained: str | None
    extra_train: bool


class ModelLayer(EvaluatorRecord):
    """A layer: what it puts out, without the batch, and its parameters.

    Attributes:
        layers: those inside, where it is a network itself.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    layers: tuple["ModelLayer", ...]


class ModelPlateau(EvaluatorRecord):
    """When the learning rate falls: after `patience` epochs without a lower val loss."""

    factor: float
    patience: int
    min_delta: float


class ModelPhase(EvaluatorRecord):
    """A phase of the training.

    Attributes:
        monitor: what says which epoch is best.
        patience: epochs without a better one that end the phase; None: it runs all of them.
        keep: whether the weights of the best epoch go on, or the last.
        trainable: parameters that learn.
    """

    name: str
    epochs: int
    optimiser: str
    learning_rate: float
    monitor: Literal["val_accuracy", "val_loss"]
    patience: int | None
    keep: Literal["best", "last"]
    plateau: ModelPlateau | None
    trainable: int


class PhaseSpeed(EvaluatorRecord):
    """Seconds of a step, and of an epoch of training; validation comes on top."""

    name: str
    seconds_per_step: float
    seconds_per_epoch: float


class ModelSpeed(EvaluatorRecord):
    """How fast a model trains on this machine.

    Attributes:
        device: `cpu` or `gpu`.
        threads: of the CPU.
        images: training images of the expected epoch.
        steps: that were measured.
    """

    engine: str
    device: str
    threads: int
    images: int
    steps: int
    phases: tuple[PhaseSpeed, ...]


class ModelDescription(Model):
    """A model with its network.

    Attributes:
        with_classes: how many classes the network is shown with.
        speed: None where it was not asked for.
    """

    with_classes: int
    phases: tuple[ModelPhase, ...]
    layers: tuple[ModelLayer, ...]
    speed: ModelSpeed | None


def list_models() -> list[Model]:
    """Return the protocols in the order of the evaluator.

    Raises:
        EvaluationError: the evaluator is not installed or not whole.
    """
    return [_read(Model, line) for line in _ask()]


def describe_model(
    name: str, *, classes: int = 10, images: int | None = None, timing: bool = True
) -> ModelDescription:
    """Return what one protocol is.

    Args:
        name: one that `list_models` has.
        classes: of a dataset, where the model takes its classes from there.
        images: training images of the expected epoch; None: as many as the budget allows.
        timing: train for some steps, to know how fast it is here.

    Raises:
        UnknownNameError: there is no such model.
        UsageError: a number is out of range, or it is the reader of letters.
        EvaluationError: the evaluator failed.
    """
    require("classes", classes, 2, MOST_CLASSES)
    require("images", images, 1, MOST_IMAGES)
    refuse_letter_reader(name)
    known = [model.name for model in list_models()]
    if name not in known:
        raise UnknownNameError("model", name, known)
    words = [name, "--classes", str(classes)]
    words += [] if images is None else ["--images", str(images)]
    (described,) = _ask(*words, *([] if timing else ["--no-timing"]))
    return _read(ModelDescription, described)


def refuse_letter_reader(name: str) -> None:
    """Refuse the published network that reads letters, and say what works with it.

    Raises:
        UsageError: `name` is that network's.
    """
    if name == LETTER_READER:
        raise UsageError(
            f"{name} reads single letters and scores no dataset; `datagen letters train` trains "
            "it, and `datagen guide letters` says what it is"
        )


def _ask(*words: str) -> Iterator[Mapping[str, Any]]:
    yield from run_tool("models", *words, "--json")


def _read(record: type[Record], plain: Mapping[str, Any]) -> Record:
    try:
        return record.model_validate(plain)
    except ValidationError as error:
        raise EvaluationError(
            f"the evaluator's answer is not as expected: {explain(error)}; install datagen again"
        ) from error
