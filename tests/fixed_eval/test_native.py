"""The native engine's parts against TensorFlow's operations, forward and backward."""

import numpy as np
import pytest
import tensorflow as tf

from fixed_eval.engines.native import blas, layers, winograd
from fixed_eval.engines.native.memory import Memory
from fixed_eval.network import preprocess
from fixed_eval.protocol import CUTOFF_RESNET50 as PROTOCOL
from fixed_eval.runtime import choose_engine

F = np.float32


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def draw(rng, *shape):
    return rng.standard_normal(shape).astype(F)


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


@pytest.mark.parametrize("rows", [1, 8, 37, 512])
@pytest.mark.parametrize(("inner", "columns"), [(64, 64), (147, 64), (64, 256)])
def test_matrix_products(rng, rows, inner, columns):
    a, b, c = draw(rng, rows, inner), draw(rng, inner, columns), draw(rng, rows, columns)
    out = np.full((rows, columns), 7, F)
    blas.multiply(a, b, out)
    np.testing.assert_allclose(out, a.astype(float) @ b, atol=1e-4)
    total = np.ones((inner, columns), F)
    blas.add_multiply_transposed(a, c, total)
    np.testing.assert_allclose(total, 1 + a.T.astype(float) @ c, atol=1e-3)


def test_transpose(rng):
    a, out = draw(rng, 64, 256), np.empty((256, 64), F)
    blas.transpose(a, out)
    np.testing.assert_array_equal(out, a.T)


@pytest.mark.parametrize("images", [1, 3, 8])
def test_winograd_is_the_3x3_convolution(rng, images):
    x, upstream = draw(rng, images, 8, 8, 64), draw(rng, images, 8, 8, 64)
    kernel = draw(rng, 3, 3, 64, 64) / 24
    theirs, (d_x, d_kernel) = gradients(
        lambda x, kernel: tf.nn.conv2d(x, kernel, 1, "SAME"), (x, kernel), upstream
    )
    v = np.empty(winograd.PLACES * winograd.PLACE, F)
    u, flipped = np.empty((2, winograd.PLACES * winograd.MATRIX), F)
    m, n = np.empty((2, winograd.PLACES * winograd.TURN_PLACE), F)
    out, ours_d_kernel, padded = np.empty_like(x), np.empty_like(kernel), ring(x)
    winograd.convolve(padded.reshape(-1), kernel.reshape(-1), images, v, u, m, out.reshape(-1))
    np.testing.assert_allclose(out, theirs, atol=1e-5)
    d_padded = np.empty_like(padded)
    winograd.convolve_backward(
        kernel.reshape(-1),
        v,
        upstream.reshape(-1),
        images,
        n,
        m,
        u,
        flipped,
        ours_d_kernel.reshape(-1),
        d_padded.reshape(-1),
    )
    np.testing.assert_allclose(d_padded[:, 1:-1, 1:-1], d_x, atol=1e-5)
    np.testing.assert_allclose(ours_d_kernel, d_kernel, atol=2e-4)


@pytest.mark.parametrize("images", [1, 8])
def test_the_stem_is_the_strided_7x7_convolution(rng, images):
    pictures = rng.uniform(0, 255, (9, 32, 32, 3)).astype(F)
    positions = rng.permutation(9)[:images].astype(np.int32)
    kernel = draw(rng, 7, 7, 3, 64) / 12
    upstream = draw(rng, images, 16, 16, 64)
    chosen = preprocess(pictures[positions], PROTOCOL)
    theirs, (d_kernel,) = gradients(
        lambda kernel: tf.nn.conv2d(chosen, kernel, 2, ((0, 0), (3, 3), (3, 3), (0, 0))),
        (kernel,),
        upstream,
    )
    side = layers.RINGED_SIDE
    ringed = np.zeros(images * side * side * 3 + layers.SLACK, F)
    layers.gather(
        pictures,
        positions,
        np.array(PROTOCOL.channel_means, F),
        ringed[: -layers.SLACK].reshape(images, side, side, 3),
    )
    rows = images * 256
    spaced = np.empty(rows * 147 + layers.SLACK, F)
    layers.patches(ringed, images, spaced)
    patches = spaced[: -layers.SLACK].reshape(rows, 147)
    out = np.empty((rows, 64), F)
    blas.multiply(patches, kernel.reshape(147, 64), out)
    np.testing.assert_allclose(out.reshape(theirs.shape), theirs, rtol=1e-4, atol=1e-3)
    ours = np.zeros((147, 64), F)
    blas.add_multiply_transposed(patches, upstream.reshape(rows, 64), ours)
    np.testing.assert_allclose(ours.reshape(kernel.shape), d_kernel, rtol=1e-3, atol=0.2)


def test_batch_norm_and_its_convolution(rng):
    """`unit_backward` through both, beside TensorFlow's fused batch norm and matrix product."""
    rows, inner, channels = 128, 64, 256
    x, kernel = draw(rng, rows, inner), draw(rng, inner, channels) / 8
    gamma, beta = draw(rng, channels) + 1, draw(rng, channels)
    upstream = draw(rng, rows, channels)

    def theirs(x, kernel, gamma, beta):
        raw = tf.reshape(x @ kernel, (2, 8, 8, channels))
        normed, *_ = tf.raw_ops.FusedBatchNormV3(
            x=raw, scale=gamma, offset=beta, mean=[], variance=[], epsilon=1e-5, is_training=True
        )
        return tf.reshape(normed, (rows, channels))

    result, expected = gradients(theirs, (x, kernel, gamma, beta), upstream)
    raw, out, d_x = np.empty((rows, channels), F), np.empty((rows, channels), F), np.empty_like(x)
    mean, inverse, scale, d_gamma, d_beta = np.empty((5, channels), F)
    moving_mean, moving_variance = np.zeros(channels, F), np.ones(channels, F)
    bias = draw(rng, channels)
    blas.multiply(x, kernel, raw)
    layers.learn_statistics(
        raw, gamma, bias, 1e-5, 0.9, mean, inverse, scale, moving_mean, moving_variance
    )
    np.testing.assert_allclose(mean, raw.astype(float).mean(0), atol=1e-6)
    np.testing.assert_allclose(inverse, 1 / np.sqrt(raw.astype(float).var(0) + 1e-5), rtol=1e-5)
    np.testing.assert_allclose(moving_mean, 0.1 * (mean + bias), atol=1e-6)
    np.testing.assert_allclose(moving_variance, 0.9 + 0.1 * raw.var(0), rtol=1e-5)
    layers.normalise(raw, mean, scale, beta, out)
    np.testing.assert_allclose(out, result, atol=1e-5)

    d_kernel, flipped = np.empty_like(kernel), np.empty((channels, inner), F)
    layers.unit_backward(
        x, kernel, raw, upstream, mean, inverse, scale, d_gamma, d_beta, flipped, d_kernel, d_x
    )
    for ours, theirs in zip((d_x, d_kernel, d_gamma, d_beta), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_statistics_stay_exact_far_from_zero(rng):
    x = draw(rng, 2048, 64) * F(0.1) + F(300)
    mean, variance = np.empty((2, 64), F)
    layers.statistics(x, mean, variance)
    np.testing.assert_allclose(mean, x.astype(float).mean(0), rtol=1e-6)
    np.testing.assert_allclose(variance, x.astype(float).var(0), rtol=1e-3)


def test_pooling_gives_a_tie_to_the_first(rng):
    # Few different values: nearly every window has ties, many at zero.
    x = rng.integers(0, 3, (8, 16, 16, 64)).astype(F) * rng.integers(0, 2, (8, 16, 16, 64))
    x = x.astype(F)
    upstream = draw(rng, 8, 8, 8, 64)
    theirs, (d_x,) = gradients(
        lambda x: tf.nn.max_pool2d(tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), 3, 2, "VALID"),
        (x,),
        upstream,
    )
    out, which = np.empty((512, 64), F), np.empty((512, 64), np.uint8)
    layers.pool(x.reshape(-1, 64), 16, out, which)
    np.testing.assert_array_equal(out.reshape(theirs.shape), theirs)
    ours = np.empty((2048, 64), F)
    layers.pool_backward(upstream.reshape(-1, 64), which, 16, ours)
    # Before the pooling comes a ReLU, which stops the gradient where its result is zero.
    np.testing.assert_allclose(ours.reshape(x.shape) * (x > 0), d_x * (x > 0), atol=1e-6)


def test_relu_and_the_sum_with_the_shortcut(rng):
    x, shortcut, upstream, other = (draw(rng, 128, 256) for _ in range(4))
    centre, scale, offset = draw(rng, 3, 256)
    expected = np.maximum((x - centre) * scale + offset + shortcut, 0)
    out = np.empty_like(x)
    layers.normalise_add_relu(x, centre, scale, offset, shortcut, out)
    np.testing.assert_allclose(out, expected, atol=1e-5)
    layers.normalise_relu(x, centre, scale, offset, out)
    np.testing.assert_allclose(out, np.maximum((x - centre) * scale + offset, 0), atol=1e-5)
    masked = upstream.copy()
    layers.mask(masked, out)
    np.testing.assert_array_equal(masked, upstream * (out > 0))
    both = upstream.copy()
    layers.add_mask(both, other, out)
    np.testing.assert_array_equal(both, (upstream + other) * (out > 0))

    x = draw(rng, 128, 64)
    centre, scale, offset = draw(rng, 3, 64)
    ringed, plain = np.zeros((200, 64), F), np.empty((128, 64), F)
    layers.normalise_relu_ring(x, centre, scale, offset, ringed, 8)
    layers.normalise_relu(x, centre, scale, offset, plain)
    np.testing.assert_array_equal(ringed.reshape(2, 10, 10, 64), ring(plain.reshape(2, 8, 8, 64)))
    d_ringed = draw(rng, 200, 64)
    layers.mask_ring(d_ringed, ringed, plain, 8)
    expected = (d_ringed * (ringed > 0)).reshape(2, 10, 10, 64)[:, 1:-1, 1:-1]
    np.testing.assert_array_equal(plain.reshape(expected.shape), expected)


def test_the_head_and_its_loss(rng):
    x, kernel, bias = np.abs(draw(rng, 5, 8, 8, 256)), draw(rng, 256, 10), draw(rng, 10)
    labels = rng.integers(0, 10, 5).astype(np.int32)

    def head(x, kernel, bias):
        logits = tf.reduce_mean(x, axis=(1, 2)) @ kernel + bias
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    loss, expected = gradients(head, (x, kernel, bias), F(1))
    flat = x.reshape(-1, 256)
    average, d_average = np.empty((2, 5, 256), F)
    logits, d_logits = np.empty((2, 5, 10), F)
    d_kernel, d_bias, d_x = np.empty((256, 10), F), np.empty(10, F), np.empty_like(flat)
    layers.average(flat, average)
    layers.dense(average, kernel, bias, logits)
    total, hits = layers.cross_entropy(logits, labels, d_logits)
    assert total / 5 == pytest.approx(float(loss), rel=1e-5)
    assert hits == (logits.argmax(1) == labels).sum()
    layers.dense_backward(average, kernel, d_logits, d_kernel, d_bias, d_average)
    layers.average_backward(d_average, flat, d_x)
    for ours, theirs in zip((d_x.reshape(x.shape), d_kernel, d_bias), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_adam_is_keras(rng):
    import keras

    start, steps = draw(rng, 100), [draw(rng, 100) for _ in range(5)]
    theirs = keras.Variable(start)
    optimiser = keras.optimizers.Adam(learning_rate=1e-2)
    ours, momentums, velocities = start.copy(), np.zeros(100, F), np.zeros(100, F)
    for count, gradient in enumerate(steps, start=1):
        optimiser.apply([tf.constant(gradient)], [theirs])
        rate = 1e-2 * (1 - 0.999**count) ** 0.5 / (1 - 0.9**count)
        layers.adam(ours, momentums, velocities, gradient, rate, 0.9, 0.999, 1e-7)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-6)


def test_memory_hands_out_zeros_that_do_not_overlap():
    memory = Memory()
    arrays = [memory.take(size, 3) for size in (5, 1, 700_000, 700_001, 8)]
    for number, array in enumerate(arrays, start=1):
        assert not array.any()
        assert array.ctypes.data % 64 == 0
        array[:] = number
    assert [set(np.unique(array)) for array in arrays] == [{1}, {2}, {3}, {4}, {5}]


def test_auto_is_what_suits_the_device():
    assert choose_engine("auto", "cpu") == ("native", "cpu")
    assert choose_engine("auto", "gpu") == ("fast", "gpu")
    assert choose_engine("native", "gpu") == ("native", "cpu")
    assert choose_engine("reference", "gpu") == ("reference", "gpu")
