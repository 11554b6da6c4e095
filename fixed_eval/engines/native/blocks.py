"""The residual blocks by a team: forward and backward with a batch's statistics, and at rest.

`m` is the memory that `plan` divides; `gate`, `me` and `size` are of the team.
"""

from typing import Any

from fixed_eval.engines.native import layers
from fixed_eval.engines.native.compiled import compiled, inlined
from fixed_eval.engines.native.convolutions import (
    convolve,
    flip,
    flip_spread,
    flipped,
    input_gradient,
    spread,
    spread_backward,
    spread_gradient,
    transform_kernel,
    weight_gradient,
)
from fixed_eval.engines.native.plan import (
    BROAD,
    KERNEL,
    NARROW,
    POSITIONS,
    RINGED,
    ROOM,
    SHORTCUT,
)
from fixed_eval.engines.native.shares import images_of_member, own
from fixed_eval.engines.native.statistics import (
    combine_sums,
    learn_statistics,
    mine,
    raw,
    raw_gradient,
    take_moments,
    take_sums,
    through_norm,
    through_norm_here,
)
from fixed_eval.engines.native.team import arrive, wait


@inlined
def narrow(x: int, image: int) -> Any:
    """The place of an image in a map of 64 channels."""
    return x + image * POSITIONS * NARROW


@inlined
def broad(x: int, image: int) -> Any:
    """The place of an image in a map of 256 channels."""
    return x + image * POSITIONS * BROAD


@compiled
def relu_ringed(m: int, unit: Any, ringed: int, image: int, me: int) -> None:
    """Batch norm and ReLU, into a map with a ring."""
    out = ringed + image * RINGED * NARROW
    centre, scale = mine(unit, me, 0), mine(unit, me, 2)
    layers.normalise_relu_ring(m, raw(unit, image), centre, scale, unit.beta, out, NARROW)


@compiled
def relu(m: int, unit: Any, out: int, image: int, me: int) -> None:
    """Batch norm and ReLU of an image, to `out`."""
    centre, scale = mine(unit, me, 0), mine(unit, me, 2)
    layers.normalise_relu(
        m, raw(unit, image), centre, scale, unit.beta, out, unit.positions, unit.channels
    )


@compiled
def add_shortcut(m: int, block: Any, image: int, me: int) -> None:
    """Batch norm, the sum with the shortcut, and ReLU."""
    unit, out = block.expand, broad(block.out, image)
    x, centre, scale = raw(unit, image), mine(unit, me, 0), mine(unit, me, 2)
    if block.first:
        layers.normalise_both_add_relu(
            m,
            x,
            centre,
            scale,
            unit.beta,
            raw(SHORTCUT, image),
            mine(SHORTCUT, me, 0),
            mine(SHORTCUT, me, 2),
            SHORTCUT.beta,
            out,
            POSITIONS,
            BROAD,
        )
    else:
        other = broad(block.x, image)
        layers.normalise_add_relu(m, x, centre, scale, unit.beta, other, out, POSITIONS, BROAD)


@compiled
def enter(m: int, block: Any, image: int) -> None:
    """The convolutions of a block that see its input."""
    convolve(m, block.x, block.reduce, image)
    take_moments(m, block.reduce, image)
    if block.first:
        convolve(m, block.x, SHORTCUT, image)
        take_moments(m, SHORTCUT, image)


@inlined
def room_of_u(me: int, size: int, backward: bool) -> Any:
    """Where U is made: by each of two members for itself, or by all, and then one way's beside."""
    return ROOM.u + KERNEL * (me if own(size) else int(backward))


@compiled
def forward(m: int, block: Any, images: int, settings: Any, gate: Any, me: int, size: int) -> None:
    """A block with the batch's statistics, from behind `enter` to before `add_shortcut`.

    While others come to a meeting, a member turns the kernels for the way back.
    """
    first, last = images_of_member(images, me, size)
    u = room_of_u(me, size, False)
    if not own(size):
        transform_kernel(m, block.spread.kernel, u, me, size)
    meeting = arrive(gate, size)
    flip(m, block.expand, me, size, 0)
    wait(gate, size, meeting)
    learn_statistics(m, block.reduce, images, settings, me)
    for image in range(first, last):
        relu_ringed(m, block.reduce, block.reduced, image, me)
    spread(m, block.reduced, block.v, block.spread, u, not own(size), first, last, me)
    for image in range(first, last):
        take_moments(m, block.spread, image)
    meeting = arrive(gate, size)
    flip_spread(m, block.spread, me, size)
    wait(gate, size, meeting)
    learn_statistics(m, block.spread, images, settings, me)
    for image in range(first, last):
        relu(m, block.spread, narrow(block.spreaded, image), image, me)
        convolve(m, block.spreaded, block.expand, image)
        take_moments(m, block.expand, image)
    meeting = arrive(gate, size)
    flip(m, block.reduce, me, size, 1)
    if block.first:
        flip(m, SHORTCUT, me, size, 0)
    wait(gate, size, meeting)
    learn_statistics(m, block.expand, images, settings, me)
    if block.first:
        learn_statistics(m, SHORTCUT, images, settings, me)


@compiled
def enter_backward(m: int, block: Any, image: int, me: int) -> None:
    """The sums over the gradient of a block's sum, while that is in the cache."""
    take_sums(m, block.expand, broad(ROOM.d_out, image), image, me)
    if block.first:
        take_sums(m, SHORTCUT, broad(ROOM.d_out, image), image, me)


@compiled
def meet_to_make(gate: Any, size: int, meeting: int, before: bool) -> None:
    """Wait for the team before or behind the work on weights' gradients that follows a meeting.

    A member whose images they are can do that work while the others come; else all must have come.
    """
    if own(size) != before:
        wait(gate, size, meeting)


@compiled
def backward(m: int, block: Any, images: int, gate: Any, me: int, size: int) -> None:
    """From when all have met behind `enter_backward` to before `leave_backward`."""
    first, last = images_of_member(images, me, size)
    combine_sums(m, block.expand, images, me)
    if block.first:
        combine_sums(m, SHORTCUT, images, me)
    for image in range(first, last):
        through_norm(m, block.expand, broad(ROOM.d_out, image), image, me)
        if block.first:
            through_norm(m, SHORTCUT, broad(ROOM.d_out, image), image, me)
        gradient = raw_gradient(block.spread, image)
        input_gradient(m, block.expand, image, gradient, False, me, size)
        layers.mask(m, gradient, narrow(block.spreaded, image), POSITIONS * NARROW)
        take_sums(m, block.spread, gradient, image, me)
    u, kernel = room_of_u(me, size, True), flipped(block.spread, me, size)
    if not own(size):
        transform_kernel(m, kernel, u, me, size)
    meeting = arrive(gate, size)
    meet_to_make(gate, size, meeting, True)
    weight_gradient(m, block.spreaded, POSITIONS * NARROW, block.expand, images, me, size)
    if block.first:
        weight_gradient(m, block.x, POSITIONS * NARROW, SHORTCUT, images, me, size)
    meet_to_make(gate, size, meeting, False)
    combine_sums(m, block.spread, images, me)
    spread_backward(m, block.spread, kernel, u, not own(size), first, last, me)
    for image in range(first, last):
        ringed, gradient = image * RINGED * NARROW, raw_gradient(block.reduce, image)
        layers.mask_ring(m, ROOM.d_reduced + ringed, block.reduced + ringed, gradient, NARROW)
        take_sums(m, block.reduce, gradient, image, me)
    meeting = arrive(gate, size)
    meet_to_make(gate, size, meeting, True)
    spread_gradient(m, block.spread, block.v, images, me, size)
    meet_to_make(gate, size, meeting, False)
    combine_sums(m, block.reduce, images, me)


@compiled
def leave_backward(m: int, block: Any, image: int, me: int, size: int) -> None:
    """The gradient of a block's input: the pooling's, or that of another block's sum, masked."""
    through_norm_here(m, block.reduce, image, me)
    if block.first:
        d_x = narrow(ROOM.d_pooled, image)
        input_gradient(m, block.reduce, image, d_x, False, me, size)
        input_gradient(m, SHORTCUT, image, d_x, True, me, size)
    else:
        d_x = broad(ROOM.d_x, me)
        input_gradient(m, block.reduce, image, d_x, False, me, size)
        layers.add_mask(m, broad(ROOM.d_out, image), d_x, broad(block.x, image), POSITIONS * BROAD)


@compiled
def finish_backward(m: int, block: Any, images: int, gate: Any, me: int, size: int) -> None:
    """Meet behind `leave_backward`; the gradient that is left."""
    meeting = arrive(gate, size)
    meet_to_make(gate, size, meeting, True)
    weight_gradient(m, block.x, POSITIONS * block.reduce.inner, block.reduce, images, me, size)
    meet_to_make(gate, size, meeting, False)


@compiled
def infer_block(m: int, block: Any, u: int, image: int, me: int) -> None:
    """A block, with the moving statistics, of one image; `u` is of its 3×3 kernel."""
    convolve(m, block.x, block.reduce, image)
    if block.first:
        convolve(m, block.x, SHORTCUT, image)
    relu_ringed(m, block.reduce, block.reduced, image, me)
    spread(m, block.reduced, block.v, block.spread, u, True, image, image + 1, me)
    relu(m, block.spread, narrow(block.spreaded, image), image, me)
    convolve(m, block.spreaded, block.expand, image)
    add_shortcut(m, block, image, me)
