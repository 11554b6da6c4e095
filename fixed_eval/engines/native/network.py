"""The cut ResNet50 by a team of threads: training steps, and logits, in compiled code.

Rows belong to images, and images to members of the team. A weight has one gradient by each half of
the batch, split by rows of the result, or by Winograd place: each element is one chain over the
positions of that half in order. So two members read nothing of each other's images. What is summed
over a batch otherwise (batch norm, the loss) is summed per image first, then over images in order.
So nothing depends on who does what, and a team of any size gives the same bits.

`m` is the memory that `plan` divides; `which` is what `layers.pool` took. `me` counts from 0 to
before `size`; `begin` and `end` are a member's share.
"""

from typing import Any, NamedTuple

import numpy as np

from fixed_eval.engines.native import exact, layers, stem
from fixed_eval.engines.native.blocks import (
    add_shortcut,
    backward,
    broad,
    enter,
    enter_backward,
    finish_backward,
    forward,
    infer_block,
    leave_backward,
    narrow,
    relu,
)
from fixed_eval.engines.native.compiled import compiled, inlined
from fixed_eval.engines.native.convolutions import transform_kernel
from fixed_eval.engines.native.intrinsics import LANES, line, load, set_float_control
from fixed_eval.engines.native.plan import (
    BLOCKS,
    BROAD,
    CLASSES,
    FIRST,
    IMAGES,
    KERNEL,
    LEARNED,
    MOVED,
    NARROW,
    POSITIONS,
    ROOM,
    SECOND,
    STEM_POSITIONS,
    STEM_UNIT,
    THIRD,
    UNITS,
)
from fixed_eval.engines.native.shares import images_of_member, own
from fixed_eval.engines.native.statistics import (
    combine_sums,
    learn_statistics,
    raw_gradient,
    rest,
    take_moments,
    take_sums,
    through_norm_here,
)
from fixed_eval.engines.native.team import ASKED, meet, meet_and_ask, share

# Round to nearest, and denormal numbers as they are: another setting would be other bits.
FLOAT_CONTROL = 0x1F80


NUMBERS = tuple(range(len(BLOCKS)))


class Settings(NamedTuple):
    """What the protocol leaves open; see `fixed_eval.protocols.cutoff_resnet50.CutoffProtocol`."""

    learning_rate: float
    beta_1: float
    beta_2: float
    adam_epsilon: float
    bn_epsilon: float
    bn_momentum: float


@compiled
def pool(m: int, which: Any, image: int, me: int) -> None:
    """Batch norm, ReLU and pooling behind the first convolution."""
    x = ROOM.stem_out + me * STEM_POSITIONS * NARROW
    relu(m, STEM_UNIT, x, image, me)
    layers.pool(m, x, narrow(ROOM.pooled, image), which[image], NARROW)


@compiled
def head(m: int, image: int) -> None:
    """The logits of one image."""
    average = ROOM.average + image * BROAD
    layers.average(m, broad(THIRD.out, image), average, POSITIONS)
    layers.dense(m, average, ROOM.dense, ROOM.dense_bias, ROOM.logits + image * CLASSES)


@compiled
def head_backward(m: int, image: int) -> None:
    """From the gradient of an image's logits to that of the last block's sum."""
    d_average, out = ROOM.d_average + image * BROAD, broad(THIRD.out, image)
    layers.dense_backward(m, ROOM.dense, ROOM.d_logits + image * CLASSES, d_average)
    layers.average_backward(m, d_average, out, broad(ROOM.d_out, image), POSITIONS)


@inlined
def step(
    m: int,
    which: Any,
    batch: Any,
    means: Any,
    grey: bool,
    settings: Any,
    rate: Any,
    losses: Any,
    gate: Any,
    me: int,
    size: int,
) -> None:
    """Forward, backward and Adam on one batch.

    `batch` is images, labels and positions, `grey` says that all colours of all images are equal;
    `losses` gets each image's loss and hit.

    What an image needs of one part and of the next is done at once, while it is in the cache.
    """
    images, labels, positions = batch
    count = len(positions)
    first, last = images_of_member(count, me, size)
    if grey:
        stem.prepare(m, means, me)
    for image in range(first, last):
        stem.forward(m, images, np.int64(positions[image]), means, grey, image, me)
        take_moments(m, STEM_UNIT, image)
    meet(gate, size)
    forward_blocks(m, which, count, settings, gate, me, size)
    for image in range(first, last):
        add_shortcut(m, THIRD, image, me)
        head(m, image)
        at = image * CLASSES
        losses[image, 0], losses[image, 1] = layers.cross_entropy(
            m, ROOM.logits + at, labels[positions[image]], ROOM.d_logits + at, count
        )
        head_backward(m, image)
        enter_backward(m, THIRD, image, me)
    meet(gate, size)
    backward_blocks(m, which, count, gate, me, size)
    for image in range(first, last):
        through_norm_here(m, STEM_UNIT, image, me)
    dense_gradient(m, count, me, size)
    if not own(size):
        meet(gate, size)
    stem.gradient(m, means, grey, count, me, size)
    meet(gate, size)
    move_weights(m, settings, rate, me, size)


@inlined
def forward_blocks(
    m: int, which: Any, count: int, settings: Any, gate: Any, me: int, size: int
) -> None:
    """From the first convolution to before the sum of the last block."""
    first, last = images_of_member(count, me, size)
    learn_statistics(m, STEM_UNIT, count, settings, me)
    for image in range(first, last):
        pool(m, which, image, me)
        enter(m, FIRST, image)
    forward(m, FIRST, count, settings, gate, me, size)
    for image in range(first, last):
        add_shortcut(m, FIRST, image, me)
        enter(m, SECOND, image)
    forward(m, SECOND, count, settings, gate, me, size)
    for image in range(first, last):
        add_shortcut(m, SECOND, image, me)
        enter(m, THIRD, image)
    forward(m, THIRD, count, settings, gate, me, size)


@inlined
def backward_blocks(m: int, which: Any, count: int, gate: Any, me: int, size: int) -> None:
    """From when all have met behind `enter_backward` of the last block to the first batch norm."""
    first, last = images_of_member(count, me, size)
    backward(m, THIRD, count, gate, me, size)
    for image in range(first, last):
        leave_backward(m, THIRD, image, me, size)
        enter_backward(m, SECOND, image, me)
    finish_backward(m, THIRD, count, gate, me, size)
    backward(m, SECOND, count, gate, me, size)
    for image in range(first, last):
        leave_backward(m, SECOND, image, me, size)
        enter_backward(m, FIRST, image, me)
    finish_backward(m, SECOND, count, gate, me, size)
    backward(m, FIRST, count, gate, me, size)
    for image in range(first, last):
        leave_backward(m, FIRST, image, me, size)
        gradient = raw_gradient(STEM_UNIT, image)
        layers.pool_backward(m, narrow(ROOM.d_pooled, image), which[image], gradient, NARROW)
        take_sums(m, STEM_UNIT, gradient, image, me)
    finish_backward(m, FIRST, count, gate, me, size)
    combine_sums(m, STEM_UNIT, count, me)


@compiled
def dense_gradient(m: int, count: int, me: int, size: int) -> None:
    """A member's rows of the head's gradient."""
    begin, end = share(BROAD, me, size)
    kernel, bias = ROOM.dense + LEARNED, ROOM.dense_bias + LEARNED
    layers.dense_gradient(m, ROOM.average, ROOM.d_logits, kernel, bias, count, begin, end)


@compiled
def move_weights(m: int, settings: Any, rate: Any, me: int, size: int) -> None:
    """Adam on a member's share of the weights."""
    begin, end = share(LEARNED // LANES, me, size)
    layers.adam(
        m,
        LANES * begin,
        LEARNED,
        LANES * (end - begin),
        rate,
        np.float32(1 - settings.beta_1),
        np.float32(1 - settings.beta_2),
        np.float32(settings.adam_epsilon),
        ROOM.moved + me * MOVED,
        int(size > 1),
    )


@compiled
def learn(
    m: int,
    which: Any,
    images: Any,
    labels: Any,
    order: Any,
    means: Any,
    grey: bool,
    settings: Any,
    steps: int,
    losses: Any,
    result: Any,
    gate: Any,
    me: int,
    size: int,
) -> None:
    """Steps over the images in `order`, eight at a time, `steps` having been taken before.

    Keras' bias corrections go into Adam's learning rate. `result` gets the summed loss (nats), the
    hits, and how many steps there are now.
    """
    before = set_float_control(FLOAT_CONTROL)
    for begin in range(0, len(order), IMAGES):
        steps += 1
        positions = order[begin : min(begin + IMAGES, len(order))]
        correction = np.sqrt(1 - exact.power(settings.beta_2, steps)) / (
            1 - exact.power(settings.beta_1, steps)
        )
        rate = np.float32(settings.learning_rate * correction)
        batch = (images, labels, positions)
        step(m, which, batch, means, grey, settings, rate, losses, gate, me, size)
        if me == 0:
            for image in range(len(positions)):
                result[0] += losses[image, 0]
                result[1] += losses[image, 1]
            result[2] = steps
        if meet_and_ask(gate, me, size):
            break
    set_float_control(before)


@compiled
def infer(
    m: int,
    which: Any,
    images: Any,
    labels: Any,
    means: Any,
    grey: Any,
    bn_epsilon: float,
    logits: Any,
    losses: Any,
    gate: Any,
    me: int,
    size: int,
) -> None:
    """Logits of all images with the moving statistics, and each one's loss (nats) and hit.

    `grey` says of which images all colours are equal. A member takes some images, one at a time, in
    the place of the first that it would have of a batch: more at once are no faster.
    """
    before = set_float_control(FLOAT_CONTROL)
    u = ROOM.u + (me * len(BLOCKS) * KERNEL if own(size) else 0)
    for block, number in zip(BLOCKS, NUMBERS):  # noqa: B905 - Numba knows no `strict`
        transform_kernel(m, block.spread.kernel, u + number * KERNEL, me, size)
    stem.prepare(m, means, me)
    for unit in UNITS:
        rest(m, unit, bn_epsilon, me)
    meet(gate, size)
    place, _ = images_of_member(IMAGES, me, size)
    first, last = share(len(images), me, size)
    for image in range(first, last):
        if load(gate, ASKED) != 0:
            break
        stem.forward(m, images, image, means, grey[image], place, me)
        pool(m, which, place, me)
        for block, number in zip(BLOCKS, NUMBERS):  # noqa: B905
            infer_block(m, block, u + number * KERNEL, place, me)
        head(m, place)
        at = place * CLASSES
        losses[image, 0], losses[image, 1] = layers.cross_entropy(
            m, ROOM.logits + at, labels[image], ROOM.d_logits + at, 1
        )
        found = line(m, ROOM.logits + at)
        for k in range(CLASSES):
            logits[image, k] = found[k]
    set_float_control(before)
