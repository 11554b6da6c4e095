"""`model-s`: a small network that may be trained on several folders, never mixed in one batch."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import numpy as np

from fixed_eval.order import Order, epoch_orders
from fixed_eval.protocols.base import Phase, Plateau
from fixed_eval.protocols.keras_protocol import KERAS_FILES, NO_WEIGHTS, KerasProtocol

BATCH: Final = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class FoldersProtocol(KerasProtocol):
    """What `model-s` and its successor share: how they train.

    Attributes:
        batch_buffer: Size of the buffer that shuffles the batches of all folders, batches.
    """

    image_size: int = 32
    pixels: Literal["float32", "uint8"] = "uint8"
    batch_size: int = BATCH
    shuffle_buffer: int = BATCH * 8  # of each folder: image_dataset_from_directory
    extra_train: bool = True
    batch_buffer: int = 1000

    def train_batches(
        self, parts: Sequence[int], seed: int, skip: int = 0
    ) -> Iterator[Sequence[Order]]:
        """Each folder shuffled and cut into batches by itself; then all batches shuffled.

        No batch holds images of two folders, so each folder may have a smaller last batch.
        """
        starts = np.cumsum([0, *parts[:-1]], dtype=np.int32)
        folders = [epoch_orders(part, self.shuffle_buffer, seed, skip) for part in parts]
        count = sum(self.batches(part) for part in parts)
        for order in epoch_orders(count, self.batch_buffer, seed, skip):
            batches = [
                batch
                for start, folder in zip(starts, folders, strict=True)
                for batch in self.cut(next(folder) + start)
            ]
            yield [batches[position] for position in order]


def phase(learning_rate: float) -> Phase:
    """At most 30 epochs, of which the one with the lowest val loss is kept."""
    return Phase(
        "train",
        epochs=30,
        learning_rate=learning_rate,
        monitor="val_loss",
        patience=6,
        plateau=Plateau(factor=0.1, patience=3, min_delta=1e-4),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelS(FoldersProtocol):
    """Three convolutions and a dense layer.

    Attributes:
        momentum: Of stochastic gradient descent.
    """

    momentum: float = 0.9

    def build(self, classes: int, weights: str = NO_WEIGHTS) -> Any:
        """Pixels / 255; convolutions of 16, 32 and 64, each pooled (16, 8, 4); dense 128."""
        import keras

        layers = keras.layers
        inputs = self.inputs()
        x = layers.Rescaling(1 / 255)(inputs)
        for filters in (16, 32, 64):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
            x = layers.MaxPooling2D()(x)
        x = layers.Flatten()(x)
        x = layers.Dense(128, activation="relu")(x)
        return keras.Model(inputs, layers.Dense(classes)(x))

    def optimiser(self, phase: Phase) -> Any:
        """Stochastic gradient descent with momentum."""
        import keras

        return keras.optimizers.SGD(phase.learning_rate, momentum=self.momentum)


MODEL_S = ModelS(
    name="model-s",
    version=1,
    summary="three convolutions, SGD with a falling rate; may train on further folders",
    source="published Roman numerals model, first version",
    phases=(phase(0.01),),
    frozen_files=(*KERAS_FILES, "protocols/model_s.py"),
    parameters=156_074,
)
