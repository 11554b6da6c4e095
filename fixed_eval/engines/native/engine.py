"""The native engine: the same network and updates as compiled loops for one CPU core.

Same mathematics as the reference, without a graph: the 3×3 convolutions by Winograd's algorithm,
the other linear parts as matrix products, the rest in loops over what lies in the core's cache. As
in `fast`, the convolutions' biases stay as they are while learning: batch norm takes them out.
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf
from threadpoolctl import ThreadpoolController

from fixed_eval.data import Split
from fixed_eval.engines.native.layers import adam
from fixed_eval.engines.native.memory import Memory
from fixed_eval.engines.native.network import Network, Parameters
from fixed_eval.network import Weights, build_network
from fixed_eval.order import Order
from fixed_eval.protocol import Protocol
from fixed_eval.training import Logits, Snapshot


class NativeEngine:
    """The cut ResNet50 in compiled parts; see `fixed_eval.training.Engine`."""

    name = "native"
    bits = 1

    def __init__(self, train: Split, val: Split, protocol: Protocol, seed: int) -> None:
        with tf.device("CPU"):  # where there is a GPU too, it might draw another last digit
            network = build_network(protocol, seed)
        weights = tuple(network.get_weights())
        self._protocol = protocol
        self._paths = tuple(weight.path for weight in network.weights)
        self._trainable = tuple(weight.path for weight in network.trainable_weights)
        self._shapes = {
            path: weight.shape for path, weight in zip(self._paths, weights, strict=True)
        }
        memory = Memory()
        self._weights, self._gradients, self._momentums, self._velocities = (
            Parameters(self._shapes, memory) for _ in range(4)
        )
        self._networks: dict[int, Network] = {}
        self._step = 0
        self._images = np.ascontiguousarray(train.images, np.float32)
        self._labels = np.ascontiguousarray(train.labels, np.int32)
        self._val = val
        # A product's parts are too small to share: more threads would only wait for each other.
        self._threads = ThreadpoolController()
        self.train_epoch(np.zeros(1, np.int32))  # compiles all there is
        zeros = tuple(np.zeros(self._shapes[path], np.float32) for path in self._trainable)
        self.restore(Snapshot(weights, zeros, zeros, step=0))

    # Training ------------------------------------------------------------------------------------

    def train_epoch(self, order: Order) -> tuple[float, float]:
        """All steps of one epoch."""
        size = self._protocol.batch_size
        loss, hits = 0.0, 0
        with self._threads.limit(limits=1, user_api="blas"):
            for begin in range(0, len(order), size):
                positions = order[begin : begin + size]
                network = self._network(len(positions))
                summed, correct = network.learn(self._images, self._labels, positions)
                self._adam()
                loss, hits = loss + summed, hits + correct
        return loss / len(order), hits / len(order)

    def _network(self, images: int) -> Network:
        """The network for batches of that size: the whole ones, or an epoch's last."""
        if images not in self._networks:
            self._networks[images] = Network(images, self._weights, self._gradients, self._protocol)
        return self._networks[images]

    def _adam(self) -> None:
        """One step; Keras' bias corrections go into the learning rate."""
        protocol = self._protocol
        self._step += 1
        correction = math.sqrt(1 - protocol.beta_2**self._step) / (1 - protocol.beta_1**self._step)
        adam(
            self._weights.learned,
            self._momentums.learned,
            self._velocities.learned,
            self._gradients.learned,
            protocol.learning_rate * correction,
            protocol.beta_1,
            protocol.beta_2,
            protocol.adam_epsilon,
        )

    # Scoring -------------------------------------------------------------------------------------

    def evaluate(self, order: Order) -> tuple[float, float]:
        """Loss and accuracy on val; they do not depend on the order, beyond rounding."""
        del order
        logits = self._logits(self._weights, self._val.images).astype(np.float64)
        labels = self._val.labels
        top = logits.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
        loss = (log_sum - logits[np.arange(len(labels)), labels]).mean()
        return float(loss), float((logits.argmax(axis=1) == labels).mean())

    def predict(self, weights: Weights, images: np.ndarray[Any, Any]) -> Logits:
        """Logits under other weights; the present ones stay as they are."""
        others = Parameters(self._shapes, Memory())
        others.load(dict(zip(self._paths, weights, strict=True)))
        return self._logits(others, images)

    def _logits(self, weights: Parameters, images: np.ndarray[Any, Any]) -> Logits:
        images = np.ascontiguousarray(images, np.float32)
        size = self._protocol.batch_size  # what fits into the core's cache
        logits = np.empty((len(images), len(self._protocol.classes)), np.float32)
        positions = np.arange(len(images), dtype=np.int32)
        networks: dict[int, Network] = {}
        with self._threads.limit(limits=1, user_api="blas"):
            for begin in range(0, len(images), size):
                part = positions[begin : begin + size]
                if len(part) not in networks:
                    networks[len(part)] = Network(
                        len(part), weights, self._gradients, self._protocol
                    )
                    networks[len(part)].rest()
                networks[len(part)].infer(images, part)
                logits[part] = networks[len(part)].logits
        return logits

    # State ---------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Copies, in Keras' order."""
        return Snapshot(
            weights=tuple(self._weights.copy(path) for path in self._paths),
            momentums=tuple(self._momentums.copy(path) for path in self._trainable),
            velocities=tuple(self._velocities.copy(path) for path in self._trainable),
            step=self._step,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Set weights, moving statistics, Adam's slots and step count to `snapshot`."""
        self._weights.load(dict(zip(self._paths, snapshot.weights, strict=True)))
        self._momentums.load(dict(zip(self._trainable, snapshot.momentums, strict=True)))
        self._velocities.load(dict(zip(self._trainable, snapshot.velocities, strict=True)))
        self._step = snapshot.step
