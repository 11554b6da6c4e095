"""The parts of the network that are not matrix products, compiled: forward, and backward.

Activations are float32 matrices: one row per position (image, then y, then x), one column per
channel. A `ringed` one holds each image with a ring of zeros around it. A gradient has its
activation's shape. Row counts are multiples of 8.
"""

from typing import Any

import numpy as np

from fixed_eval.engines.native.blas import (
    add_multiply_transposed,
    multiply,
    rows_at_once,
    transpose,
)
from fixed_eval.engines.native.compiled import compiled

Matrix = np.ndarray[Any, np.dtype[np.float32]]
Vector = np.ndarray[Any, np.dtype[np.float32]]
Whole = np.ndarray[Any, np.dtype[np.int32]]

IMAGE_SIDE = 32
COLOURS = 3
STEM = 7  # the first convolution: 7×7, every second position, 3 pixels of zeros around the image
STRIDE = 2
STEM_RING = 3
RINGED_SIDE = IMAGE_SIDE + 2 * STEM_RING
STEM_SIDE = 16
STEM_WIDTH = STEM * COLOURS
SLACK = 32 - STEM_WIDTH  # values that `patches` reads and writes past the end
TINY = np.float32(1e-30)
ZERO = np.float32(0)
ONE = np.float32(1)


@compiled
def gather(images: Any, positions: Whole, means: Vector, ringed: Any) -> None:
    """Fill `ringed` (batch × 38 × 38 × 3) with the images at `positions`, preprocessed.

    As `fixed_eval.network.preprocess`: RGB 0..255 → BGR minus `means`. The ring is left as it is.
    """
    side = images.shape[1]
    for place in range(len(positions)):
        image, target = images[positions[place]], ringed[place]
        for y in range(side):
            for x in range(side):
                for colour in range(COLOURS):
                    value = image[y, x, COLOURS - 1 - colour] - means[colour]
                    target[y + STEM_RING, x + STEM_RING, colour] = value


@compiled
def patches(ringed: Vector, images: int, out: Vector) -> None:
    """The 7×7×3 values under each position of the first convolution, one row per position.

    Args:
        ringed: images × 38 × 38 × 3, and `SLACK` more.
        images: How many.
        out: images · 16 · 16 × 147, and `SLACK` more.
    """
    at = 0
    for image in range(images):
        for y in range(STEM_SIDE):
            for x in range(STEM_SIDE):
                begin = ((image * RINGED_SIDE + STRIDE * y) * RINGED_SIDE + STRIDE * x) * COLOURS
                for dy in range(STEM):
                    # Two whole vector registers instead of 21 values: the next line overwrites
                    # what is too much.
                    source = ringed[begin + dy * RINGED_SIDE * COLOURS :]
                    target = out[at:]
                    for k in range(STEM_WIDTH + SLACK):
                        target[k] = source[k]
                    at += STEM_WIDTH


# Batch normalisation ------------------------------------------------------------------------------


@compiled
def statistics(x: Matrix, mean: Vector, variance: Vector) -> None:
    """Set each channel's mean and population variance, in two passes."""
    rows, channels = x.shape
    share = ONE / np.float32(rows)
    mean[:] = 0
    for row in range(0, rows, 8):
        a, b, c, d = x[row], x[row + 1], x[row + 2], x[row + 3]
        e, f, g, h = x[row + 4], x[row + 5], x[row + 6], x[row + 7]
        for k in range(channels):
            mean[k] += ((a[k] + b[k]) + (c[k] + d[k])) + ((e[k] + f[k]) + (g[k] + h[k]))
    for k in range(channels):
        mean[k] *= share
    variance[:] = 0
    for row in range(0, rows, 4):
        a, b, c, d = x[row], x[row + 1], x[row + 2], x[row + 3]
        for k in range(channels):
            m = mean[k]
            variance[k] += ((a[k] - m) ** 2 + (b[k] - m) ** 2) + ((c[k] - m) ** 2 + (d[k] - m) ** 2)
    for k in range(channels):
        variance[k] *= share


@compiled
def learn_statistics(
    x: Matrix,
    gamma: Vector,
    bias: Vector,
    epsilon: float,
    keep: float,
    mean: Vector,
    inverse: Vector,
    scale: Vector,
    moving_mean: Vector,
    moving_variance: Vector,
) -> None:
    """The batch's statistics of `x`, and their share in the moving ones.

    `x` is the convolution's result without its `bias`, which shifts the moving mean and nothing
    else; `keep` is the share of the moving statistics that stays. `mean` is set, `inverse` to
    1/√(variance + ε), and `scale` to gamma times that.
    """
    statistics(x, mean, scale)
    old, new, small = np.float32(keep), np.float32(1 - keep), np.float32(epsilon)
    for k in range(len(mean)):
        variance = scale[k]
        inverse[k] = ONE / np.sqrt(variance + small)
        scale[k] = gamma[k] * inverse[k]
        moving_mean[k] = moving_mean[k] * old + (mean[k] + bias[k]) * new
        moving_variance[k] = moving_variance[k] * old + variance * new


@compiled
def normalise(x: Matrix, centre: Vector, scale: Vector, offset: Vector, out: Matrix) -> None:
    """(x − centre)·scale + offset."""
    for row in range(x.shape[0]):
        a, o = x[row], out[row]
        for k in range(len(centre)):
            o[k] = (a[k] - centre[k]) * scale[k] + offset[k]


@compiled
def normalise_relu(x: Matrix, centre: Vector, scale: Vector, offset: Vector, out: Matrix) -> None:
    """The positive part of (x − centre)·scale + offset."""
    for row in range(x.shape[0]):
        a, o = x[row], out[row]
        for k in range(len(centre)):
            o[k] = max((a[k] - centre[k]) * scale[k] + offset[k], ZERO)


@compiled
def normalise_relu_ring(
    x: Matrix, centre: Vector, scale: Vector, offset: Vector, out: Matrix, side: int
) -> None:
    """As `normalise_relu`, into `out` with its ring; `side` is that of a map without it."""
    wide = side + 2
    row = 0
    for image in range(x.shape[0] // (side * side)):
        for y in range(1, side + 1):
            for at in range(1, side + 1):
                a, o = x[row], out[(image * wide + y) * wide + at]
                for k in range(len(centre)):
                    o[k] = max((a[k] - centre[k]) * scale[k] + offset[k], ZERO)
                row += 1


@compiled
def normalise_add_relu(
    x: Matrix, centre: Vector, scale: Vector, offset: Vector, shortcut: Matrix, out: Matrix
) -> None:
    """The positive part of (x − centre)·scale + offset + shortcut."""
    for row in range(x.shape[0]):
        a, s, o = x[row], shortcut[row], out[row]
        for k in range(len(centre)):
            o[k] = max((a[k] - centre[k]) * scale[k] + offset[k] + s[k], ZERO)


@compiled
def unit_backward(
    x: Matrix,
    kernel: Matrix,
    raw: Matrix,
    gradient: Matrix,
    mean: Vector,
    inverse: Vector,
    scale: Vector,
    d_gamma: Vector,
    d_beta: Vector,
    flipped: Matrix,
    d_kernel: Matrix,
    d_x: Matrix,
) -> None:
    """Back through batch normalisation with the batch's own statistics, and raw = x · kernel.

    Some rows at a time, so that what comes out of batch normalisation is still in the core's cache
    when the two products need it.

    `gradient` is that of batch normalisation's result; `mean`, `inverse` and `scale` are as
    from `learn_statistics`. Set are `d_gamma`, `d_beta`, `d_kernel` and, unless it has no rows,
    `d_x`. `flipped` is room for the kernel's transpose.
    """
    rows, channels = raw.shape
    level, slope = normalise_backward_sums(raw, gradient, mean, inverse, scale, d_gamma, d_beta)
    d_kernel[:] = 0
    if d_x.shape[0]:
        transpose(kernel, flipped)
    step = rows_at_once(d_kernel.size)
    room = np.empty((step, channels), np.float32)
    for begin in range(0, rows, step):
        end = min(begin + step, rows)
        part = room[: end - begin]
        normalise_backward(raw[begin:end], gradient[begin:end], mean, scale, level, slope, part)
        add_multiply_transposed(x[begin:end], part, d_kernel)
        if d_x.shape[0]:
            multiply(part, flipped, d_x[begin:end])


@compiled
def normalise_backward_sums(
    x: Matrix,
    gradient: Matrix,
    mean: Vector,
    inverse: Vector,
    scale: Vector,
    d_gamma: Vector,
    d_beta: Vector,
) -> tuple[Vector, Vector]:
    """Set the gradients of gamma and beta; return what `normalise_backward` subtracts.

    That is, per channel, a level, and a slope along x − mean.
    """
    rows, channels = x.shape
    d_gamma[:] = 0
    d_beta[:] = 0
    # One row at a time: with more arrays in the loop LLVM would not look whether they overlap, and
    # use no vector instructions.
    for row in range(rows):
        a, g = x[row], gradient[row]
        for k in range(channels):
            d_beta[k] += g[k]
            d_gamma[k] += g[k] * (a[k] - mean[k])
    share = ONE / np.float32(rows)
    level, slope = np.empty(channels, np.float32), np.empty(channels, np.float32)
    for k in range(channels):
        d_gamma[k] *= inverse[k]
        level[k] = scale[k] * share * d_beta[k]
        slope[k] = scale[k] * share * inverse[k] * d_gamma[k]
    return level, slope


@compiled
def normalise_backward(
    x: Matrix,
    gradient: Matrix,
    mean: Vector,
    scale: Vector,
    level: Vector,
    slope: Vector,
    out: Matrix,
) -> None:
    """Set `out` to the gradient of `x`."""
    for row in range(x.shape[0]):
        a, g, o = x[row], gradient[row], out[row]
        for k in range(len(mean)):
            o[k] = scale[k] * g[k] - level[k] - (a[k] - mean[k]) * slope[k]


# ReLU, pooling ------------------------------------------------------------------------------------


@compiled
def mask(gradient: Matrix, activation: Matrix) -> None:
    """Zero `gradient` where ReLU's result `activation` is zero."""
    for row in range(gradient.shape[0]):
        g, a = gradient[row], activation[row]
        for k in range(gradient.shape[1]):
            g[k] = g[k] if a[k] > ZERO else ZERO


@compiled
def mask_ring(ringed: Matrix, activation: Matrix, out: Matrix, side: int) -> None:
    """As `mask`, from a gradient and an activation with rings into `out` without."""
    wide = side + 2
    row = 0
    for image in range(out.shape[0] // (side * side)):
        for y in range(1, side + 1):
            for x in range(1, side + 1):
                at = (image * wide + y) * wide + x
                g, a, o = ringed[at], activation[at], out[row]
                for k in range(out.shape[1]):
                    o[k] = g[k] if a[k] > ZERO else ZERO
                row += 1


@compiled
def add(gradient: Matrix, other: Matrix) -> None:
    """Add `other` to `gradient`."""
    for row in range(gradient.shape[0]):
        g, o = gradient[row], other[row]
        for k in range(gradient.shape[1]):
            g[k] += o[k]


@compiled
def add_mask(gradient: Matrix, other: Matrix, activation: Matrix) -> None:
    """Add `other` to `gradient`, then `mask` it."""
    for row in range(gradient.shape[0]):
        g, o, a = gradient[row], other[row], activation[row]
        for k in range(gradient.shape[1]):
            g[k] = g[k] + o[k] if a[k] > ZERO else ZERO


@compiled
def pool(x: Matrix, side: int, out: Matrix, which: Any) -> None:
    """The largest of each 3×3 around every second position; zeros outside, nothing below zero.

    Args:
        x: images · side · side rows, none negative.
        side: Even.
        out: A quarter of the rows.
        which: uint8, set to which of the 9, in reading order, is the first largest; 9 for none
            where all are zero.
    """
    half = side // 2
    row = 0
    for image in range(out.shape[0] // (half * half)):
        for y in range(half):
            for at in range(half):
                o, w = out[row], which[row]
                o[:] = 0
                w[:] = 9
                for place in range(9):
                    top, left = 2 * y + place // 3 - 1, 2 * at + place % 3 - 1
                    if 0 <= top < side and 0 <= left < side:
                        a = x[(image * side + top) * side + left]
                        for k in range(x.shape[1]):
                            larger = a[k] > o[k]
                            o[k] = a[k] if larger else o[k]
                            w[k] = place if larger else w[k]
                row += 1


@compiled
def pool_backward(gradient: Matrix, which: Any, side: int, out: Matrix) -> None:
    """Each gradient goes to the position that `pool` took, none where all were zero."""
    half = side // 2
    out[:] = 0
    row = 0
    for image in range(gradient.shape[0] // (half * half)):
        for y in range(half):
            for at in range(half):
                g, w = gradient[row], which[row]
                for place in range(9):
                    top, left = 2 * y + place // 3 - 1, 2 * at + place % 3 - 1
                    if 0 <= top < side and 0 <= left < side:
                        o = out[(image * side + top) * side + left]
                        for k in range(out.shape[1]):
                            o[k] += g[k] if w[k] == place else ZERO
                row += 1


@compiled
def average(x: Matrix, out: Matrix) -> None:
    """Each image's mean over its positions."""
    images, channels = out.shape
    positions = x.shape[0] // images
    out[:] = 0
    for image in range(images):
        o = out[image]
        for row in range(image * positions, (image + 1) * positions):
            a = x[row]
            for k in range(channels):
                o[k] += a[k]
        for k in range(channels):
            o[k] /= positions


@compiled
def average_backward(gradient: Matrix, activation: Matrix, out: Matrix) -> None:
    """The gradient of the mean, spread over the positions where `activation` is not zero."""
    images, channels = gradient.shape
    positions = activation.shape[0] // images
    share = ONE / np.float32(positions)
    for row in range(activation.shape[0]):
        g, a, o = gradient[row // positions], activation[row], out[row]
        for k in range(channels):
            o[k] = g[k] * share if a[k] > ZERO else ZERO


# Head, Adam ---------------------------------------------------------------------------------------


@compiled
def dense(x: Matrix, kernel: Matrix, bias: Vector, out: Matrix) -> None:
    """Set `out` to x · kernel + bias."""
    multiply(x, kernel, out)
    for row in range(out.shape[0]):
        for k in range(len(bias)):
            out[row, k] += bias[k]


@compiled
def dense_backward(
    x: Matrix, kernel: Matrix, gradient: Matrix, d_kernel: Matrix, d_bias: Vector, d_x: Matrix
) -> None:
    """From the `gradient` of `dense`'s result to those of its three operands."""
    d_kernel[:] = 0
    add_multiply_transposed(x, gradient, d_kernel)
    d_bias[:] = 0
    d_x[:] = 0
    for row in range(gradient.shape[0]):
        for k in range(gradient.shape[1]):
            d_bias[k] += gradient[row, k]
            for inner in range(kernel.shape[0]):
                d_x[row, inner] += gradient[row, k] * kernel[inner, k]


@compiled
def cross_entropy(logits: Matrix, labels: Whole, gradient: Matrix) -> tuple[float, int]:
    """Summed softmax cross-entropy and hits; `gradient` is set to that of the mean."""
    images, classes = logits.shape
    total, hits = 0.0, 0
    for image in range(images):
        row, label = logits[image], labels[image]
        best = 0
        for k in range(classes):
            if row[k] > row[best]:
                best = k
        top = row[best]
        mass = ZERO
        for k in range(classes):
            mass += np.exp(row[k] - top)
        for k in range(classes):
            share = np.exp(row[k] - top) / mass
            gradient[image, k] = (share - np.float32(k == label)) / np.float32(images)
        total += np.log(mass) + top - row[label]
        hits += best == label
    return total, hits


@compiled
def adam(
    weights: Vector,
    momentums: Vector,
    velocities: Vector,
    gradients: Vector,
    rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """One step of Keras' Adam on all weights; `rate` carries the bias corrections."""
    one, two = np.float32(1 - beta_1), np.float32(1 - beta_2)
    speed, small = np.float32(rate), np.float32(epsilon)
    for k in range(len(weights)):
        g = gradients[k]
        m = momentums[k] + (g - momentums[k]) * one
        # Where no gradient comes any more, m would shrink to numbers that some CPUs are slow with.
        m = m if abs(m) > TINY else ZERO
        v = velocities[k] + (g * g - velocities[k]) * two
        momentums[k], velocities[k] = m, v
        weights[k] -= m * speed / (np.sqrt(v) + small)
