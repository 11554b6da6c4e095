"""The native engine's parts against TensorFlow's operations, forward and backward."""

import math

import numpy as np
import pytest
import tensorflow as tf

from fixed_eval.engines.native import (
    compiled,
    convolutions,
    exact,
    layers,
    matmul,
    network,
    plan,
    statistics,
    stem,
)
from fixed_eval.engines.native.plan import ROOM, SECOND, STEM_UNIT, THIRD
from fixed_eval.network import preprocess
from fixed_eval.protocols.cutoff_resnet50 import CUTOFF_RESNET50 as PROTOCOL

F = np.float32
SIDE, NARROW, BROAD = plan.SIDE, plan.NARROW, plan.BROAD
SETTINGS = network.Settings(1e-4, 0.9, 0.999, 1e-7, 1e-5, 0.9)


class Arena:
    """A memory that arrays are put into one after the other."""

    def __init__(self) -> None:
        self.m = plan.make_memory()[: 2**20]  # which begins a line of the cache
        self.here = self.m.ctypes.data
        self._next = 0

    def put(self, array):
        at = self._next
        self._next += -(-array.size // 16) * 16 + 32
        self.m[at : at + array.size] = array.reshape(-1)
        return at

    def room(self, *shape):
        return self.put(np.full(shape, 7, F))

    def get(self, at, *shape):
        return self.m[at : at + math.prod(shape)].reshape(shape).copy()


@pytest.fixture(scope="module", autouse=True)
def _parts():
    """Compiled before any compiled code calls one."""
    compiled.compile_parts()


@pytest.fixture
def arena():
    return Arena()


@pytest.fixture
def memory():
    """A whole one, with the plan's places."""
    return plan.make_memory()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def draw(rng, *shape):
    return rng.standard_normal(shape).astype(F)


def put(memory, at, array):
    memory[at : at + array.size] = array.reshape(-1)


def get(memory, at, *shape):
    return memory[at : at + math.prod(shape)].reshape(shape).copy()


def both_halves(memory, weight, *shape):
    """The gradient of a weight: by the first and by the second half of the batch."""
    first, second = (get(memory, weight + k * plan.LEARNED, *shape) for k in (1, 2))
    return first + second


def ring(x):
    return np.ascontiguousarray(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))))


def gradients(function, arrays, upstream):
    """TensorFlow's result, and its gradients by each of `arrays`, as NumPy arrays."""
    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        for tensor in tensors:
            tape.watch(tensor)
        result = function(*tensors)
    found = tape.gradient(result, tensors, tf.constant(upstream))
    return result.numpy(), [gradient.numpy() for gradient in found]


@pytest.mark.parametrize("rows", [1, 8, 37, 64])
@pytest.mark.parametrize(("inner", "columns"), [(64, 64), (147, 64), (64, 256)])
def test_matrix_products(rng, arena, rows, inner, columns):
    a, b, c = draw(rng, rows, inner), draw(rng, inner, columns), draw(rng, rows, columns)
    at_a, at_b, at_c = (arena.put(x) for x in (a, b, c))
    out = arena.room(rows, columns)
    matmul.multiply(arena.here, at_a, at_b, out, rows, inner, columns)
    product = a.astype(float) @ b
    np.testing.assert_allclose(arena.get(out, rows, columns), product, atol=1e-4)
    matmul.add_multiply(arena.here, at_a, at_b, out, rows, inner, columns)
    np.testing.assert_allclose(arena.get(out, rows, columns), 2 * product, atol=1e-4)
    apart = arena.put(np.ones((rows, columns + 32), F))
    matmul.multiply_apart(arena.here, at_a, at_b, apart, rows, inner, columns, columns + 32)
    found = arena.get(apart, rows, columns + 32)
    np.testing.assert_allclose(found[:, :columns], product, atol=1e-4)
    assert (found[:, columns:] == 1).all()
    total = arena.put(np.zeros((inner, columns), F))
    places = (arena.here, at_a, at_c, total, rows, inner, columns)
    matmul.multiply_transposed(*places, 0, inner)
    matmul.add_multiply_transposed(*places, 3, inner - 2)
    expected = a.T.astype(float) @ c
    expected[3:-2] *= 2  # the other rows are others' to make
    np.testing.assert_allclose(arena.get(total, inner, columns), expected, atol=1e-3)


def test_transpose(rng, arena):
    a, out = draw(rng, 64, 256), arena.room(256, 64)
    matmul.transpose(arena.here, arena.put(a), out, 64, 256)
    np.testing.assert_array_equal(arena.get(out, 256, 64), a.T)


@pytest.mark.parametrize("images", [1, 3, 8])
@pytest.mark.parametrize(("size", "ready"), [(1, False), (3, True)])
def test_winograd_is_the_3x3_convolution(rng, memory, images, size, ready):
    here = memory.ctypes.data
    x, upstream = draw(rng, images, 8, 8, 64), draw(rng, images, 8, 8, 64)
    kernel = draw(rng, 3, 3, 64, 64) / 24
    theirs, (d_x, d_kernel) = gradients(
        lambda x, kernel: tf.nn.conv2d(x, kernel, 1, "SAME"), (x, kernel), upstream
    )
    block, unit = SECOND, SECOND.spread
    put(memory, unit.kernel, kernel)
    put(memory, block.reduced, ring(x))
    put(memory, unit.d_raw, upstream)
    put(memory, unit.mine, np.repeat(F([0, 1, 1, 0, 0]), 64))  # batch norm leaves all as it is
    u, flipped = ROOM.u, convolutions.flipped(unit, 0, size)
    for member in range(size):
        convolutions.flip_spread(here, unit, member, size)
        convolutions.transform_kernel(here, unit.kernel, u, member, size)
    convolutions.spread(here, block.reduced, block.v, unit, u, ready, 0, images, 0)
    np.testing.assert_allclose(get(memory, unit.raw, images, 8, 8, 64), theirs, atol=1e-5)
    for member in range(size):
        convolutions.transform_kernel(here, flipped, u, member, size)
    convolutions.spread_backward(here, unit, flipped, u, ready, 0, images, 0)
    ours = get(memory, ROOM.d_reduced, images, 10, 10, 64)[:, 1:-1, 1:-1]
    np.testing.assert_allclose(ours, d_x, atol=1e-5)
    for member in range(size):
        convolutions.spread_gradient(here, unit, block.v, images, member, size)
    ours = both_halves(memory, block.spread.kernel, 3, 3, 64, 64)
    np.testing.assert_allclose(ours, d_kernel, atol=2e-4)


@pytest.mark.parametrize("images", [1, 8])
@pytest.mark.parametrize("grey", [False, True])
def test_the_stem_is_the_strided_7x7_convolution(rng, memory, images, grey):
    here = memory.ctypes.data
    pictures = rng.uniform(0, 255, (9, 32, 32, 1 if grey else 3)).astype(F) * np.ones(3, F)
    positions = rng.permutation(9)[:images].astype(np.int32)
    kernel = draw(rng, 7, 7, 3, 64) / 12
    upstream = draw(rng, images, 16, 16, 64)
    chosen = preprocess(pictures[positions], PROTOCOL)
    theirs, (d_kernel,) = gradients(
        lambda kernel: tf.nn.conv2d(chosen, kernel, 2, ((0, 0), (3, 3), (3, 3), (0, 0))),
        (kernel,),
        upstream,
    )
    unit, means = STEM_UNIT, np.array(PROTOCOL.channel_means, F)
    put(memory, unit.kernel, kernel)
    stem.prepare(here, means, 1)
    for image, position in enumerate(positions):
        stem.forward(here, pictures, position, means, grey, image, 1)
    out = get(memory, unit.raw, images, 16, 16, 64)
    np.testing.assert_allclose(out, theirs, rtol=1e-4, atol=1e-3)
    put(memory, unit.d_raw, upstream)
    for member in range(3):
        stem.gradient(here, means, grey, images, member, 3)
    ours = both_halves(memory, unit.kernel, *kernel.shape)
    np.testing.assert_allclose(ours, d_kernel, rtol=1e-3, atol=0.2)


def test_batch_norm_and_its_convolution(rng, memory):
    """Through both, beside TensorFlow's fused batch norm and matrix product."""
    here = memory.ctypes.data
    images, unit = 3, SECOND.expand
    rows = images * plan.POSITIONS
    x, kernel = draw(rng, rows, NARROW), draw(rng, NARROW, BROAD) / 8
    gamma, beta, bias = draw(rng, BROAD) + 1, draw(rng, BROAD), draw(rng, BROAD)
    upstream = draw(rng, rows, BROAD)

    def theirs(x, kernel, gamma, beta):
        raw = tf.reshape(x @ kernel, (images, 8, 8, BROAD))
        normed, *_ = tf.raw_ops.FusedBatchNormV3(
            x=raw, scale=gamma, offset=beta, mean=[], variance=[], epsilon=1e-5, is_training=True
        )
        return tf.reshape(normed, (rows, BROAD))

    result, expected = gradients(theirs, (x, kernel, gamma, beta), upstream)
    at_x, gradient, d_x = SECOND.spreaded, ROOM.d_out, SECOND.spread.d_raw
    for at, array in (
        (at_x, x),
        (unit.kernel, kernel),
        (unit.gamma, gamma),
        (unit.beta, beta),
        (unit.bias, bias),
        (unit.variance, np.ones(BROAD, F)),
        (gradient, upstream),
    ):
        put(memory, at, array)
    for image in range(images):
        convolutions.convolve(here, at_x, unit, image)
        statistics.take_moments(here, unit, image)
    statistics.learn_statistics(here, unit, images, SETTINGS, 0)
    raw = x.astype(float) @ kernel
    mine = get(memory, unit.mine, 5, BROAD)
    np.testing.assert_allclose(mine[0], raw.mean(0), atol=1e-6)
    np.testing.assert_allclose(mine[1], 1 / np.sqrt(raw.var(0) + 1e-5), rtol=1e-5)
    np.testing.assert_allclose(get(memory, unit.mean, BROAD), 0.1 * (mine[0] + bias), atol=1e-6)
    np.testing.assert_allclose(get(memory, unit.variance, BROAD), 0.9 + 0.1 * raw.var(0), rtol=1e-5)
    out = SECOND.out
    centre, scale = unit.mine, unit.mine + 2 * BROAD
    layers.normalise_relu(here, unit.raw, centre, scale, unit.beta, out, rows, BROAD)
    positive = np.maximum(result, 0)
    np.testing.assert_allclose(get(memory, out, rows, BROAD), positive, atol=1e-5)

    for image in range(images):
        at = gradient + image * plan.POSITIONS * BROAD
        statistics.take_sums(here, unit, at, image, 0)
    statistics.combine_sums(here, unit, images, 0)
    convolutions.flip(here, unit, 0, 1, 0)
    for image in range(images):
        at = gradient + image * plan.POSITIONS * BROAD
        statistics.through_norm(here, unit, at, image, 0)
        at = d_x + image * plan.POSITIONS * NARROW
        convolutions.input_gradient(here, unit, image, at, False, 0, 1)
    convolutions.weight_gradient(here, at_x, plan.POSITIONS * NARROW, unit, images, 0, 1)
    ours = (
        get(memory, d_x, rows, NARROW),
        both_halves(memory, unit.kernel, NARROW, BROAD),
        get(memory, unit.gamma + plan.LEARNED, BROAD),
        get(memory, unit.beta + plan.LEARNED, BROAD),
    )
    for our, their in zip(ours, expected, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-3, atol=1e-3)
    through = get(memory, unit.d_raw, rows, BROAD)
    put(memory, unit.d_raw, upstream)
    for image in range(images):
        statistics.through_norm_here(here, unit, image, 0)
    np.testing.assert_array_equal(get(memory, unit.d_raw, rows, BROAD), through)


def test_statistics_stay_exact_far_from_zero(rng, arena):
    x = draw(rng, 256, 64) * F(0.1) + F(300)
    mean, square = arena.room(64), arena.room(64)
    layers.moments(arena.here, arena.put(x), mean, square, 256, 64)
    np.testing.assert_allclose(arena.get(mean, 64), x.astype(float).mean(0), rtol=1e-6)
    np.testing.assert_allclose(arena.get(square, 64) / 256, x.astype(float).var(0), rtol=1e-3)


def test_pooling_gives_a_tie_to_the_first(rng, arena):
    # Few different values: nearly every window has ties, many at zero.
    x = rng.integers(0, 3, (16, 16, 64)) * rng.integers(0, 2, (16, 16, 64))
    x = x.astype(F)
    upstream = draw(rng, 8, 8, 64)
    theirs, (d_x,) = gradients(
        lambda x: tf.nn.max_pool2d(
            tf.pad(x[None], ((0, 0), (1, 1), (1, 1), (0, 0))), 3, 2, "VALID"
        )[0],
        (x,),
        upstream,
    )
    at, out, which = arena.put(x), arena.room(64, 64), np.empty((64, 64), np.uint8)
    layers.pool(arena.here, at, out, which, 64)
    np.testing.assert_array_equal(arena.get(out, 8, 8, 64), theirs)
    d = arena.room(16, 16, 64)
    layers.pool_backward(arena.here, arena.put(upstream), which, d, 64)
    # Before the pooling comes a ReLU, which stops the gradient where its result is zero.
    ours = arena.get(d, 16, 16, 64)
    np.testing.assert_allclose(ours * (x > 0), d_x * (x > 0), atol=1e-6)


def test_relu_and_the_sum_with_the_shortcut(rng, arena):
    x, shortcut, upstream, other = (draw(rng, 64, 256) for _ in range(4))
    centre, scale, offset = draw(rng, 3, 256)
    m, out = arena.here, arena.room(64, 256)
    at = [arena.put(array) for array in (x, centre, scale, offset)]
    layers.normalise_add_relu(m, *at, arena.put(shortcut), out, 64, 256)
    expected = np.maximum((x - centre) * scale + offset + shortcut, 0)
    np.testing.assert_allclose(arena.get(out, 64, 256), expected, atol=1e-5)
    theirs = [arena.put(array) for array in (other, *draw(rng, 3, 256))]
    normed = (other - arena.get(theirs[1], 256)) * arena.get(theirs[2], 256)
    normed += arena.get(theirs[3], 256)
    layers.normalise_both_add_relu(m, *at, *theirs, out, 64, 256)
    expected = np.maximum((x - centre) * scale + offset + normed, 0)
    np.testing.assert_allclose(arena.get(out, 64, 256), expected, atol=1e-5)
    layers.normalise_relu(m, *at, out, 64, 256)
    positive = arena.get(out, 64, 256)
    np.testing.assert_allclose(positive, np.maximum((x - centre) * scale + offset, 0), atol=1e-5)
    masked = arena.put(upstream)
    layers.mask(m, masked, out, x.size)
    np.testing.assert_array_equal(arena.get(masked, 64, 256), upstream * (positive > 0))
    both = arena.put(upstream)
    layers.add_mask(m, both, arena.put(other), out, x.size)
    np.testing.assert_array_equal(arena.get(both, 64, 256), (upstream + other) * (positive > 0))


def test_a_ring_of_zeros_stays(rng, arena):
    x, d_ringed = draw(rng, 64, 64), draw(rng, 100, 64)
    m, ringed, plain = arena.here, arena.put(np.zeros((100, 64), F)), arena.room(64, 64)
    at = [arena.put(array) for array in (x, *draw(rng, 3, 64))]
    layers.normalise_relu_ring(m, *at, ringed, 64)
    layers.normalise_relu(m, *at, plain, 64, 64)
    inside = arena.get(plain, 1, 8, 8, 64)
    np.testing.assert_array_equal(arena.get(ringed, 1, 10, 10, 64), ring(inside))
    layers.mask_ring(m, arena.put(d_ringed), ringed, plain, 64)
    expected = d_ringed.reshape(10, 10, 64)[1:-1, 1:-1] * (inside[0] > 0)
    np.testing.assert_array_equal(arena.get(plain, 8, 8, 64), expected)


def test_the_head_and_its_loss(rng, memory):
    here = memory.ctypes.data
    images = 5
    x, kernel, bias = np.abs(draw(rng, images, 8, 8, BROAD)), draw(rng, BROAD, 10), draw(rng, 10)
    labels = rng.integers(0, 10, images).astype(np.int32)

    def head(x, kernel, bias):
        logits = tf.reduce_mean(x, axis=(1, 2)) @ kernel + bias
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    loss, expected = gradients(head, (x, kernel, bias), F(1))
    put(memory, THIRD.out, x)
    put(memory, ROOM.dense, kernel)
    put(memory, ROOM.dense_bias, bias)
    found = []
    for image in range(images):
        network.head(here, image)
        at = 10 * image
        logits, gradient = ROOM.logits + at, ROOM.d_logits + at
        found.append(layers.cross_entropy(here, logits, labels[image], gradient, images))
        network.head_backward(here, image)
    d_kernel, d_bias = ROOM.dense + plan.LEARNED, ROOM.dense_bias + plan.LEARNED
    for begin, end in ((0, 100), (100, BROAD)):
        layers.dense_gradient(
            here, ROOM.average, ROOM.d_logits, d_kernel, d_bias, images, begin, end
        )
    assert np.mean([nats for nats, _ in found]) == pytest.approx(float(loss), rel=1e-5)
    best = get(memory, ROOM.logits, images, 10).argmax(1)
    assert [hit for _, hit in found] == list(best == labels)
    ours = (
        get(memory, ROOM.d_out, *x.shape),
        get(memory, d_kernel, BROAD, 10),
        get(memory, d_bias, 10),
    )
    for our, their in zip(ours, expected, strict=True):
        np.testing.assert_allclose(our, their, atol=1e-5)


@pytest.mark.parametrize("apart", [0, 1])
def test_adam_is_keras(rng, arena, apart):
    import keras

    values, steps = 2 * plan.MOVED + 48, 3
    weights, slopes = draw(rng, values), draw(rng, steps, values)
    variable = keras.Variable(weights)
    theirs = keras.optimizers.Adam(learning_rate=1e-2, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    at, room = arena.put(np.concatenate([weights, np.zeros(4 * values, F)])), arena.room(plan.MOVED)
    for step, slope in enumerate(slopes, 1):
        theirs.apply([tf.constant(slope)], [variable])
        arena.m[at + values : at + 2 * values] = slope / 4
        arena.m[at + 2 * values : at + 3 * values] = slope * F(0.75)
        rate = 1e-2 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        rates = (F(rate), F(1 - 0.9), F(1 - 0.999), F(1e-7))
        layers.adam(arena.here, at, values, values, *rates, room, apart)
    np.testing.assert_allclose(arena.get(at, values), variable.numpy(), rtol=1e-5, atol=1e-6)


def test_exp_log_and_power_are_right_to_the_last_digits():
    x = np.random.default_rng(1).uniform(-80, 0, 1000)
    ours = np.array([exact.exp(value) for value in x])
    np.testing.assert_allclose(ours, np.exp(x), rtol=3e-15)
    ours = np.array([exact.log(1 - value) for value in x])
    np.testing.assert_allclose(ours, np.log(1 - x), rtol=3e-15)
    assert exact.log(1.0) == 0
    assert exact.exp(0.0) == exact.power(0.9, 0) == 1
    assert exact.exp(-1e6) == 0
    assert exact.power(0.999, 1000) == pytest.approx(0.999**1000, rel=1e-13)
    assert math.isnan(exact.exp(math.nan))
    assert math.isnan(exact.log(math.nan))
