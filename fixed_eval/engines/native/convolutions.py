"""The convolutions of the blocks, image by image, and their gradients.

`m` is the memory that `plan` divides; `me` and `size` are of the team.
"""

from typing import Any

from fixed_eval.engines.native import layers, winograd
from fixed_eval.engines.native.compiled import compiled, inlined
from fixed_eval.engines.native.intrinsics import LANES
from fixed_eval.engines.native.matmul import add_multiply, add_multiply_transposed, multiply
from fixed_eval.engines.native.plan import (
    HALF,
    HALVES,
    KERNEL,
    LEARNED,
    MATRIX,
    NARROW,
    PLACES,
    PRODUCTS,
    RINGED,
    ROOM,
    SQUARE,
    TURN,
)
from fixed_eval.engines.native.statistics import raw, through_norm
from fixed_eval.engines.native.team import share

WINDOW = 3 * 3
ROWS_AT_ONCE = 8  # of a weight gradient, the least that a member takes


@compiled
def convolve(m: int, x: int, unit: Any, image: int) -> None:
    """A 1×1 convolution of one image."""
    rows = x + image * unit.positions * unit.inner
    multiply(m, rows, unit.kernel, raw(unit, image), unit.positions, unit.inner, unit.channels)


@compiled
def weight_gradient(m: int, x: int, step: int, unit: Any, images: int, me: int, size: int) -> None:
    """A member's rows of a kernel's gradients; `step` is from one image to the next in `x`."""
    channels = unit.channels
    for half in range(HALVES):
        begin, end = share_of_half(unit.inner // ROWS_AT_ONCE, half, me, size)
        begin, end = ROWS_AT_ONCE * begin, ROWS_AT_ONCE * end
        target = unit.kernel + (1 + half) * LEARNED
        layers.set_zero(m, target + begin * channels, (end - begin) * channels)
        first, count = images_of_half(half, images)
        for image in range(first, first + count):  # one chain, by parts that fit into the cache
            gradient = unit.d_raw + image * unit.positions * channels
            add_multiply_transposed(
                m,
                x + image * step,
                gradient,
                target,
                unit.positions,
                unit.inner,
                channels,
                begin,
                end,
            )


@inlined
def share_of_half(pieces: int, half: int, me: int, size: int) -> Any:
    """Which of one half's `pieces` are a member's: all members share those of both halves.

    So each of two members has a half of the batch for itself, whose images are its own.
    """
    begin, end = share(HALVES * pieces, me, size)
    first = half * pieces
    return min(max(begin - first, 0), pieces), min(max(end - first, 0), pieces)


@inlined
def images_of_half(half: int, images: int) -> Any:
    """The first image of a half of the batch, and how many it has."""
    return half * HALF, max(0, min(images - half * HALF, HALF))


@compiled
def input_gradient(m: int, unit: Any, d_x: int, image: int, more: bool) -> None:
    """From the gradient of a 1×1 convolution to that of its input: set, or add `more`."""
    rows = image * unit.positions
    a, out = unit.d_raw + rows * unit.channels, d_x + rows * unit.inner
    if more:
        add_multiply(m, a, unit.flipped, out, unit.positions, unit.channels, unit.inner)
    else:
        multiply(m, a, unit.flipped, out, unit.positions, unit.channels, unit.inner)


@inlined
def square(me: int) -> Any:
    """The place of a member's Winograd tile."""
    return ROOM.squares + me * SQUARE


@inlined
def products(me: int) -> Any:
    """The place of a member's M."""
    return ROOM.m + me * PRODUCTS


@compiled
def own_kernel(m: int, kernel: int, u: int, me: int, size: int) -> int:
    """Make U of a 3×3 kernel; return where a member finds it when all have met.

    Two members make one each: to read half of it from another core takes longer. More share one.
    """
    own = size <= HALVES
    begin, end = share(NARROW // LANES, 0 if own else me, 1 if own else size)
    place = u + (me * KERNEL if own else 0)
    winograd.transform_kernel(m, kernel, place, LANES * begin, LANES * end, square(me))
    return place


@compiled
def turned_kernel(m: int, kernel: int, me: int, size: int) -> int:
    """As `own_kernel`, of the kernel with its channels exchanged, for the way back."""
    own = size <= HALVES
    turned = ROOM.turned + (me * WINDOW * MATRIX if own else 0)
    begin, end = share(NARROW // LANES, 0 if own else me, 1 if own else size)
    winograd.turn_kernel(m, kernel, turned, begin, end)
    return own_kernel(m, turned, ROOM.u_flipped, me, size)


@compiled
def spread_gradient(m: int, v: int, images: int, me: int, size: int) -> None:
    """From V and N to the gradients of U, a half of the batch after the other."""
    for half in range(HALVES):
        begin, end = share_of_half(PLACES, half, me, size)
        first, count = images_of_half(half, images)
        if count:
            d_u = ROOM.d_u + half * KERNEL
            winograd.multiply_gradient(m, v, ROOM.n, d_u, first, count, begin, end)


@compiled
def spread_weight_gradient(m: int, unit: Any, images: int, me: int, size: int) -> None:
    """A member's input channels of a 3×3 kernel's gradients, when all members have met."""
    for half in range(HALVES):
        begin, end = share_of_half(NARROW, half, me, size)
        target = unit.kernel + (1 + half) * LEARNED
        if images_of_half(half, images)[1]:
            d_u = ROOM.d_u + half * KERNEL
            winograd.kernel_gradient(m, d_u, target, begin, end, square(me))
        else:
            layers.set_zero(m, target, unit.inner * NARROW)


@compiled
def spread(m: int, x: int, v: int, u: int, out: int, first: int, last: int, me: int) -> None:
    """The 3×3 convolution of the ringed `x` by U, some images at a time; V is kept."""
    for image in range(first, last, TURN):
        end = min(image + TURN, last)
        winograd.transform_inputs(m, x, image, end, v, square(me))
        winograd.multiply_places(m, v, u, products(me), image, end)
        winograd.transform_outputs(m, products(me), image, end, out, square(me))


@compiled
def spread_backward(m: int, unit: Any, u: int, first: int, last: int, me: int) -> None:
    """From the gradient behind the 3×3 convolution's ReLU to that of its ringed input.

    `u` is of the turned kernel.
    """
    for image in range(first, last):
        through_norm(m, unit, ROOM.d_spreaded, image, me)
    layers.set_zero(m, ROOM.d_reduced + first * RINGED * NARROW, (last - first) * RINGED * NARROW)
    for image in range(first, last, TURN):
        end = min(image + TURN, last)
        winograd.transform_gradient(m, unit.d_raw, image, end, ROOM.n, square(me))
        winograd.multiply_places(m, ROOM.n, u, products(me), image, end)
        winograd.add_input_gradient(m, products(me), image, end, ROOM.d_reduced, square(me))
