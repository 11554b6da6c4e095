"""The 3×3 convolutions of 8×8×64 maps as Winograd's F(2×2, 3×3), forward and backward.

Four outputs in a square cost 16 multiplications instead of 36 (Lavin & Gray 2016, "Fast algorithms
for convolutional neural networks", section 4.1): with d the 4×4 inputs around them and g the kernel

    Y = Aᵀ [U ⊙ V] A,    U = G g Gᵀ,    V = Bᵀ d B

so over channels and tiles the convolution is 16 matrix products, one per place in the 4×4 square.
The gradients are the exact adjoints of these steps: with N = A dY Aᵀ, per place dV = N·Uᵀ and
dU = Vᵀ·N, then dd = B dV Bᵀ (tiles overlap, so they add up) and dg = Gᵀ dU G.

All lie in the memory `m` that `plan` divides, in lines of 64 channels. Maps are batch × height ×
width; what goes in has a ring of zeros, 10×10, what comes out is 8×8. V, M and N are place × tile,
16 tiles per image; U is place × input channel × output channel. Tiles are those of the images from
`first` to before `last`; V and N have room for all images, M for those of one turn. `square` is
room for a tile.
"""

from typing import Any

import numpy as np

from fixed_eval.engines.native.compiled import compiled, inlined, part
from fixed_eval.engines.native.intrinsics import line
from fixed_eval.engines.native.matmul import add_multiply_transposed, multiply, transpose
from fixed_eval.engines.native.plan import (
    MATRIX,
    NARROW,
    PLACE,
    PLACES,
    SIDE,
    TILES,
    TURN_PLACE,
    WIDE,
)

LINE = NARROW  # one tile, map position or kernel row
MAP_ROW, WIDE_ROW = SIDE * LINE, WIDE * LINE
HALF = np.float32(0.5)


@part
def multiply_places(m: int, a: int, u: int, out: int, first: int, last: int) -> None:
    """The 16 products of a turn: tiles of V or N times channels × channels of U, into M."""
    for place in range(PLACES):
        tiles = a + place * PLACE + first * TILES * LINE
        matrix, result = u + place * MATRIX, out + place * TURN_PLACE
        multiply(m, tiles, matrix, result, TILES * (last - first), NARROW, NARROW)


@part
def transform_inputs(m: int, ringed: int, first: int, last: int, v: int, square: int) -> None:
    """V = Bᵀ d B."""
    for tile in range(TILES * first, TILES * last):
        at = ringed + (tile // 16 * WIDE + tile // 4 % 4 * 2) * WIDE_ROW + tile % 4 * 2 * LINE
        for column in range(4):
            _b_transposed(m, at + column * LINE, WIDE_ROW, square + column * LINE, 4 * LINE)
        for row in range(4):
            target = v + 4 * row * PLACE + tile * LINE
            _b_transposed(m, square + 4 * row * LINE, LINE, target, PLACE)


@part
def transform_outputs(m: int, products: int, first: int, last: int, out: int, square: int) -> None:
    """Y = Aᵀ M A."""
    for tile in range(TILES * first, TILES * last):
        source = products + (tile - TILES * first) * LINE
        for column in range(4):
            begin = source + column * TURN_PLACE
            _a_transposed(m, begin, 4 * TURN_PLACE, square + column * LINE, 4 * LINE)
        at = out + (tile // 16 * SIDE + tile // 4 % 4 * 2) * MAP_ROW + tile % 4 * 2 * LINE
        for row in range(2):
            _a_transposed(m, square + 4 * row * LINE, LINE, at + row * MAP_ROW, LINE)


@part
def transform_gradient(m: int, gradient: int, first: int, last: int, n: int, square: int) -> None:
    """N = A dY Aᵀ."""
    for tile in range(TILES * first, TILES * last):
        at = gradient + (tile // 16 * SIDE + tile // 4 % 4 * 2) * MAP_ROW + tile % 4 * 2 * LINE
        for column in range(2):
            _a(m, at + column * LINE, MAP_ROW, square + column * LINE, 2 * LINE)
        target = n + tile * LINE
        for row in range(4):
            _a(m, square + 2 * row * LINE, LINE, target + 4 * row * PLACE, PLACE)


@part
def add_input_gradient(m: int, products: int, first: int, last: int, d_x: int, square: int) -> None:
    """Add B dV Bᵀ, dV being in M, to the ringed maps' gradient."""
    for tile in range(TILES * first, TILES * last):
        source = products + (tile - TILES * first) * LINE
        for column in range(4):
            begin = source + column * TURN_PLACE
            _b(m, begin, 4 * TURN_PLACE, square + column * LINE, 4 * LINE)
        at = d_x + (tile // 16 * WIDE + tile // 4 % 4 * 2) * WIDE_ROW + tile % 4 * 2 * LINE
        for row in range(4):
            _add_b(m, square + 4 * row * LINE, LINE, at + row * WIDE_ROW, LINE)


@part
def transform_kernel(m: int, kernel: int, u: int, begin: int, end: int, square: int) -> None:
    """U = G g Gᵀ, for the input channels from `begin` to before `end`."""
    for channel in range(begin, end):
        source = kernel + channel * LINE
        for column in range(3):
            _g(m, source + column * MATRIX, 3 * MATRIX, square + column * LINE, 3 * LINE)
        for row in range(4):
            target = u + 4 * row * MATRIX + channel * LINE
            _g(m, square + 3 * row * LINE, LINE, target, MATRIX)


@part
def turn_kernel(m: int, u: int, flipped: int, begin: int, end: int) -> None:
    """U of the transposed kernel from U, for the places from `begin` to before `end`."""
    for place in range(begin, end):
        transpose(m, u + place * MATRIX, flipped + place * MATRIX, NARROW, NARROW)


@part
def multiply_gradient(m: int, v: int, n: int, d_u: int, images: int, begin: int, end: int) -> None:
    """DU = Vᵀ·N, for the places from `begin` to before `end`."""
    for place in range(begin, end):
        target = d_u + place * MATRIX
        zeros = line(m, target)
        for k in range(MATRIX):
            zeros[k] = np.float32(0)
        a, b = v + place * PLACE, n + place * PLACE
        add_multiply_transposed(m, a, b, target, TILES * images, NARROW, NARROW, 0, NARROW)


@part
def kernel_gradient(m: int, d_u: int, d_kernel: int, begin: int, end: int, square: int) -> None:
    """Set the kernel's gradient, dg = Gᵀ dU G, for some input channels."""
    for channel in range(begin, end):
        source, target = d_u + channel * LINE, d_kernel + channel * LINE
        for column in range(4):
            begin_of = source + column * MATRIX
            _g_transposed(m, begin_of, 4 * MATRIX, square + column * LINE, 4 * LINE)
        for row in range(3):
            _g_transposed(m, square + 4 * row * LINE, LINE, target + 3 * row * MATRIX, MATRIX)


# One matrix times one line of the square, 64 channels at once, from `x` to `y`. `s` and `t` are the
# distances between the line's elements there.


@inlined
def _four(m: int, x: int, s: int) -> Any:
    return line(m, x), line(m, x + s), line(m, x + 2 * s), line(m, x + 3 * s)


@compiled
def _b_transposed(m: int, x: int, s: int, y: int, t: int) -> None:
    x0, x1, x2, x3 = _four(m, x, s)
    y0, y1, y2, y3 = _four(m, y, t)
    for c in range(LINE):
        a, b, d, e = x0[c], x1[c], x2[c], x3[c]
        y0[c], y1[c], y2[c], y3[c] = a - d, b + d, d - b, b - e


@compiled
def _b(m: int, x: int, s: int, y: int, t: int) -> None:
    x0, x1, x2, x3 = _four(m, x, s)
    y0, y1, y2, y3 = _four(m, y, t)
    for c in range(LINE):
        a, b, d, e = x0[c], x1[c], x2[c], x3[c]
        y0[c], y1[c], y2[c], y3[c] = a, b - d + e, b + d - a, -e


@compiled
def _add_b(m: int, x: int, s: int, y: int, t: int) -> None:
    x0, x1, x2, x3 = _four(m, x, s)
    y0, y1, y2, y3 = _four(m, y, t)
    for c in range(LINE):
        a, b, d, e = x0[c], x1[c], x2[c], x3[c]
        y0[c] += a
        y1[c] += b - d + e
        y2[c] += b + d - a
        y3[c] -= e


@compiled
def _a_transposed(m: int, x: int, s: int, y: int, t: int) -> None:
    x0, x1, x2, x3 = _four(m, x, s)
    y0, y1 = line(m, y), line(m, y + t)
    for c in range(LINE):
        a, b, d, e = x0[c], x1[c], x2[c], x3[c]
        y0[c], y1[c] = a + b + d, b - d - e


@compiled
def _a(m: int, x: int, s: int, y: int, t: int) -> None:
    x0, x1 = line(m, x), line(m, x + s)
    y0, y1, y2, y3 = _four(m, y, t)
    for c in range(LINE):
        a, b = x0[c], x1[c]
        y0[c], y1[c], y2[c], y3[c] = a, a + b, a - b, -b


@compiled
def _g(m: int, x: int, s: int, y: int, t: int) -> None:
    x0, x1, x2 = line(m, x), line(m, x + s), line(m, x + 2 * s)
    y0, y1, y2, y3 = _four(m, y, t)
    for c in range(LINE):
        a, b, d = x0[c], x1[c], x2[c]
        even, odd = HALF * (a + d), HALF * b
        y0[c], y1[c], y2[c], y3[c] = a, even + odd, even - odd, d


@compiled
def _g_transposed(m: int, x: int, s: int, y: int, t: int) -> None:
    x0, x1, x2, x3 = _four(m, x, s)
    y0, y1, y2 = line(m, y), line(m, y + t), line(m, y + 2 * t)
    for c in range(LINE):
        a, b, d, e = x0[c], x1[c], x2[c], x3[c]
        even, odd = HALF * (b + d), HALF * (b - d)
        y0[c], y1[c], y2[c] = a + even, odd, even + e
