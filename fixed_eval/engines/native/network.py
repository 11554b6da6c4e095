"""The cut ResNet50 and its head in compiled parts: forward, and backward to every weight.

Weights are named as in Keras. A `Network` is made for one batch size and owns the memory for it;
networks of several sizes share weights and gradients.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fixed_eval.engines.native import layers, winograd
from fixed_eval.engines.native.blas import multiply
from fixed_eval.engines.native.layers import Matrix, Vector
from fixed_eval.engines.native.memory import Memory
from fixed_eval.protocol import Protocol

SIDE = winograd.SIDE  # of the maps behind the stem
POSITIONS = SIDE * SIDE
RINGED_POSITIONS = winograd.WIDE * winograd.WIDE
NARROW, BROAD = winograd.CHANNELS, 256  # channels within a block, and between blocks
STEM_POSITIONS = layers.STEM_SIDE * layers.STEM_SIDE
PATCH = layers.STEM * layers.STEM_WIDTH
RESTING = ("conv/bias", "moving_mean", "moving_variance")

NOTHING = np.empty((0, PATCH), np.float32)  # the gradient of the images is not wanted

Values = Mapping[str, np.ndarray[Any, np.dtype[np.float32]]]


class Parameters:
    """One value per weight. Those that Adam moves lie in one vector, `learned`.

    The convolutions' biases are not among them: batch norm takes out what a bias adds.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], memory: Memory) -> None:
        self._shapes = dict(shapes)
        learned = [path for path in shapes if not path.endswith(RESTING)]
        sizes = [math.prod(shapes[path]) for path in learned]
        self.learned: Vector = memory.take(sum(sizes))
        parts = np.split(self.learned, np.cumsum(sizes)[:-1])
        self._arrays = dict(zip(learned, parts, strict=True))
        for path in shapes.keys() - self._arrays.keys():
            self._arrays[path] = memory.take(*shapes[path])

    def vector(self, path: str) -> Vector:
        """The memory of a weight with one axis."""
        return self._arrays[path]

    def matrix(self, path: str) -> Matrix:
        """The memory of a kernel: all that a position sees × channels out."""
        return self._arrays[path].reshape(-1, self._shapes[path][-1])

    def load(self, values: Values) -> None:
        """Set the weights that `values` names."""
        for path, value in values.items():
            self._arrays[path][:] = value.reshape(-1)

    def copy(self, path: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """A weight in Keras' shape."""
        return self._arrays[path].reshape(self._shapes[path]).copy()


@dataclasses.dataclass(frozen=True)
class Plan:
    """What all parts of a network are made from."""

    images: int
    weights: Parameters
    gradients: Parameters
    protocol: Protocol
    memory: Memory

    @property
    def rows(self) -> int:
        """Of the activations behind the stem."""
        return self.images * POSITIONS


class Unit:
    """A convolution as a matrix product, and its batch norm.

    `raw` (rows × channels) is the convolution's result; `centre` and `scale` are what batch norm
    then subtracts and multiplies with.
    """

    def __init__(self, name: str, rows: int, plan: Plan) -> None:
        weights, gradients = plan.weights, plan.gradients
        self.kernel = weights.matrix(f"{name}_conv/kernel")
        self.d_kernel = gradients.matrix(f"{name}_conv/kernel")
        inner, channels = self.kernel.shape
        self._bias = weights.vector(f"{name}_conv/bias")
        self._gamma, self.beta = (weights.vector(f"{name}_bn/{part}") for part in ("gamma", "beta"))
        self._d_gamma, self._d_beta = (
            gradients.vector(f"{name}_bn/{part}") for part in ("gamma", "beta")
        )
        self._moving = tuple(
            weights.vector(f"{name}_bn/moving_{part}") for part in ("mean", "variance")
        )
        self._protocol = plan.protocol
        self._flipped = plan.memory.take(channels, inner)
        self.raw = plan.memory.take(rows, channels)
        self.centre, self._inverse, self.scale = plan.memory.take(3, channels)

    def convolve(self, x: Matrix, *, learn: bool) -> None:
        """Fill `raw`; when learning, take batch norm's statistics from it."""
        multiply(x, self.kernel, self.raw)
        if learn:
            self._take_statistics()

    def _take_statistics(self) -> None:
        layers.learn_statistics(
            self.raw,
            self._gamma,
            self._bias,
            self._protocol.bn_epsilon,
            self._protocol.bn_momentum,
            self.centre,
            self._inverse,
            self.scale,
            *self._moving,
        )

    def rest(self) -> None:
        """Take the moving statistics, until the next `convolve` that learns."""
        mean, variance = self._moving
        self.centre[:] = mean - self._bias
        self.scale[:] = self._gamma / np.sqrt(variance + np.float32(self._protocol.bn_epsilon))

    @property
    def norm(self) -> tuple[Matrix, Vector, Vector, Vector]:
        """What `layers.normalise` and its kin begin with."""
        return self.raw, self.centre, self.scale, self.beta

    def backward(self, x: Matrix, gradient: Matrix, d_x: Matrix) -> None:
        """From batch norm's result to the weights and, where `d_x` has rows, to the input `x`."""
        layers.unit_backward(
            x,
            self.kernel,
            self.raw,
            gradient,
            self.centre,
            self._inverse,
            self.scale,
            self._d_gamma,
            self._d_beta,
            self._flipped,
            self.d_kernel,
            d_x,
        )


class Room:
    """Memory for values that are done with before the next block begins."""

    def __init__(self, plan: Plan) -> None:
        take = plan.memory.take
        self.m, self.n = take(2, winograd.PLACES * winograd.TURN_PLACE)
        self.u, self.flipped = take(2, winograd.PLACES * winograd.MATRIX)
        self.d_narrow, self.d_raw = take(2, plan.rows, NARROW)
        self.d_reduced = take(plan.images * RINGED_POSITIONS, NARROW)


class Spread(Unit):
    """A 3×3 convolution by Winograd's algorithm; its input has a ring of zeros."""

    def __init__(self, name: str, plan: Plan, room: Room) -> None:
        super().__init__(name, plan.rows, plan)
        self._images = plan.images
        self._room = room
        self._v = plan.memory.take(winograd.PLACES * winograd.PLACE)

    def convolve(self, x: Matrix, *, learn: bool) -> None:
        """As `Unit.convolve`."""
        winograd.convolve(
            x.reshape(-1),
            self.kernel.reshape(-1),
            self._images,
            self._v,
            self._room.u,
            self._room.m,
            self.raw.reshape(-1),
        )
        if learn:
            self._take_statistics()

    def backward(self, x: Matrix, gradient: Matrix, d_x: Matrix) -> None:  # noqa: ARG002
        """As `Unit.backward`; `d_x` has the ring, `x` is in V already."""
        d_raw = self._room.d_raw
        level, slope = layers.normalise_backward_sums(
            self.raw,
            gradient,
            self.centre,
            self._inverse,
            self.scale,
            self._d_gamma,
            self._d_beta,
        )
        layers.normalise_backward(self.raw, gradient, self.centre, self.scale, level, slope, d_raw)
        winograd.convolve_backward(
            self.kernel.reshape(-1),
            self._v,
            d_raw.reshape(-1),
            self._images,
            self._room.n,
            self._room.m,
            self._room.u,
            self._room.flipped,
            self.d_kernel.reshape(-1),
            d_x.reshape(-1),
        )


class Block:
    """A residual block: 1×1, 3×3, 1×1, each with batch norm, and the sum with the shortcut."""

    def __init__(self, name: str, plan: Plan, room: Room) -> None:
        self._reduce = Unit(f"{name}_1", plan.rows, plan)
        self._spread = Spread(f"{name}_2", plan, room)
        self._expand = Unit(f"{name}_3", plan.rows, plan)
        self.units = (self._reduce, self._spread, self._expand)
        self._reduced = plan.memory.take(plan.images * RINGED_POSITIONS, NARROW)  # its ring stays 0
        self._spreaded = plan.memory.take(plan.rows, NARROW)
        self._room = room
        self.out = plan.memory.take(plan.rows, BROAD)

    def forward(self, x: Matrix, shortcut: Matrix, *, learn: bool) -> None:
        """Fill `out` from the block's input and what goes around it."""
        self._reduce.convolve(x, learn=learn)
        layers.normalise_relu_ring(*self._reduce.norm, self._reduced, SIDE)
        self._spread.convolve(self._reduced, learn=learn)
        layers.normalise_relu(*self._spread.norm, self._spreaded)
        self._expand.convolve(self._spreaded, learn=learn)
        layers.normalise_add_relu(*self._expand.norm, shortcut, self.out)

    def backward(self, x: Matrix, gradient: Matrix, d_x: Matrix) -> None:
        """From the masked gradient of the sum to all weights and, through the units, to `x`."""
        narrow, ringed = self._room.d_narrow, self._room.d_reduced
        self._expand.backward(self._spreaded, gradient, narrow)
        layers.mask(narrow, self._spreaded)
        self._spread.backward(self._reduced, narrow, ringed)
        layers.mask_ring(ringed, self._reduced, narrow, SIDE)
        self._reduce.backward(x, narrow, d_x)


class Network:
    """The network for batches of `images`, at most `winograd.BATCH`."""

    def __init__(
        self, images: int, weights: Parameters, gradients: Parameters, protocol: Protocol
    ) -> None:
        memory = Memory()
        plan = Plan(images, weights, gradients, protocol, memory)
        rows, stem_rows, room = plan.rows, images * STEM_POSITIONS, Room(plan)
        self._images = images
        self._means = np.array(protocol.channel_means, np.float32)
        self._stem = Unit("conv1", stem_rows, plan)
        self._shortcut = Unit("conv2_block1_0", rows, plan)
        self._blocks = tuple(Block(f"conv2_block{number}", plan, room) for number in (1, 2, 3))
        self._dense = weights.matrix("dense/kernel"), weights.vector("dense/bias")
        self._d_dense = gradients.matrix("dense/kernel"), gradients.vector("dense/bias")

        side = layers.RINGED_SIDE
        self._ringed = memory.take(images * side * side * layers.COLOURS + layers.SLACK)
        self._pictures = self._ringed[: -layers.SLACK].reshape(images, side, side, layers.COLOURS)
        self._spaced = memory.take(stem_rows * PATCH + layers.SLACK)
        self._patches = self._spaced[: -layers.SLACK].reshape(stem_rows, PATCH)
        self._stem_out, self._d_stem = memory.take(2, stem_rows, NARROW)
        self._pooled, self._d_pooled, self._d_other = memory.take(3, rows, NARROW)
        self._which = np.empty((rows, NARROW), np.uint8)
        self._around, self._d_sum, self._d_x = memory.take(3, rows, BROAD)
        self._average, self._d_average = memory.take(2, images, BROAD)
        self.logits, self._d_logits = memory.take(2, images, len(protocol.classes))

    def learn(self, images: Any, labels: Any, positions: Any) -> tuple[float, int]:
        """Set the gradients of the mean loss on `images[positions]`; its sum, and the hits.

        Args:
            images: float32 N×32×32×3, RGB 0..255.
            labels: int32 N.
            positions: int32, as many as the network is made for.
        """
        self._forward(images, positions, learn=True)
        loss, hits = layers.cross_entropy(self.logits, labels[positions], self._d_logits)
        self._backward()
        return loss, hits

    def rest(self) -> None:
        """Take the moving statistics: before `infer`, and after any change of the weights."""
        for unit in (self._stem, self._shortcut, *(u for b in self._blocks for u in b.units)):
            unit.rest()

    def infer(self, images: Any, positions: Any) -> None:
        """Set `logits` to those of `images[positions]`, as in `learn`."""
        self._forward(images, positions, learn=False)

    def _forward(self, images: Any, positions: Any, *, learn: bool) -> None:
        layers.gather(images, positions, self._means, self._pictures)
        layers.patches(self._ringed, self._images, self._spaced)
        self._stem.convolve(self._patches, learn=learn)
        layers.normalise_relu(*self._stem.norm, self._stem_out)
        layers.pool(self._stem_out, layers.STEM_SIDE, self._pooled, self._which)
        self._shortcut.convolve(self._pooled, learn=learn)
        layers.normalise(*self._shortcut.norm, self._around)
        x, shortcut = self._pooled, self._around
        for block in self._blocks:
            block.forward(x, shortcut, learn=learn)
            x = shortcut = block.out
        layers.average(x, self._average)
        layers.dense(self._average, *self._dense, self.logits)

    def _backward(self) -> None:
        first, second, third = self._blocks
        d_sum = self._d_sum
        layers.dense_backward(
            self._average, self._dense[0], self._d_logits, *self._d_dense, self._d_average
        )
        layers.average_backward(self._d_average, third.out, d_sum)
        for block, before in ((third, second), (second, first)):
            block.backward(before.out, d_sum, self._d_x)
            layers.add_mask(d_sum, self._d_x, before.out)
        first.backward(self._pooled, d_sum, self._d_pooled)
        self._shortcut.backward(self._pooled, d_sum, self._d_other)
        layers.add(self._d_pooled, self._d_other)
        layers.pool_backward(self._d_pooled, self._which, layers.STEM_SIDE, self._d_stem)
        self._stem.backward(self._patches, self._d_stem, NOTHING)
