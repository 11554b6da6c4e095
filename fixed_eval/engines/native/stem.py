"""The first convolution, 7×7 at every second position, straight from the pictures; its gradient.

A picture is an image with a ring of zeros. Where all colours of an image are equal, as in scans and
in what is drawn, a third of the products is enough. With g the image less the mean of green, c a
colour and `inside` a picture of ones in its ring of zeros, the preprocessed image has

    g + (mean of green − mean of c) · inside

in colour c; so its convolution is that of g by the sum of the kernel over its colours (`grey`), and
that of `inside` by a weighted sum of them (`contrast`), which is the same for all images (`edges`).
The gradient by the kernel is, in colour c, that of g plus the weighted one of `inside`.

All lie in the memory `m` that `plan` divides. `grey`, `contrast`, `edges` and `sums` are by member
of the team: each makes its own. `d_lines` and `d_edges` hold gradients by half of a batch and line
of the kernel, with some rows more than a line has, so that all can be made eight rows at a time.
"""

from typing import Any

import numpy as np

from fixed_eval.engines.native import layers
from fixed_eval.engines.native.compiled import compiled, inlined, part
from fixed_eval.engines.native.intrinsics import line
from fixed_eval.engines.native.matmul import WIDTH, multiply_picture
from fixed_eval.engines.native.plan import (
    COLOUR_LINE,
    COLOURS,
    GREY_LINE,
    HALVES,
    IMAGE_SIDE,
    LEARNED,
    NARROW,
    PICTURE,
    RINGED_IMAGE,
    ROOM,
    STEM,
    STEM_POSITIONS,
    STEM_RING,
    STEM_SIDE,
    STEM_UNIT,
    STRIDE,
    TAPS,
)
from fixed_eval.engines.native.shares import images_of_half, share_of_half

GREEN = 1
ZERO = np.float32(0)
ROW = STEM_SIDE * NARROW
VALUES = STEM_SIDE * ROW
# From the first to the last row of windows that do not reach over an image's upper or lower edge.
ROWS_ALIKE = (STEM_RING + 1) // STRIDE, (IMAGE_SIDE + STEM_RING - STEM) // STRIDE
PARTS = NARROW // WIDTH


@compiled
def prepare(m: int, means: Any, me: int) -> None:
    """What the member's grey images have in common: `grey` and `edges`."""
    grey, contrast = ROOM.grey + me * TAPS * NARROW, ROOM.contrast + me * TAPS * NARROW
    sum_colours(
        m, STEM_UNIT.kernel, grey, contrast, means[GREEN] - means[0], means[GREEN] - means[2]
    )
    edges = ROOM.edges + me * VALUES
    for y in range(STEM_SIDE):
        if y <= ROWS_ALIKE[0] or y > ROWS_ALIKE[1]:
            _convolve_row(m, False, ROOM.inside, 1, contrast, edges, y)
        else:
            copy(m, edges + ROWS_ALIKE[0] * ROW, edges + y * ROW, ROW)


@part
def sum_colours(
    m: int, kernel: int, grey: int, contrast: int, blue: np.float32, red: np.float32
) -> None:
    """The sum of a kernel's colours, and that of the first and last times `blue` and `red`."""
    for tap in range(TAPS):
        at = kernel + tap * COLOURS * NARROW
        a, b, c = line(m, at), line(m, at + NARROW), line(m, at + 2 * NARROW)
        total, weighted = line(m, grey + tap * NARROW), line(m, contrast + tap * NARROW)
        for k in range(NARROW):
            total[k] = (a[k] + b[k]) + c[k]
            weighted[k] = a[k] * blue + c[k] * red


@compiled
def forward(
    m: int, images: Any, position: Any, means: Any, grey: bool, place: int, me: int
) -> None:
    """The convolution of one image, in the place of a batch's image; `grey` needs `prepare`."""
    picture, out = ROOM.pictures + place * PICTURE, STEM_UNIT.raw + place * VALUES
    if grey:
        gather_grey(m, images, position, means, picture)
        copy(m, ROOM.edges + me * VALUES, out, VALUES)
        _convolve(m, True, picture, 1, ROOM.grey + me * TAPS * NARROW, out)
    else:
        gather(m, images, position, means, picture)
        _convolve(m, False, picture, COLOURS, STEM_UNIT.kernel, out)


@compiled
def gather(m: int, images: Any, position: int, means: Any, picture: int) -> None:
    """Fill a `picture` (38 × 38 × 3) with an image, preprocessed.

    As `fixed_eval.network.preprocess`: RGB 0..255 → BGR minus `means`.
    """
    layers.set_zero(m, picture, PICTURE)
    image = images[position]
    for y in range(image.shape[0]):
        target = line(m, picture + ((y + STEM_RING) * RINGED_IMAGE + STEM_RING) * COLOURS)
        for x in range(image.shape[1]):
            for colour in range(COLOURS):
                value = image[y, x, COLOURS - 1 - colour] - means[colour]
                target[COLOURS * x + colour] = value


@compiled
def gather_grey(m: int, images: Any, position: int, means: Any, picture: int) -> None:
    """Fill a `picture` (38 × 38) with the green of an image, or all it has, less green's mean."""
    layers.set_zero(m, picture, PICTURE // COLOURS)
    image, mean = images[position], means[GREEN]
    channel = GREEN if image.shape[2] == COLOURS else 0
    for y in range(image.shape[0]):
        target = line(m, picture + (y + STEM_RING) * RINGED_IMAGE + STEM_RING)
        for x in range(image.shape[1]):
            target[x] = image[y, x, channel] - mean


@part
def copy(m: int, x: int, out: int, values: int) -> None:
    """Copy `values` values."""
    a, o = line(m, x), line(m, out)
    for k in range(values):
        o[k] = a[k]


@inlined
def _convolve(m: int, add: bool, picture: int, colours: int, kernel: int, out: int) -> None:
    """Set or add the convolution of a picture."""
    for y in range(STEM_SIDE):
        _convolve_row(m, add, picture, colours, kernel, out, y)


@inlined
def _convolve_row(
    m: int, add: bool, picture: int, colours: int, kernel: int, out: int, y: int
) -> None:
    """Set or add a row of the convolution; a row of A is a window, seven runs in it."""
    row, run = RINGED_IMAGE * colours, STEM * colours
    multiply_picture(
        m,
        int(add),
        picture + STRIDE * y * row,
        STRIDE * colours,
        1,
        run,
        row - run + 1,
        kernel,
        out + y * ROW,
        STEM_SIDE,
        TAPS * colours,
        NARROW,
        NARROW,
    )


# The gradient -------------------------------------------------------------------------------------


@compiled
def gradient(m: int, means: Any, grey: bool, images: int, me: int, size: int) -> None:
    """A member's part of the kernel's gradients: some lines, each in parts of the channels."""
    for half in range(HALVES):
        begin, end = share_of_half(STEM * PARTS, half, me, size)
        first, last = images_of_half(half, 0, images)
        if grey and begin < end:
            sum_images(m, STEM_UNIT.d_raw, ROOM.sums + me * VALUES, first, last)
        for piece in range(begin, end):
            dy, left = piece // PARTS, piece % PARTS * WIDTH
            _line(m, means, grey, half, dy, left, first, last, me)


@compiled
def _line(
    m: int,
    means: Any,
    grey: bool,
    half: int,
    dy: int,
    left: int,
    first: int,
    last: int,
    me: int,
) -> None:
    """`WIDTH` channels of a line of the kernel's gradient by half a batch."""
    colours, line_of = 1 if grey else COLOURS, half * STEM + dy
    lines = ROOM.d_lines + line_of * COLOUR_LINE * NARROW
    edges = ROOM.d_edges + line_of * GREY_LINE * NARROW
    target = STEM_UNIT.kernel + (1 + half) * LEARNED + dy * STEM * COLOURS * NARROW
    if first >= last:
        set_zero_columns(m, target, STEM * COLOURS, left)
        return
    for image in range(first, last):
        picture, d_raw = ROOM.pictures + image * PICTURE, STEM_UNIT.d_raw + image * VALUES
        _line_gradient(m, image > first, picture, colours, dy, d_raw, lines, left)
    if grey:
        _line_gradient(m, False, ROOM.inside, 1, dy, ROOM.sums + me * VALUES, edges, left)
    _spread_line(m, means, grey, lines + left, edges + left, target + left)


@inlined
def _line_gradient(
    m: int, add: bool, picture: int, colours: int, dy: int, d_raw: int, out: int, left: int
) -> None:
    """Set or add a picture's share; a row of A is a tap, its runs are the positions of a line."""
    row, step = RINGED_IMAGE * colours, STRIDE * colours
    multiply_picture(
        m,
        int(add),
        picture + dy * row,
        1,
        step,
        STEM_SIDE,
        STRIDE * row - (STEM_SIDE - 1) * step,
        d_raw + left,
        out + left,
        GREY_LINE * colours,
        STEM_POSITIONS,
        NARROW,
        WIDTH,
    )


@compiled
def _spread_line(m: int, means: Any, grey: bool, lines: int, edges: int, target: int) -> None:
    """A line of the kernel's gradient from those of `d_lines` and `d_edges`."""
    for tap in range(STEM * COLOURS):
        dx, factor = tap // COLOURS, means[GREEN] - means[tap % COLOURS]
        of_grey, of_colour = line(m, lines + dx * NARROW), line(m, lines + tap * NARROW)
        of_inside, out = line(m, edges + dx * NARROW), line(m, target + tap * NARROW)
        for k in range(WIDTH):
            out[k] = of_grey[k] + of_inside[k] * factor if grey else of_colour[k]


@part
def sum_images(m: int, x: int, out: int, first: int, last: int) -> None:
    """The sum of the first convolution's gradients over images."""
    layers.set_zero(m, out, VALUES)
    o = line(m, out)
    for image in range(first, last):
        a = line(m, x + image * VALUES)
        for k in range(VALUES):
            o[k] += a[k]


@part
def set_zero_columns(m: int, x: int, rows: int, left: int) -> None:
    """Set `WIDTH` columns to zero."""
    for row in range(rows):
        a = line(m, x + row * NARROW + left)
        for k in range(WIDTH):
            a[k] = ZERO
