"""The parts of the network that are not matrix products, compiled: forward, and backward.

All lie in the memory `m` that `plan` divides; arguments name places in it, and sizes. Activations
are matrices: one row per position (image, then y, then x), one column per channel. A `ringed` one
holds each image with a ring of zeros around it. A gradient has its activation's shape.

A ReLU lets NaN through, so that a training that diverges has a loss that says so. What a condition
chooses from is read before: a value read in one case only would keep a loop from using vectors.
"""

from typing import Any

import numpy as np

from fixed_eval.engines.native import exact
from fixed_eval.engines.native.compiled import compiled, inlined, part
from fixed_eval.engines.native.intrinsics import LANES, fence, line, stream
from fixed_eval.engines.native.plan import (
    BROAD,
    CLASSES,
    MOVED,
    SIDE,
    STEM_SIDE,
    WIDE,
)
from fixed_eval.engines.native.vectors import COLUMNS, gradient_sums

TINY = np.float32(1e-30)
ZERO = np.float32(0)
ONE = np.float32(1)
NOWHERE = 9  # of the places in a 3×3: none


@part
def set_zero(m: int, x: int, values: int) -> None:
    """Set `values` values to zero."""
    a = line(m, x)
    for k in range(values):
        a[k] = ZERO


# Batch normalisation ------------------------------------------------------------------------------


@part
def moments(m: int, x: int, mean: int, square: int, rows: int, channels: int) -> None:
    """Each channel's mean over `rows` (in eights), and summed squared distance from it."""
    share = ONE / np.float32(rows)
    means, squares = line(m, mean), line(m, square)
    for k in range(channels):
        means[k] = ZERO
        squares[k] = ZERO
    for row in range(0, rows, 8):
        at = x + row * channels
        a, b = line(m, at), line(m, at + channels)
        c, d = line(m, at + 2 * channels), line(m, at + 3 * channels)
        e, f = line(m, at + 4 * channels), line(m, at + 5 * channels)
        g, h = line(m, at + 6 * channels), line(m, at + 7 * channels)
        for k in range(channels):
            means[k] += ((a[k] + b[k]) + (c[k] + d[k])) + ((e[k] + f[k]) + (g[k] + h[k]))
    for k in range(channels):
        means[k] *= share
    for row in range(0, rows, 4):
        at = x + row * channels
        a, b = line(m, at), line(m, at + channels)
        c, d = line(m, at + 2 * channels), line(m, at + 3 * channels)
        for k in range(channels):
            u = means[k]
            squares[k] += ((a[k] - u) ** 2 + (b[k] - u) ** 2) + ((c[k] - u) ** 2 + (d[k] - u) ** 2)


@part
def normalise_relu(
    m: int, x: int, centre: int, scale: int, offset: int, out: int, rows: int, channels: int
) -> None:
    """The positive part of (x − centre)·scale + offset."""
    middle, factor, level = line(m, centre), line(m, scale), line(m, offset)
    for row in range(rows):
        a, o = line(m, x + row * channels), line(m, out + row * channels)
        for k in range(channels):
            o[k] = _positive((a[k] - middle[k]) * factor[k] + level[k])


@part
def normalise_relu_ring(
    m: int, x: int, centre: int, scale: int, offset: int, out: int, channels: int
) -> None:
    """As `normalise_relu` for one image, into `out` with its ring, which is left as it is."""
    for y in range(SIDE):
        target = out + ((y + 1) * WIDE + 1) * channels
        normalise_relu(m, x + y * SIDE * channels, centre, scale, offset, target, SIDE, channels)


@part
def normalise_add_relu(
    m: int,
    x: int,
    centre: int,
    scale: int,
    offset: int,
    shortcut: int,
    out: int,
    rows: int,
    channels: int,
) -> None:
    """The positive part of (x − centre)·scale + offset + shortcut."""
    middle, factor, level = line(m, centre), line(m, scale), line(m, offset)
    for row in range(rows):
        at = row * channels
        a, s, o = line(m, x + at), line(m, shortcut + at), line(m, out + at)
        for k in range(channels):
            o[k] = _positive((a[k] - middle[k]) * factor[k] + level[k] + s[k])


@part
def normalise_both_add_relu(
    m: int,
    x: int,
    centre: int,
    scale: int,
    offset: int,
    shortcut: int,
    its_centre: int,
    its_scale: int,
    its_offset: int,
    out: int,
    rows: int,
    channels: int,
) -> None:
    """As `normalise_add_relu`, with a shortcut that is normalised in the same way."""
    middle, factor, level = line(m, centre), line(m, scale), line(m, offset)
    its_middle, its_factor = line(m, its_centre), line(m, its_scale)
    its_level = line(m, its_offset)
    for row in range(rows):
        at = row * channels
        a, s, o = line(m, x + at), line(m, shortcut + at), line(m, out + at)
        for k in range(channels):
            other = (s[k] - its_middle[k]) * its_factor[k] + its_level[k]
            o[k] = _positive((a[k] - middle[k]) * factor[k] + level[k] + other)


@inlined
def _positive(x: Any) -> Any:
    return ZERO if x < ZERO else x


@part
def backward_sums(
    m: int, x: int, gradient: int, centre: int, d_beta: int, d_gamma: int, rows: int, channels: int
) -> None:
    """One image's share in the gradients of beta and, before it is divided by σ, of gamma."""
    for c in range(0, channels, COLUMNS):
        gradient_sums(m, rows, channels, x + c, gradient + c, centre + c, d_beta + c, d_gamma + c)


@part
def normalise_backward(
    m: int, x: int, gradient: int, mine: int, out: int, rows: int, channels: int
) -> None:
    """Set `out` to the gradient of `x`; `mine` is a member's part of `plan.Unit.mine`."""
    middle, factor = line(m, mine), line(m, mine + 2 * channels)
    level, slope = line(m, mine + 3 * channels), line(m, mine + 4 * channels)
    for row in range(rows):
        at = row * channels
        a, g, o = line(m, x + at), line(m, gradient + at), line(m, out + at)
        for k in range(channels):
            o[k] = factor[k] * g[k] - level[k] - (a[k] - middle[k]) * slope[k]


@part
def normalise_backward_here(
    m: int, x: int, gradient: int, mine: int, rows: int, channels: int
) -> None:
    """As `normalise_backward`, in the place of `gradient`, so that less memory is gone through."""
    middle, factor = line(m, mine), line(m, mine + 2 * channels)
    level, slope = line(m, mine + 3 * channels), line(m, mine + 4 * channels)
    for row in range(rows):
        a, g = line(m, x + row * channels), line(m, gradient + row * channels)
        for k in range(channels):
            g[k] = factor[k] * g[k] - level[k] - (a[k] - middle[k]) * slope[k]


# ReLU, pooling ------------------------------------------------------------------------------------


@part
def mask(m: int, gradient: int, activation: int, values: int) -> None:
    """Zero `gradient` where ReLU's result `activation` is zero."""
    g, a = line(m, gradient), line(m, activation)
    for k in range(values):
        value = g[k]
        g[k] = value if a[k] > ZERO else ZERO


@part
def mask_ring(m: int, gradient: int, activation: int, out: int, channels: int) -> None:
    """As `mask`, from one image's gradient and activation with rings into `out` without."""
    for y in range(SIDE):
        at = ((y + 1) * WIDE + 1) * channels
        g, a = line(m, gradient + at), line(m, activation + at)
        o = line(m, out + y * SIDE * channels)
        for k in range(SIDE * channels):
            value = g[k]
            o[k] = value if a[k] > ZERO else ZERO


@part
def add_mask(m: int, gradient: int, other: int, activation: int, values: int) -> None:
    """Add `other` to `gradient`, and zero it where `activation` is zero."""
    g, b, a = line(m, gradient), line(m, other), line(m, activation)
    for k in range(values):
        value = g[k] + b[k]
        g[k] = value if a[k] > ZERO else ZERO


@compiled
def pool(m: int, x: int, out: int, which: Any, channels: int) -> None:
    """The largest of each 3×3 around every second position; zeros outside, nothing below zero.

    Args:
        m: The memory.
        x: 16 · 16 rows, none negative.
        out: 8 · 8 rows.
        which: uint8 rows × channels, set to which of the 9, in reading order, is the first
            largest; `NOWHERE` where all are zero.
        channels: Of both.
    """
    for y in range(SIDE):
        for at in range(SIDE):
            row = y * SIDE + at
            o, w = line(m, out + row * channels), which[row]
            for k in range(channels):
                o[k] = ZERO
                w[k] = NOWHERE
            for place in range(9):
                top, left = 2 * y + place // 3 - 1, 2 * at + place % 3 - 1
                if 0 <= top < STEM_SIDE and 0 <= left < STEM_SIDE:
                    a = line(m, x + (top * STEM_SIDE + left) * channels)
                    for k in range(channels):
                        new, old, before = a[k], o[k], w[k]
                        smaller = new <= old  # no NaN is
                        o[k] = old if smaller else new
                        w[k] = before if smaller else place


@compiled
def pool_backward(m: int, gradient: int, which: Any, out: int, channels: int) -> None:
    """Each gradient goes to the position that `pool` took, none where all were zero."""
    set_zero(m, out, STEM_SIDE * STEM_SIDE * channels)
    for y in range(SIDE):
        for at in range(SIDE):
            row = y * SIDE + at
            g, w = line(m, gradient + row * channels), which[row]
            for place in range(9):
                top, left = 2 * y + place // 3 - 1, 2 * at + place % 3 - 1
                if 0 <= top < STEM_SIDE and 0 <= left < STEM_SIDE:
                    o = line(m, out + (top * STEM_SIDE + left) * channels)
                    for k in range(channels):
                        value = g[k]
                        o[k] += value if w[k] == place else ZERO


@part
def average(m: int, x: int, out: int, rows: int) -> None:
    """An image's mean over its `rows` positions."""
    o = line(m, out)
    for k in range(BROAD):
        o[k] = ZERO
    for row in range(rows):
        a = line(m, x + row * BROAD)
        for k in range(BROAD):
            o[k] += a[k]
    for k in range(BROAD):
        o[k] /= np.float32(rows)


@part
def average_backward(m: int, gradient: int, activation: int, out: int, rows: int) -> None:
    """The gradient of the mean, spread over the positions where `activation` is not zero."""
    share = ONE / np.float32(rows)
    g = line(m, gradient)
    for row in range(rows):
        a, o = line(m, activation + row * BROAD), line(m, out + row * BROAD)
        for k in range(BROAD):
            value = g[k] * share
            o[k] = value if a[k] > ZERO else ZERO


# Head, Adam ---------------------------------------------------------------------------------------


@part
def dense(m: int, x: int, kernel: int, bias: int, out: int) -> None:
    """Set `out` to x · kernel + bias, for one image."""
    o, b, a = line(m, out), line(m, bias), line(m, x)
    for k in range(CLASSES):
        o[k] = b[k]
    for inner in range(BROAD):
        w = line(m, kernel + inner * CLASSES)
        for k in range(CLASSES):
            o[k] += a[inner] * w[k]


@part
def dense_backward(m: int, kernel: int, gradient: int, d_x: int) -> None:
    """From the `gradient` of `dense`'s result to that of its input, for one image."""
    g, d = line(m, gradient), line(m, d_x)
    for inner in range(BROAD):
        w = line(m, kernel + inner * CLASSES)
        total = ZERO
        for k in range(CLASSES):
            total += g[k] * w[k]
        d[inner] = total


@part
def dense_gradient(
    m: int, x: int, gradient: int, d_kernel: int, d_bias: int, images: int, begin: int, end: int
) -> None:
    """The weights' gradients of `dense`, the kernel's in its rows from `begin` to before `end`."""
    bias = line(m, d_bias)
    if begin == 0:
        set_zero(m, d_bias, CLASSES)
        for image in range(images):
            g = line(m, gradient + image * CLASSES)
            for k in range(CLASSES):
                bias[k] += g[k]
    set_zero(m, d_kernel + begin * CLASSES, (end - begin) * CLASSES)
    for image in range(images):
        a, g = line(m, x + image * BROAD), line(m, gradient + image * CLASSES)
        for inner in range(begin, end):
            d = line(m, d_kernel + inner * CLASSES)
            for k in range(CLASSES):
                d[k] += a[inner] * g[k]


@compiled
def cross_entropy(m: int, logits: int, label: int, gradient: int, images: int) -> Any:
    """One image's softmax cross-entropy (nats), and whether the first largest logit is right.

    `gradient` is set to its share in that of the mean over `images`.
    """
    row, g = line(m, logits), line(m, gradient)
    best = 0
    for k in range(1, CLASSES):
        best = k if row[k] > row[best] else best
    top = np.float64(row[best])
    mass = 0.0
    for k in range(CLASSES):
        mass += exact.exp(np.float64(row[k]) - top)
    for k in range(CLASSES):
        share = exact.exp(np.float64(row[k]) - top) / mass
        g[k] = np.float32((share - (1.0 if k == label else 0.0)) / images)
    return exact.log(mass) + top - np.float64(row[label]), best == label


@part
def adam(
    m: int,
    weights: int,
    learned: int,
    values: int,
    rate: np.float32,
    one: np.float32,
    two: np.float32,
    epsilon: np.float32,
    room: int,
    apart: int,
) -> None:
    """One step of Keras' Adam on `values` weights.

    Args:
        m: The memory.
        weights: Their place; those of both gradients, whose sum counts, of momentum and velocity
            follow `learned` apart.
        learned: The distance.
        values: How many, in whole lines.
        rate: Learning rate with Adam's bias corrections, float32 as all that follow.
        one: 1 − β₁.
        two: 1 − β₂.
        epsilon: Added to the root of the velocity.
        room: Room for `MOVED` new weights.
        apart: Whether (1) or not (0) other cores have read the weights, and will again; then they
            are written past the caches.
    """
    new = line(m, room)
    for begin in range(0, values, MOVED):
        at, count = weights + begin, min(MOVED, values - begin)
        w, d, e = line(m, at), line(m, at + learned), line(m, at + 2 * learned)
        first, second = line(m, at + 3 * learned), line(m, at + 4 * learned)
        for k in range(count):
            g = d[k] + e[k]
            momentum = first[k] + (g - first[k]) * one
            # With no gradient any more, it would shrink to numbers that some CPUs are slow with.
            momentum = ZERO if abs(momentum) <= TINY else momentum
            velocity = second[k] + (g * g - second[k]) * two
            first[k], second[k] = momentum, velocity
            new[k] = w[k] - momentum * rate / (np.sqrt(velocity) + epsilon)
        if apart:
            for k in range(0, count, LANES):
                stream(m, room + k, at + k)
        else:
            for k in range(count):
                w[k] = new[k]
    if apart:
        fence()
