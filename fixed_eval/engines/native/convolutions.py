"""The convolutions of the blocks, image by image, and their gradients.

`m` is the memory that `plan` divides; `me` and `size` are of the team.
"""

from typing import Any

from fixed_eval.engines.native import layers, winograd
from fixed_eval.engines.native.compiled import compiled, inlined
from fixed_eval.engines.native.intrinsics import LANES
from fixed_eval.engines.native.matmul import (
    add_multiply,
    add_multiply_transposed,
    multiply,
    multiply_transposed,
    transpose,
)
from fixed_eval.engines.native.plan import (
    BAND,
    BAND_SIZE,
    BANDS,
    HALVES,
    LEARNED,
    NARROW,
    PLACES,
    RINGED,
    ROOM,
    SLICE,
    SLICE_PLACE,
    SPREAD,
)
from fixed_eval.engines.native.shares import images_of_half, own, share_of_half, share_of_kernel
from fixed_eval.engines.native.statistics import raw, raw_gradient, through_norm_here

ROWS_AT_ONCE = 8  # of a weight gradient, the least that a member takes


# 1×1 ----------------------------------------------------------------------------------------------


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
        first, last = images_of_half(half, 0, images)
        if first >= last:
            layers.set_zero(m, target + begin * channels, (end - begin) * channels)
        for image in range(first, last):  # one chain, by parts that fit into the cache
            a, b = x + image * step, raw_gradient(unit, image)
            rows, inner = unit.positions, unit.inner
            if image == first:
                multiply_transposed(m, a, b, target, rows, inner, channels, begin, end)
            else:
                add_multiply_transposed(m, a, b, target, rows, inner, channels, begin, end)


@inlined
def flipped(unit: Any, me: int, size: int) -> Any:
    """Where a member finds the kernel with its channels exchanged."""
    return unit.flipped + (me * unit.inner * unit.channels if own(size) else 0)


@compiled
def flip(m: int, unit: Any, me: int, size: int, member: int) -> None:
    """Exchange the channels of a 1×1 kernel; where it is shared, `member` does it."""
    if own(size) or me == member:
        transpose(m, unit.kernel, flipped(unit, me, size), unit.inner, unit.channels)


@compiled
def input_gradient(m: int, unit: Any, image: int, d_x: int, more: bool, me: int, size: int) -> None:
    """From the gradient of a 1×1 convolution to `d_x`, that of its input: set, or add `more`.

    `flip` goes before.
    """
    a, kernel = raw_gradient(unit, image), flipped(unit, me, size)
    if more:
        add_multiply(m, a, kernel, d_x, unit.positions, unit.channels, unit.inner)
    else:
        multiply(m, a, kernel, d_x, unit.positions, unit.channels, unit.inner)


# 3×3 ----------------------------------------------------------------------------------------------


@inlined
def products(me: int, half: int) -> Any:
    """The place of a member's M."""
    return ROOM.m + (HALVES * me + half) * SPREAD


@compiled
def flip_spread(m: int, unit: Any, me: int, size: int) -> None:
    """Exchange the channels of a 3×3 kernel: all of a member's own, or its part."""
    begin, end = share_of_kernel(NARROW // LANES, me, size)
    winograd.turn_kernel(m, unit.kernel, flipped(unit, me, size), begin, end)


@compiled
def transform_kernel(m: int, kernel: int, u: int, me: int, size: int) -> None:
    """Make all bands of U: all of a member's own, or its part."""
    begin, end = share_of_kernel(NARROW // LANES, me, size)
    for band in range(BANDS):
        at = u + band * BAND_SIZE
        winograd.transform_kernel(m, kernel, at, band * BAND, LANES * begin, LANES * end)


@compiled
def multiply_bands(
    m: int, a: int, kernel: int, u: int, ready: bool, first: int, last: int, me: int
) -> None:
    """M of V or N (`a`) and U. If that is not `ready` at `u`, a band after the other is made there.

    So it is still in the cache.
    """
    for band in range(BANDS):
        at = u + (band * BAND_SIZE if ready else 0)
        if not ready:
            winograd.transform_kernel(m, kernel, at, band * BAND, 0, NARROW)
        for half in range(HALVES):
            begin, end = images_of_half(half, first, last)
            if begin < end:
                place = half * SPREAD
                winograd.multiply_places(
                    m, a + place, at, products(me, half), begin, end, band * BAND
                )


@compiled
def spread(
    m: int, x: int, v: int, unit: Any, u: int, ready: bool, first: int, last: int, me: int
) -> None:
    """The 3×3 convolution of the ringed `x`; V is kept. For `u` see `multiply_bands`."""
    for half in range(HALVES):
        begin, end = images_of_half(half, first, last)
        winograd.transform_inputs(m, x, begin, end, v + half * SPREAD)
    multiply_bands(m, v, unit.kernel, u, ready, first, last, me)
    for half in range(HALVES):
        begin, end = images_of_half(half, first, last)
        winograd.transform_outputs(m, products(me, half), begin, end, unit.raw)


@compiled
def spread_backward(
    m: int, unit: Any, kernel: int, u: int, ready: bool, first: int, last: int, me: int
) -> None:
    """From the gradient behind the 3×3 convolution's ReLU to that of its ringed input.

    `kernel` is the flipped one, `u` is of it.
    """
    for image in range(first, last):
        through_norm_here(m, unit, image, me)
    layers.set_zero(m, ROOM.d_reduced + first * RINGED * NARROW, (last - first) * RINGED * NARROW)
    for half in range(HALVES):
        begin, end = images_of_half(half, first, last)
        winograd.transform_gradient(m, unit.d_raw, begin, end, ROOM.n + half * SPREAD)
    multiply_bands(m, ROOM.n, kernel, u, ready, first, last, me)
    for half in range(HALVES):
        begin, end = images_of_half(half, first, last)
        winograd.add_input_gradient(m, products(me, half), begin, end, ROOM.d_reduced)


@compiled
def spread_gradient(m: int, unit: Any, v: int, images: int, me: int, size: int) -> None:
    """A member's input channels of a 3×3 kernel's gradients, from V and N."""
    for half in range(HALVES):
        pieces = share_of_half(NARROW // SLICE, half, me, size)
        target = unit.kernel + (1 + half) * LEARNED
        first, last = images_of_half(half, 0, images)
        if first >= last:
            layers.set_zero(m, target, unit.inner * NARROW)
        else:
            d_u, place = ROOM.d_u + me * PLACES * SLICE_PLACE, half * SPREAD
            for piece in range(pieces[0], pieces[1]):
                winograd.kernel_gradient(
                    m,
                    v + place,
                    ROOM.n + place,
                    target,
                    d_u,
                    first,
                    last,
                    piece * SLICE,
                )
