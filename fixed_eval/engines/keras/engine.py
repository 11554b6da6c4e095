"""The Keras engine: `model.fit` on whatever network a `KerasProtocol` builds.

Images stay as they were read, once in memory; a batch is gathered when its turn comes. The order of
the batches comes from the protocol, so Keras shuffles nothing. It gives the same bits on the same
machine with the same versions and threads, as TensorFlow's deterministic operations do.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fixed_eval.data import Split
from fixed_eval.network import Weights
from fixed_eval.order import Order
from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.keras_protocol import KerasProtocol
from fixed_eval.training import Logits, Snapshot

Images = np.ndarray[Any, Any]


class KerasEngine:
    """A Keras model with one optimiser for each phase; see `fixed_eval.training.Engine`.

    Args:
        train: To learn from.
        val: To validate on.
        protocol: Builds the network; has its classes.
        seed: Of the initial weights, and of what is drawn while training.
        weights: What a pretrained base begins with.

    Raises:
        InputError: If the weights cannot be had.
    """

    name = "keras"
    bits = None

    def __init__(
        self, train: Split, val: Split, protocol: KerasProtocol, seed: int, weights: str
    ) -> None:
        keras.backend.clear_session()  # layer names as in a fresh process
        keras.utils.set_random_seed(seed)
        self._protocol, self._train, self._val = protocol, train, val
        self._model = protocol.build(len(protocol.classes), weights)
        self._phase: Phase | None = None

    def set_phase(self, phase: Phase, rate: float) -> None:
        """Compile with a new optimiser where the phase is another one; set the learning rate."""
        if phase != self._phase:
            self._phase = phase
            self._protocol.enter(self._model, phase)
            self._model.compile(
                optimizer=self._protocol.optimiser(phase),
                loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"],
            )
            self._model.optimizer.build(self._model.trainable_variables)
        self._model.optimizer.learning_rate.assign(rate)

    # Training and scoring ------------------------------------------------------------------------

    def train_epoch(self, order: Sequence[Order]) -> tuple[float, float]:
        """One epoch of `model.fit` on these batches."""
        batches = self._labelled(self._train, order)
        history = self._model.fit(batches, epochs=1, shuffle=False, verbose=0).history
        return history["loss"][0], history["accuracy"][0]

    def evaluate(self, order: Order) -> tuple[float, float]:
        """`model.evaluate` on the validation split."""
        batches = self._labelled(self._val, self._protocol.cut(order))
        loss, accuracy = self._model.evaluate(batches, verbose=0)
        return loss, accuracy

    def predict(self, weights: Weights, images: Images) -> Logits:
        """`model.predict` under other weights; the present ones come back afterwards."""
        present = self._model.get_weights()
        self._model.set_weights(weights)
        batches = self._protocol.cut(np.arange(len(images), dtype=np.int32))
        inputs = self._dataset(lambda: map(images.__getitem__, batches), len(batches), images)
        logits: Logits = self._model.predict(inputs.map(self._as_input), verbose=0)
        self._model.set_weights(present)
        return logits

    def _labelled(self, split: Split, batches: Sequence[Order]) -> Any:
        """Batches of a split's images and labels, as a `tf.data.Dataset`."""

        def gather() -> Iterator[tuple[Images, Any]]:
            return ((split.images[batch], split.labels[batch]) for batch in batches)

        found = self._dataset(gather, len(batches), split.images, split.labels)
        return found.map(lambda images, labels: (self._as_input(images), labels))

    @staticmethod
    def _dataset(generate: Any, count: int, *arrays: Images) -> Any:
        """A dataset of the `count` batches that `generate` yields, which are slices of `arrays`."""
        kinds = tuple(
            tf.TensorSpec((None, *array.shape[1:]), tf.as_dtype(array.dtype)) for array in arrays
        )
        signature = kinds if len(kinds) > 1 else kinds[0]
        batches = tf.data.Dataset.from_generator(generate, output_signature=signature)
        return batches.apply(tf.data.experimental.assert_cardinality(count)).prefetch(2)

    def _as_input(self, images: Any) -> Any:
        return as_input(images, self._protocol.colour)

    # State ---------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Weights, the optimiser's variables, and the states of all generators."""
        optimiser = self._model.optimizer
        return Snapshot(
            weights=tuple(self._model.get_weights()),
            momentums=tuple(variable.numpy() for variable in self._slots()),
            velocities=(),
            step=int(optimiser.iterations.numpy()),
            generators=tuple(variable.numpy() for variable in self._generators()),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Set all of it; without slots, the optimiser stays as it begins."""
        self._model.set_weights(snapshot.weights)
        if snapshot.momentums:
            self._model.optimizer.iterations.assign(snapshot.step)
            for variable, value in zip(self._slots(), snapshot.momentums, strict=True):
                variable.assign(value)
        for variable, state in zip(self._generators(), snapshot.generators, strict=True):
            variable.assign(state)

    def _slots(self) -> list[Any]:
        """The optimiser's variables but for its step count and learning rate."""
        optimiser = self._model.optimizer
        apart = (optimiser.iterations, optimiser.learning_rate)
        return [v for v in optimiser.variables if not any(v is each for each in apart)]

    def _generators(self) -> list[Any]:
        """The states of what draws in layers: dropout, augmentation."""
        weights = {id(weight) for weight in self._model.weights}
        return [v for v in self._model.variables if "seed" in v.path and id(v) not in weights]


def as_input(images: Any, colour: str) -> Any:
    """A batch of RGB images as a network takes it: float32 0..255, in one channel if `grey`."""
    if colour == "grey":
        images = tf.image.rgb_to_grayscale(images)
    return tf.cast(images, tf.float32)
