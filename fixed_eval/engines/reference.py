"""The reference engine: the published script on Keras' own `fit` and `evaluate`.

Nothing here is clever, so that it can be read next to the script. Three differences: the images are
decoded already; the initial weights are set, to what Keras draws too; and `fit` is called once per
epoch with that epoch's order, because how often Keras opens a dataset (and so moves its shuffle on)
changed between its versions.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fixed_eval.data import Split
from fixed_eval.initial_weights import initial_weights
from fixed_eval.network import Weights, build_network
from fixed_eval.order import Order
from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.cutoff_resnet50 import CutoffProtocol
from fixed_eval.training import Logits, Snapshot


class ReferenceEngine:
    """`model.fit` with Adam on the cut ResNet50; see `fixed_eval.training.Engine`."""

    name = "reference"
    bits = None

    def __init__(self, train: Split, val: Split, protocol: CutoffProtocol, seed: int) -> None:
        self._protocol = protocol
        classes = len(protocol.classes)
        self._train = tf.constant(train.images), tf.one_hot(train.labels, classes)
        self._val = tf.constant(val.images), tf.one_hot(val.labels, classes)
        self._model = build_network(protocol, seed)
        # What this Keras drew, unless it draws otherwise than the protocol's.
        self._model.set_weights(list(initial_weights(protocol, seed).values()))
        self._model.compile(
            optimizer=keras.optimizers.Adam(learning_rate=protocol.learning_rate),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        self._model.optimizer.build(self._model.trainable_variables)

    def _batches(self, split: tuple[Any, Any], order: Order) -> Any:
        """The images and labels in `order`, in batches, the last partial one kept."""
        images, labels = split
        positions = tf.data.Dataset.from_tensor_slices(order).batch(self._protocol.batch_size)
        return positions.map(lambda batch: (tf.gather(images, batch), tf.gather(labels, batch)))

    def set_phase(self, phase: Phase, rate: float) -> None:
        """Set the learning rate; the protocols of this network have one phase."""
        del phase
        self._model.optimizer.learning_rate.assign(rate)

    def train_epoch(self, order: Order) -> tuple[float, float]:
        """One epoch of `model.fit`."""
        batches = self._batches(self._train, order)
        fit = self._model.fit(batches, epochs=1, shuffle=False, verbose=0)
        return fit.history["loss"][0], fit.history["accuracy"][0]

    def evaluate(self, order: Order) -> tuple[float, float]:
        """`model.evaluate` on the validation split."""
        loss, accuracy = self._model.evaluate(self._batches(self._val, order), verbose=0)
        return loss, accuracy

    def predict(self, weights: Weights, images: np.ndarray[Any, Any]) -> Logits:
        """`model.predict` under other weights; the present ones come back afterwards."""
        present = self._model.get_weights()
        self._model.set_weights(weights)
        batches = tf.data.Dataset.from_tensor_slices(images).batch(self._protocol.batch_size)
        logits: Logits = self._model.predict(batches, verbose=0)
        self._model.set_weights(present)
        return logits

    def snapshot(self) -> Snapshot:
        """Model weights and the Keras optimiser's slots."""
        slots = [variable.numpy() for variable in self._model.optimizer.variables]
        # Keras' Adam holds: iterations, learning rate, then (momentum, velocity) per weight.
        return Snapshot(
            weights=tuple(self._model.get_weights()),
            momentums=tuple(slots[2::2]),
            velocities=tuple(slots[3::2]),
            step=int(slots[0]),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Set model and optimiser to `snapshot`."""
        self._model.set_weights(snapshot.weights)
        slots = self._model.optimizer.variables
        slots[0].assign(snapshot.step)
        for slot, value in zip(slots[2::2], snapshot.momentums, strict=True):
            slot.assign(value)
        for slot, value in zip(slots[3::2], snapshot.velocities, strict=True):
            slot.assign(value)
