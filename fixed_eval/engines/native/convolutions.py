"""The convolutions of the blocks, image by image, and their gradients.

`m` is the memory that `plan` divides; `me` and `size` are of the team.
"""

from typing import Any

from fixed_eval.engines.native import layers, winograd
from fixed_eval.engines.native.compiled import compiled, inlined
from fixed_eval.engines.native.matmul import add_multiply, add_multiply_transposed, multiply
from fixed_eval.engines.native.plan import LEARNED, NARROW, PRODUCTS, RINGED, ROOM, SQUARE, TURN
from fixed_eval.engines.native.statistics import raw, through_norm
from fixed_eval.engines.native.team import share

ROWS_AT_ONCE = 8  # of a weight gradient, the least that a member takes


@compiled
def convolve(m: int, x: int, unit: Any, image: int) -> None:
    """A 1×1 convolution of one image."""
    rows = x + image * unit.positions * unit.inner
    multiply(m, rows, unit.kernel, raw(unit, image), unit.positions, unit.inner, unit.channels)


@compiled
def weight_gradient(m: int, x: int, step: int, unit: Any, images: int, me: int, size: int) -> None:
    """A member's rows of a kernel's gradient; `step` is from one image to the next in `x`."""
    groups = -(-unit.inner // ROWS_AT_ONCE)
    begin, end = share(groups, me, size)
    begin, end = ROWS_AT_ONCE * begin, min(ROWS_AT_ONCE * end, unit.inner)
    target, channels = unit.kernel + LEARNED, unit.channels
    layers.set_zero(m, target + begin * channels, (end - begin) * channels)
    for image in range(images):  # one chain, by parts that fit into the core's cache
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
def spread(m: int, x: int, v: int, u: int, out: int, first: int, last: int, me: int) -> None:
    """The 3×3 convolution of the ringed `x` by U, some images at a time; V is kept."""
    for image in range(first, last, TURN):
        end = min(image + TURN, last)
        winograd.transform_inputs(m, x, image, end, v, square(me))
        winograd.multiply_places(m, v, u, products(me), image, end)
        winograd.transform_outputs(m, products(me), image, end, out, square(me))


@compiled
def spread_backward(m: int, unit: Any, first: int, last: int, me: int) -> None:
    """From the gradient behind the 3×3 convolution's ReLU to that of its ringed input."""
    for image in range(first, last):
        through_norm(m, unit, ROOM.d_spreaded, image, me)
    layers.set_zero(m, ROOM.d_reduced + first * RINGED * NARROW, (last - first) * RINGED * NARROW)
    for image in range(first, last, TURN):
        end = min(image + TURN, last)
        winograd.transform_gradient(m, unit.d_raw, image, end, ROOM.n, square(me))
        winograd.multiply_places(m, ROOM.n, ROOM.u_flipped, products(me), image, end)
        winograd.add_input_gradient(m, products(me), image, end, ROOM.d_reduced, square(me))
