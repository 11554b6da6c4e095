"""What every frozen protocol has: its constants, its phases, its budget, its frozen files.

A protocol is a value: nothing here reads a file or imports TensorFlow. A changed constant is a new
version with a new name in the registry, never an edit.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from fixed_eval.errors import BudgetError
from fixed_eval.order import epoch_orders

BUDGET_BATCH: Final = 8
"""The 2021 Data-Centric AI Competition counted its budget in batches of 8, so every protocol does,
whatever batch it trains with."""

MAX_IMAGES: Final = 10_000
"""The competition's budget, train + val."""

COMMON_FILES: Final = (
    "data.py",
    "decoding.py",
    "heldout.py",
    "inputs.py",
    "image_size.py",
    "metrics.py",
    "order.py",
    "philox.py",
    "png.py",
    "protocols/base.py",
    "receipt.py",
    "resize.py",
    "rules.py",
    "runtime.py",
    "score.py",
    "training.py",
)
"""Frozen files that move the scores of every protocol."""


@dataclasses.dataclass(frozen=True)
class Plateau:
    """Lower the learning rate where the val loss stays, as Keras' `ReduceLROnPlateau`.

    Attributes:
        factor: What the learning rate is multiplied by.
        patience: Epochs without a lower val loss before that.
        min_delta: By how much it must be lower to count (nats).
    """

    factor: float
    patience: int
    min_delta: float


@dataclasses.dataclass(frozen=True)
class Phase:
    """A part of a training, with its own optimiser and its own end.

    Attributes:
        name: `train`, or what is special about the phase.
        epochs: At most so many.
        learning_rate: At its begin.
        monitor: Says which epoch is best: the highest val accuracy, or the lowest val loss.
        patience: Epochs without a better one that end the phase; None: it runs all of them.
        keep: The weights that go on and are scored: of the `best` epoch, or of the `last`.
        plateau: When the learning rate falls; None: never.
    """

    name: str
    epochs: int
    learning_rate: float
    monitor: Literal["val_accuracy", "val_loss"] = "val_accuracy"
    patience: int | None = None
    keep: Literal["best", "last"] = "best"
    plateau: Plateau | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """One way of training and scoring, down to the last constant.

    Attributes:
        name: Key in the registry.
        version: Counts changes that can move a score.
        summary: What it is, in one sentence.
        source: Where it was published.
        classes: Class folder names; the position is the label. Empty: those of the dataset.
        image_size: Side of the square network input, pixels.
        pixels: How images are held: `float32` as resized, or `uint8`, rounded to whole levels.
        batch_size: Images per step; the last batch of an epoch may be smaller.
        shuffle_buffer: Size of the shuffle buffer, images.
        phases: In order. Each begins with the weights that the one before kept.
        engines: Names of the engines that know it; the first is the one for a CPU.
        frozen_files: Files of this package, besides `COMMON_FILES`, that can move its scores.
        seed: Seed of an official score.
        parameters: Weights of the network with ten classes, those that are not trained included.
    """

    name: str
    version: int
    summary: str
    source: str
    classes: tuple[str, ...]
    image_size: int
    pixels: Literal["float32", "uint8"]
    batch_size: int
    shuffle_buffer: int
    phases: tuple[Phase, ...]
    engines: tuple[str, ...]
    frozen_files: tuple[str, ...]
    seed: int
    parameters: int

    @property
    def epochs(self) -> int:
        """Epochs of a whole run, where no phase ends early."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of this package that can move its scores."""
        return tuple(sorted({*COMMON_FILES, *self.frozen_files}))

    def constants(self) -> dict[str, Any]:
        """All values of it, but for its frozen files, as plain data."""
        plain = dataclasses.asdict(self)
        del plain["frozen_files"]
        return {**plain, "epochs": self.epochs, "max_images": MAX_IMAGES}

    def shortened(self, epochs: int | None) -> tuple[Phase, ...]:
        """The phases of a preview, each of at most `epochs` epochs; None shortens nothing."""
        if epochs is None:
            return self.phases
        return tuple(
            dataclasses.replace(phase, epochs=min(phase.epochs, epochs)) for phase in self.phases
        )

    def train_batches(self, parts: Sequence[int], seed: int, skip: int = 0) -> Iterator[Any]:
        """The training images of each epoch, without end: their order, of which batches are slices.

        Args:
            parts: How many images each training folder has; they follow each other.
            seed: Of the shuffle.
            skip: Epochs to leave out first.
        """
        return epoch_orders(sum(parts), self.shuffle_buffer, seed, skip)

    def batches(self, images: int) -> int:
        """Batches that `images` images fill, the last partial one included."""
        return math.ceil(images / self.batch_size)


def budget_used(train: int, val: int) -> int:
    """Images as the competition's script counts them: whole batches times the batch size."""
    return (math.ceil(train / BUDGET_BATCH) + math.ceil(val / BUDGET_BATCH)) * BUDGET_BATCH


def check_budget(train: int, val: int) -> None:
    """Refuse a dataset over the budget, counted exactly or in whole batches.

    Raises:
        BudgetError: With both counts in the message.
    """
    used = budget_used(train, val)
    if train + val > MAX_IMAGES or used > MAX_IMAGES:
        raise BudgetError(
            f"train {train:,} + val {val:,} = {train + val:,} images, counted in whole batches "
            f"of {BUDGET_BATCH}: {used:,}; the budget is {MAX_IMAGES:,} by both counts"
        )
