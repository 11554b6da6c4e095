"""Batch normalisation over a batch: from sums of each image to what the whole batch needs.

`m` is the memory that `plan` divides; `me` is the number of a member of the team.
"""

from typing import Any

import numpy as np

from fixed_eval.engines.native import layers
from fixed_eval.engines.native.compiled import compiled, inlined
from fixed_eval.engines.native.intrinsics import line
from fixed_eval.engines.native.plan import LEARNED

ZERO, ONE = np.float32(0), np.float32(1)


@inlined
def mine(unit: Any, me: int, part: int) -> Any:
    """The place of a member's centre (0), inverse, scale, level or slope (4)."""
    return unit.mine + (5 * me + part) * unit.channels


@inlined
def raw(unit: Any, image: int) -> Any:
    """The place of an image in what the convolution gives."""
    return unit.raw + image * unit.positions * unit.channels


@inlined
def raw_gradient(unit: Any, image: int) -> Any:
    """The place of the gradient of that."""
    return unit.d_raw + image * unit.positions * unit.channels


@compiled
def take_moments(m: int, unit: Any, image: int) -> None:
    """An image's share in the statistics."""
    sums = image * unit.channels
    layers.moments(
        m, raw(unit, image), unit.means + sums, unit.squares + sums, unit.positions, unit.channels
    )


@compiled
def learn_statistics(m: int, unit: Any, images: int, settings: Any, me: int) -> None:
    """The batch's statistics from those of its images; the first member moves the moving ones."""
    combine_moments(m, unit, images, me)
    if me == 0:
        move_statistics(m, unit, settings.bn_momentum, me)
    inverse, scale = line(m, mine(unit, me, 1)), line(m, mine(unit, me, 2))
    gamma, epsilon = line(m, unit.gamma), np.float32(settings.bn_epsilon)
    for k in range(unit.channels):
        inverse[k] = ONE / np.sqrt(scale[k] + epsilon)
        scale[k] = gamma[k] * inverse[k]


@compiled
def combine_moments(m: int, unit: Any, images: int, me: int) -> None:
    """A member's centre, and the batch's variance where its scale will be."""
    centre, variance = line(m, mine(unit, me, 0)), line(m, mine(unit, me, 2))
    channels, positions = unit.channels, np.float32(unit.positions)
    for k in range(channels):
        centre[k] = ZERO
        variance[k] = ZERO
    for image in range(images):
        means = line(m, unit.means + image * channels)
        for k in range(channels):
            centre[k] += means[k]
    for k in range(channels):
        centre[k] /= np.float32(images)
    for image in range(images):
        means = line(m, unit.means + image * channels)
        squares = line(m, unit.squares + image * channels)
        for k in range(channels):
            variance[k] += squares[k] + positions * (means[k] - centre[k]) ** 2
    for k in range(channels):
        variance[k] /= np.float32(images * unit.positions)


@compiled
def move_statistics(m: int, unit: Any, bn_momentum: float, me: int) -> None:
    """The batch's share in the moving statistics.

    The convolution's bias, which `raw` is without, shifts the moving mean and nothing else.
    """
    keep, new = np.float32(bn_momentum), np.float32(1 - bn_momentum)
    centre, batch = line(m, mine(unit, me, 0)), line(m, mine(unit, me, 2))
    mean, variance, bias = line(m, unit.mean), line(m, unit.variance), line(m, unit.bias)
    for k in range(unit.channels):
        mean[k] = mean[k] * keep + (centre[k] + bias[k]) * new
        variance[k] = variance[k] * keep + batch[k] * new


@compiled
def rest(m: int, unit: Any, bn_epsilon: float, me: int) -> None:
    """The moving statistics instead of a batch's."""
    centre, scale = line(m, mine(unit, me, 0)), line(m, mine(unit, me, 2))
    gamma = line(m, unit.gamma)
    mean, variance, bias = line(m, unit.mean), line(m, unit.variance), line(m, unit.bias)
    for k in range(unit.channels):
        centre[k] = mean[k] - bias[k]
        scale[k] = gamma[k] / np.sqrt(variance[k] + np.float32(bn_epsilon))


@compiled
def take_sums(m: int, unit: Any, gradient: int, image: int, me: int) -> None:
    """An image's share in the gradients of gamma and beta, from its `gradient`."""
    sums = image * unit.channels
    layers.backward_sums(
        m,
        raw(unit, image),
        gradient,
        mine(unit, me, 0),
        unit.d_betas + sums,
        unit.d_gammas + sums,
        unit.positions,
        unit.channels,
    )


@compiled
def combine_sums(m: int, unit: Any, images: int, me: int) -> None:
    """The gradients of gamma and beta, and what `layers.normalise_backward` needs of them."""
    inverse, scale = line(m, mine(unit, me, 1)), line(m, mine(unit, me, 2))
    level, slope = line(m, mine(unit, me, 3)), line(m, mine(unit, me, 4))
    channels = unit.channels
    for k in range(channels):
        level[k] = ZERO
        slope[k] = ZERO
    for image in range(images):
        betas = line(m, unit.d_betas + image * channels)
        gammas = line(m, unit.d_gammas + image * channels)
        for k in range(channels):
            level[k] += betas[k]
            slope[k] += gammas[k]
    for k in range(channels):
        slope[k] *= inverse[k]
    if me == 0:
        d_beta, d_gamma = line(m, unit.beta + LEARNED), line(m, unit.gamma + LEARNED)
        for k in range(channels):
            d_beta[k] = level[k]
            d_gamma[k] = slope[k]
    part = ONE / np.float32(images * unit.positions)
    for k in range(channels):
        level[k] *= scale[k] * part
        slope[k] *= scale[k] * part * inverse[k]


@compiled
def through_norm(m: int, unit: Any, gradient: int, image: int, me: int) -> None:
    """From the `gradient` of batch norm's result to that of its input, for one image."""
    layers.normalise_backward(
        m,
        raw(unit, image),
        gradient,
        mine(unit, me, 0),
        raw_gradient(unit, image),
        unit.positions,
        unit.channels,
    )


@compiled
def through_norm_here(m: int, unit: Any, image: int, me: int) -> None:
    """As `through_norm`, where `unit.d_raw` holds the gradient of batch norm's result."""
    gradient = raw_gradient(unit, image)
    layers.normalise_backward_here(
        m, raw(unit, image), gradient, mine(unit, me, 0), unit.positions, unit.channels
    )
