"""The fast engine: the same network and updates as a lean TensorFlow loop.

Same mathematics as the reference, in fewer and larger operations: many steps per call of one
`tf.function`, fused batch norm, 1×1 convolutions as matrix products, one fused Adam operation per
weight. The convolutions' biases stay at their initial zero: batch norm subtracts whatever a bias
adds, so their gradient is zero but for rounding (the reference's Adam turns that rounding into
small steps, which the moving means then take out again).
"""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from fixed_eval.data import Split
from fixed_eval.initial_weights import initial_weights, trainable
from fixed_eval.network import Weights, preprocess
from fixed_eval.order import Order
from fixed_eval.protocols.base import Phase
from fixed_eval.protocols.cutoff_resnet50 import CutoffProtocol
from fixed_eval.training import Logits, Snapshot

STEPS_PER_CALL = 100  # about a second: how long Ctrl-C waits
INFERENCE_BATCH = 64  # does not change a prediction, only the time it takes
PADDED = ((0, 0), (1, 1), (1, 1), (0, 0))  # pool1_pad
STEM_PADDED = ((0, 0), (3, 3), (3, 3), (0, 0))  # conv1_pad


@dataclasses.dataclass(frozen=True)
class Unit:
    """A convolution and its batch norm; names as in Keras' ResNet50."""

    name: str
    stride: int = 1

    def weight(self, part: str) -> str:
        """Path of one weight: `kernel` and `bias` are the convolution's, the rest batch norm's."""
        layer = "conv" if part in {"kernel", "bias"} else "bn"
        return f"{self.name}_{layer}/{part}"


STEM = Unit("conv1", stride=2)
SHORTCUT = Unit("conv2_block1_0")
BLOCKS = tuple(
    (Unit(f"conv2_block{block}_1"), Unit(f"conv2_block{block}_2"), Unit(f"conv2_block{block}_3"))
    for block in (1, 2, 3)
)
UNITS = (STEM, SHORTCUT, *(unit for block in BLOCKS for unit in block))


class FastEngine:
    """The cut ResNet50 as a hand-written training loop; see `fixed_eval.training.Engine`."""

    name = "fast"
    bits = None

    def __init__(self, train: Split, val: Split, protocol: CutoffProtocol, seed: int) -> None:
        self._protocol = protocol
        weights = initial_weights(protocol, seed)
        self._paths = tuple(weights)
        self._trainable = trainable(weights)
        self._learned = tuple(path for path in self._trainable if not path.endswith("conv/bias"))
        self._shapes = {path: weight.shape for path, weight in weights.items()}
        self._weights = {path: tf.Variable(tf.zeros(self._shapes[path])) for path in self._learned}
        self._momentums = {path: tf.Variable(tf.zeros_like(w)) for path, w in self._weights.items()}
        self._velocities = {
            path: tf.Variable(tf.zeros_like(w)) for path, w in self._weights.items()
        }
        # Moving means of all units, then their moving variances: one vector, one update.
        self._channels = [self._shapes[unit.weight("gamma")][0] for unit in UNITS]
        self._moving = tf.Variable(tf.zeros([2 * sum(self._channels)]))
        # Values per image that each channel's statistics are taken over.
        self._positions = np.repeat(
            [float(16 * 16 if unit is STEM else 8 * 8) for unit in UNITS], self._channels
        ).astype(np.float32)
        self._step = tf.Variable(0, dtype=tf.int64)
        zeros = tuple(np.zeros(self._shapes[path], np.float32) for path in self._trainable)
        self.restore(Snapshot(tuple(weights.values()), zeros, zeros, step=0))

        self._train = tf.constant(preprocess(train.images, protocol)), tf.constant(train.labels)
        self._val = val
        self._train_steps = tf.function(
            self._loop, autograph=False, input_signature=[tf.TensorSpec([None], tf.int32)]
        ).get_concrete_function()
        image = (None, protocol.image_size, protocol.image_size, 3)
        self._infer = tf.function(
            self._inference,
            autograph=False,
            input_signature=[
                tf.TensorSpec(image, tf.float32),
                {path: tf.TensorSpec(self._shapes[path], tf.float32) for path in self._paths},
            ],
        ).get_concrete_function()

    # Training ------------------------------------------------------------------------------------

    def set_phase(self, phase: Phase, rate: float) -> None:
        """Nothing: the protocols of this network have one phase, and the protocol's rate in it."""

    def train_epoch(self, order: Order) -> tuple[float, float]:
        """All steps of one epoch, some at a time."""
        chunk = STEPS_PER_CALL * self._protocol.batch_size
        loss, hits = 0.0, 0
        for begin in range(0, len(order), chunk):
            losses, correct = self._train_steps(tf.constant(order[begin : begin + chunk]))
            loss += float(np.sum(losses.numpy(), dtype=np.float64))
            hits += int(np.sum(correct.numpy()))
        return loss / len(order), hits / len(order)

    def _loop(self, order: Any) -> tuple[Any, Any]:
        """Steps over `order`: each step's summed loss, and its count of hits."""
        size = self._protocol.batch_size
        images, labels = self._train
        count = tf.size(order)
        steps = (count + size - 1) // size

        def body(step: Any, losses: Any, hits: Any) -> tuple[Any, Any, Any]:
            batch = order[step * size : tf.minimum((step + 1) * size, count)]
            loss, correct = self._learn(tf.gather(images, batch), tf.gather(labels, batch))
            return step + 1, losses.write(step, loss), hits.write(step, correct)

        _, losses, hits = tf.while_loop(
            lambda step, *_: step < steps,
            body,
            (0, tf.TensorArray(tf.float32, steps), tf.TensorArray(tf.int32, steps)),
            parallel_iterations=1,
        )
        return losses.stack(), hits.stack()

    def _learn(self, images: Any, labels: Any) -> tuple[Any, Any]:
        """One step of Adam on one batch; the batch's summed loss and hits."""
        weights = {path: tf.convert_to_tensor(variable) for path, variable in self._weights.items()}
        statistics: dict[str, tuple[Any, Any]] = {}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            logits = self._forward(images, weights, statistics)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, weights)
        self._adam(gradients)
        self._update_moving(statistics, tf.cast(tf.size(labels), tf.float32))
        hits = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(hits, tf.int32))

    def _update_moving(self, statistics: dict[str, tuple[Any, Any]], batch: Any) -> None:
        """Keras' moving statistics, from those of one batch."""
        means = [statistics[unit.name][0] for unit in UNITS]
        variances = [statistics[unit.name][1] for unit in UNITS]
        # The fused operation reports the sample variance; Keras 3 keeps the population's.
        biased = tf.concat(variances, axis=0) * (1.0 - 1.0 / (batch * self._positions))
        keep = self._protocol.bn_momentum
        self._moving.assign(self._moving * keep + tf.concat([*means, biased], axis=0) * (1 - keep))

    def _adam(self, gradients: dict[str, Any]) -> None:
        """Keras' Adam as one fused operation per weight."""
        protocol = self._protocol
        step = tf.cast(self._step.assign_add(1), tf.float32)
        beta_1_power, beta_2_power = tf.pow(protocol.beta_1, step), tf.pow(protocol.beta_2, step)
        for path in self._learned:
            tf.raw_ops.ResourceApplyAdam(
                var=self._weights[path].handle,
                m=self._momentums[path].handle,
                v=self._velocities[path].handle,
                beta1_power=beta_1_power,
                beta2_power=beta_2_power,
                lr=protocol.learning_rate,
                beta1=protocol.beta_1,
                beta2=protocol.beta_2,
                epsilon=protocol.adam_epsilon,
                grad=gradients[path],
            )

    def _forward(self, x: Any, weights: dict[str, Any], statistics: dict[str, Any]) -> Any:
        """Preprocessed images → logits with batch statistics, which are put in `statistics`."""

        def unit(part: Unit, x: Any) -> Any:
            x = _convolve(part, x, weights[part.weight("kernel")])
            x, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=x,
                scale=weights[part.weight("gamma")],
                offset=weights[part.weight("beta")],
                mean=[],
                variance=[],
                epsilon=self._protocol.bn_epsilon,
                is_training=True,
            )
            statistics[part.name] = mean, variance
            return x

        return _network(unit, x, weights)

    # Scoring -------------------------------------------------------------------------------------

    def evaluate(self, order: Order) -> tuple[float, float]:
        """Loss and accuracy on val; they do not depend on the order, beyond rounding."""
        del order
        logits = self._logits(self.snapshot().weights, self._val.images).astype(np.float64)
        labels = self._val.labels
        top = logits.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
        loss = (log_sum - logits[np.arange(len(labels)), labels]).mean()
        return float(loss), float((logits.argmax(axis=1) == labels).mean())

    def predict(self, weights: Weights, images: np.ndarray[Any, Any]) -> Logits:
        """Logits under other weights; the present ones stay as they are."""
        return self._logits(weights, images)

    def _logits(self, weights: Weights, images: np.ndarray[Any, Any]) -> Logits:
        named = {path: tf.constant(value) for path, value in zip(self._paths, weights, strict=True)}
        batches = [
            self._infer(
                tf.constant(preprocess(images[begin : begin + INFERENCE_BATCH], self._protocol)),
                named,
            ).numpy()
            for begin in range(0, len(images), INFERENCE_BATCH)
        ]
        return np.concatenate(batches)

    def _inference(self, x: Any, weights: dict[str, Any]) -> Any:
        """Preprocessed images → logits with moving statistics, folded into the kernels."""

        def unit(part: Unit, x: Any) -> Any:
            scale = weights[part.weight("gamma")] * tf.math.rsqrt(
                weights[part.weight("moving_variance")] + self._protocol.bn_epsilon
            )
            shift = weights[part.weight("bias")] - weights[part.weight("moving_mean")]
            x = _convolve(part, x, weights[part.weight("kernel")] * scale)
            return tf.nn.bias_add(x, weights[part.weight("beta")] + shift * scale)

        return _network(unit, x, weights)

    # State ---------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Copies, in Keras' order; what batch norm cancels is zero."""
        values = {path: variable.numpy() for path, variable in self._weights.items()}
        moving = np.split(self._moving.numpy(), np.cumsum(self._channels * 2)[:-1])
        for position, unit in enumerate(UNITS):
            values[unit.weight("moving_mean")] = moving[position]
            values[unit.weight("moving_variance")] = moving[position + len(UNITS)]
        return Snapshot(
            weights=tuple(self._or_zero(values, path) for path in self._paths),
            momentums=self._slots(self._momentums),
            velocities=self._slots(self._velocities),
            step=int(self._step.numpy()),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Set weights, moving statistics, Adam's slots and step count to `snapshot`."""
        values = dict(zip(self._paths, snapshot.weights, strict=True))
        momentums = dict(zip(self._trainable, snapshot.momentums, strict=True))
        velocities = dict(zip(self._trainable, snapshot.velocities, strict=True))
        for path in self._learned:
            self._weights[path].assign(values[path])
            self._momentums[path].assign(momentums[path])
            self._velocities[path].assign(velocities[path])
        means = [values[unit.weight("moving_mean")] for unit in UNITS]
        variances = [values[unit.weight("moving_variance")] for unit in UNITS]
        self._moving.assign(np.concatenate([*means, *variances]))
        self._step.assign(snapshot.step)

    def _slots(self, variables: dict[str, Any]) -> Weights:
        values = {path: variable.numpy() for path, variable in variables.items()}
        return tuple(self._or_zero(values, path) for path in self._trainable)

    def _or_zero(
        self, values: dict[str, np.ndarray[Any, Any]], path: str
    ) -> np.ndarray[Any, np.dtype[np.float32]]:
        return values[path] if path in values else np.zeros(self._shapes[path], np.float32)


def _network(unit: Any, x: Any, weights: dict[str, Any]) -> Any:
    """The cut ResNet50 and its head, given what a convolution with batch norm does."""
    x = tf.nn.relu(unit(STEM, x))
    x = tf.nn.max_pool2d(tf.pad(x, PADDED), 3, 2, "VALID")
    shortcut = unit(SHORTCUT, x)
    for reduce, spread, expand in BLOCKS:
        inner = tf.nn.relu(unit(spread, tf.nn.relu(unit(reduce, x))))
        x = shortcut = tf.nn.relu(shortcut + unit(expand, inner))
    pooled = tf.reduce_mean(x, axis=(1, 2))
    return tf.matmul(pooled, weights["dense/kernel"]) + weights["dense/bias"]


def _convolve(part: Unit, x: Any, kernel: Any) -> Any:
    """One convolution without its bias; a 1×1 one is a matrix product over all positions."""
    side, _, inputs, outputs = kernel.shape
    if side == 1:
        flat = tf.matmul(tf.reshape(x, (-1, inputs)), tf.reshape(kernel, (inputs, outputs)))
        return tf.reshape(flat, (-1, x.shape[1], x.shape[2], outputs))
    padding: Any = STEM_PADDED if part is STEM else "SAME"
    return tf.nn.conv2d(x, kernel, part.stride, padding)
