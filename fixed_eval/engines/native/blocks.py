"""The residual blocks by a team: forward and backward with a batch's statistics, and at rest.

`m` is the memory that `plan` divides; `gate`, `me` and `size` are of the team.
"""

from typing import Any

from fixed_eval.engines.native import layers
from fixed_eval.engines.native.compiled import compiled
from fixed_eval.engines.native.convolutions import (
    convolve,
    input_gradient,
    own_kernel,
    spread,
    spread_backward,
    spread_gradient,
    spread_weight_gradient,
    turned_kernel,
    weight_gradient,
)
from fixed_eval.engines.native.matmul import transpose
from fixed_eval.engines.native.plan import (
    BROAD,
    NARROW,
    POSITIONS,
    RINGED,
    ROOM,
    SHORTCUT,
)
from fixed_eval.engines.native.statistics import (
    combine_sums,
    learn_statistics,
    mine,
    raw,
    take_moments,
    take_sums,
    through_norm,
)
from fixed_eval.engines.native.team import meet, share


@compiled
def relu_ringed(m: int, unit: Any, ringed: int, image: int, me: int) -> None:
    """Batch norm and ReLU, into a map with a ring."""
    out = ringed + image * RINGED * NARROW
    centre, scale = mine(unit, me, 0), mine(unit, me, 2)
    layers.normalise_relu_ring(m, raw(unit, image), centre, scale, unit.beta, out, NARROW)


@compiled
def relu(m: int, unit: Any, out: int, image: int, me: int) -> None:
    """Batch norm and ReLU."""
    rows = unit.positions
    target = out + image * rows * unit.channels
    centre, scale = mine(unit, me, 0), mine(unit, me, 2)
    layers.normalise_relu(
        m, raw(unit, image), centre, scale, unit.beta, target, rows, unit.channels
    )


@compiled
def add_shortcut(m: int, block: Any, image: int, me: int) -> None:
    """Batch norm, the sum with the shortcut, and ReLU."""
    rows = image * POSITIONS * BROAD
    if block.first:
        unit = SHORTCUT
        centre, scale = mine(unit, me, 0), mine(unit, me, 2)
        layers.normalise(
            m,
            unit.raw + rows,
            centre,
            scale,
            unit.beta,
            block.shortcut + rows,
            POSITIONS,
            BROAD,
        )
    unit = block.expand
    layers.normalise_add_relu(
        m,
        unit.raw + rows,
        mine(unit, me, 0),
        mine(unit, me, 2),
        unit.beta,
        block.shortcut + rows,
        block.out + rows,
        POSITIONS,
        BROAD,
    )


@compiled
def enter(m: int, block: Any, image: int) -> None:
    """The convolutions of a block that see its input."""
    convolve(m, block.x, block.reduce, image)
    take_moments(m, block.reduce, image)
    if block.first:
        convolve(m, block.x, SHORTCUT, image)
        take_moments(m, SHORTCUT, image)


@compiled
def forward(m: int, block: Any, images: int, settings: Any, gate: Any, me: int, size: int) -> None:
    """A block with the batch's statistics, from behind `enter` to before `add_shortcut`."""
    first, last = share(images, me, size)
    u = own_kernel(m, block.spread.kernel, ROOM.u, me, size)
    meet(gate, size)
    learn_statistics(m, block.reduce, images, settings, me)
    for image in range(first, last):
        relu_ringed(m, block.reduce, block.reduced, image, me)
    unit = block.spread
    spread(m, block.reduced, block.v, u, unit.raw, first, last, me)
    for image in range(first, last):
        take_moments(m, block.spread, image)
    meet(gate, size)
    learn_statistics(m, block.spread, images, settings, me)
    for image in range(first, last):
        relu(m, block.spread, block.spreaded, image, me)
        convolve(m, block.spreaded, block.expand, image)
        take_moments(m, block.expand, image)
    meet(gate, size)
    learn_statistics(m, block.expand, images, settings, me)
    if block.first:
        learn_statistics(m, SHORTCUT, images, settings, me)


@compiled
def turn_kernels(m: int, block: Any, me: int, size: int) -> None:
    """The transposes of the 1×1 kernels, for the way back."""
    if me == 0:
        transpose(m, block.expand.kernel, block.expand.flipped, NARROW, BROAD)
    if me == size - 1:
        inner = block.reduce.inner
        transpose(m, block.reduce.kernel, block.reduce.flipped, inner, NARROW)
        if block.first:
            transpose(m, SHORTCUT.kernel, SHORTCUT.flipped, NARROW, BROAD)


@compiled
def enter_backward(m: int, block: Any, image: int, me: int) -> None:
    """The sums over the gradient of a block's sum, while that is in the cache."""
    take_sums(m, block.expand, block.gradient, image, me)
    if block.first:
        take_sums(m, SHORTCUT, block.gradient, image, me)


@compiled
def backward(m: int, block: Any, images: int, gate: Any, me: int, size: int) -> None:
    """From behind `enter_backward` to before `leave_backward`: most weights' gradients."""
    first, last = share(images, me, size)
    turn_kernels(m, block, me, size)
    u = turned_kernel(m, block.spread.kernel, me, size)
    meet(gate, size)
    combine_sums(m, block.expand, images, me)
    if block.first:
        combine_sums(m, SHORTCUT, images, me)
    for image in range(first, last):
        through_norm(m, block.expand, block.gradient, image, me)
        if block.first:
            through_norm(m, SHORTCUT, block.gradient, image, me)
        input_gradient(m, block.expand, ROOM.d_spreaded, image, False)
        rows = image * POSITIONS * NARROW
        d_spreaded = ROOM.d_spreaded + rows
        layers.mask(m, d_spreaded, block.spreaded + rows, POSITIONS * NARROW)
        take_sums(m, block.spread, ROOM.d_spreaded, image, me)
    meet(gate, size)
    weight_gradient(m, block.spreaded, POSITIONS * NARROW, block.expand, images, me, size)
    if block.first:
        weight_gradient(m, block.x, POSITIONS * NARROW, SHORTCUT, images, me, size)
    combine_sums(m, block.spread, images, me)
    spread_backward(m, block.spread, u, first, last, me)
    for image in range(first, last):
        ringed, out = image * RINGED * NARROW, ROOM.d_narrow + image * POSITIONS * NARROW
        layers.mask_ring(m, ROOM.d_reduced + ringed, block.reduced + ringed, out, NARROW)
        take_sums(m, block.reduce, ROOM.d_narrow, image, me)
    meet(gate, size)
    spread_gradient(m, block.v, images, me, size)
    combine_sums(m, block.reduce, images, me)


@compiled
def leave_backward(m: int, block: Any, image: int, me: int) -> None:
    """The gradient of a block's input: masked, but for the first block's."""
    through_norm(m, block.reduce, ROOM.d_narrow, image, me)
    input_gradient(m, block.reduce, block.d_x, image, False)
    if block.first:
        input_gradient(m, SHORTCUT, block.d_x, image, True)
    else:
        rows = image * POSITIONS * BROAD
        layers.add_mask(
            m, block.d_x + rows, block.gradient + rows, block.x + rows, POSITIONS * BROAD
        )


@compiled
def finish_backward(m: int, block: Any, images: int, me: int, size: int) -> None:
    """The weights' gradients that are left, when all members have met behind `leave_backward`."""
    weight_gradient(m, block.x, POSITIONS * block.reduce.inner, block.reduce, images, me, size)
    spread_weight_gradient(m, block.spread, images, me, size)


@compiled
def infer_block(m: int, block: Any, u: int, me: int) -> None:
    """A block, with the moving statistics, of the batch's image `me`."""
    convolve(m, block.x, block.reduce, me)
    if block.first:
        convolve(m, block.x, SHORTCUT, me)
    relu_ringed(m, block.reduce, block.reduced, me, me)
    spread(m, block.reduced, block.v, u, block.spread.raw, me, me + 1, me)
    relu(m, block.spread, block.spreaded, me, me)
    convolve(m, block.spreaded, block.expand, me)
    add_shortcut(m, block, me, me)
