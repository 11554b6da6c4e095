"""The 3×3 convolutions of 8×8×64 maps as Winograd's F(4×4, 3×3), forward and backward.

Sixteen outputs in a square cost 36 multiplications instead of 144 (Lavin & Gray 2016, "Fast
algorithms for convolutional neural networks", section 4.3): with d the 6×6 inputs around them and g
the kernel

    Y = Aᵀ [U ⊙ V] A,    U = G g Gᵀ,    V = Bᵀ d B

so over channels and tiles the convolution is 36 matrix products, one per place in the 6×6 square.
The gradients are the exact adjoints of these steps: with N = A dY Aᵀ, per place dV = N·Uᵀ and
dU = Vᵀ·N, then dd = B dV Bᵀ (tiles overlap, so they add up) and dg = Gᵀ dU G.

The polynomials behind it are known by their values at `POINTS` and by their highest coefficient.
These points have half the rounding error of the usual 0, ±1, ±2.

All lie in the memory `m` that `plan` divides, in lines of 64 channels. Maps are batch × height ×
width; what goes in has a ring of zeros, 10×10, what comes out is 8×8. V, M and N are place × tile,
4 tiles per image; U is place × input channel × output channel. Tiles are those of the images from
`first` to before `last`; V and N have room for all images, M for those of one turn. `square` is
room for a tile of `LANES` channels: these are transformed at once, columns before rows.
"""

import numpy as np

from fixed_eval.engines.native.compiled import compiled, part
from fixed_eval.engines.native.intrinsics import LANES, turn_square
from fixed_eval.engines.native.matmul import multiply, multiply_transposed
from fixed_eval.engines.native.plan import (
    KERNEL_PLACE,
    MATRIX,
    NARROW,
    PLACE,
    PLACES,
    SIDE,
    TILES,
    TURN_PLACE,
    WIDE,
)
from fixed_eval.engines.native.vectors import from_points, to_points

LINE = NARROW  # one tile, map position or kernel row
MAP_ROW, WIDE_ROW = SIDE * LINE, WIDE * LINE
EDGE, OUT, TAPS = 6, 4, 3  # of a tile, of what comes of it, of a kernel
ROW = EDGE * LANES  # of `square`

POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
_others = [[point for point in POINTS if point != one] for one in POINTS]
_products = [
    np.prod([one - other for other in others]) for one, others in zip(POINTS, _others, strict=True)
]
A = np.array([[point**k for k in range(OUT)] for point in POINTS] + [[0, 0, 0, 1]])
G = np.array([[point**k for k in range(TAPS)] for point in POINTS] + [[0, 0, 1]])
G[: len(POINTS)] /= np.array(_products)[:, None]
BT = np.array([[*np.poly(others)[::-1], 0] for others in _others] + [np.poly(POINTS)[::-1]])

# One matrix times one line of a square, from `x` to `y`; `s` and `t` are the distances between the
# line's elements there. Global names, so that what calls them can be kept on disk.
_bt = to_points(BT)
_b = from_points(BT)
_add_b = from_points(BT, add=True)
_a = to_points(A)
_at = from_points(A)
_g = to_points(G)
_gt = from_points(G)


@compiled
def _corner(tile: int, row: int) -> int:
    """Where a tile begins in maps with rows of `row` values."""
    height = row // LINE
    return (tile // TILES * height + tile // 2 % 2 * OUT) * row + tile % 2 * OUT * LINE


@part
def multiply_places(m: int, a: int, u: int, out: int, first: int, last: int) -> None:
    """The 36 products of a turn: tiles of V or N times channels × channels of U, into M."""
    for place in range(PLACES):
        tiles = a + place * PLACE + first * TILES * LINE
        matrix, result = u + place * KERNEL_PLACE, out + place * TURN_PLACE
        multiply(m, tiles, matrix, result, TILES * (last - first), NARROW, NARROW)


@part
def transform_inputs(m: int, ringed: int, first: int, last: int, v: int, square: int) -> None:
    """V = Bᵀ d B."""
    for tile in range(TILES * first, TILES * last):
        corner = ringed + _corner(tile, WIDE_ROW)
        for c in range(0, LINE, LANES):
            for k in range(EDGE):
                _bt(m, corner + k * LINE + c, WIDE_ROW, square + k * LANES, ROW)
            target = v + tile * LINE + c
            for k in range(EDGE):
                _bt(m, square + k * ROW, LANES, target + EDGE * k * PLACE, PLACE)


@part
def transform_outputs(m: int, products: int, first: int, last: int, out: int, square: int) -> None:
    """Y = Aᵀ M A."""
    for tile in range(TILES * first, TILES * last):
        corner = out + _corner(tile, MAP_ROW)
        for c in range(0, LINE, LANES):
            source = products + (tile - TILES * first) * LINE + c
            for k in range(EDGE):
                begin = source + k * TURN_PLACE
                _at(m, begin, EDGE * TURN_PLACE, square + k * LANES, ROW)
            for k in range(OUT):
                _at(m, square + k * ROW, LANES, corner + k * MAP_ROW + c, LINE)


@part
def transform_gradient(m: int, gradient: int, first: int, last: int, n: int, square: int) -> None:
    """N = A dY Aᵀ."""
    for tile in range(TILES * first, TILES * last):
        corner = gradient + _corner(tile, MAP_ROW)
        for c in range(0, LINE, LANES):
            for k in range(OUT):
                _a(m, corner + k * LINE + c, MAP_ROW, square + k * LANES, ROW)
            target = n + tile * LINE + c
            for k in range(EDGE):
                _a(m, square + k * ROW, LANES, target + EDGE * k * PLACE, PLACE)


@part
def add_input_gradient(m: int, products: int, first: int, last: int, d_x: int, square: int) -> None:
    """Add B dV Bᵀ, dV being in M, to the ringed maps' gradient."""
    for tile in range(TILES * first, TILES * last):
        corner = d_x + _corner(tile, WIDE_ROW)
        for c in range(0, LINE, LANES):
            source = products + (tile - TILES * first) * LINE + c
            for k in range(EDGE):
                begin = source + k * TURN_PLACE
                _b(m, begin, EDGE * TURN_PLACE, square + k * LANES, ROW)
            for k in range(EDGE):
                _add_b(m, square + k * ROW, LANES, corner + k * WIDE_ROW + c, LINE)


@part
def transform_kernel(m: int, kernel: int, u: int, begin: int, end: int, square: int) -> None:
    """U = G g Gᵀ, for the input channels from `begin` to before `end`."""
    for channel in range(begin, end):
        for c in range(0, LINE, LANES):
            source, target = kernel + channel * LINE + c, u + channel * LINE + c
            for k in range(TAPS):
                _g(m, source + k * MATRIX, TAPS * MATRIX, square + k * LANES, ROW)
            for k in range(EDGE):
                _g(m, square + k * ROW, LANES, target + EDGE * k * KERNEL_PLACE, KERNEL_PLACE)


@part
def turn_kernel(m: int, kernel: int, turned: int, begin: int, end: int) -> None:
    """The kernel with input and output channels exchanged.

    For its input channels from LANES·`begin` to before LANES·`end`.
    """
    for matrix in range(0, TAPS * TAPS * MATRIX, MATRIX):
        for left in range(LANES * begin, LANES * end, LANES):
            for top in range(0, LINE, LANES):
                source = kernel + matrix + top * LINE + left
                turn_square(m, source, LINE, turned + matrix + left * LINE + top, LINE)


@part
def multiply_gradient(
    m: int, v: int, n: int, d_u: int, first: int, images: int, begin: int, end: int
) -> None:
    """DU = Vᵀ·N by some images, for the places from `begin` to before `end`."""
    for place in range(begin, end):
        tiles = place * PLACE + first * TILES * LINE
        a, b = v + tiles, n + tiles
        multiply_transposed(m, a, b, d_u + place * KERNEL_PLACE, TILES * images, NARROW, NARROW)


@part
def kernel_gradient(m: int, d_u: int, d_kernel: int, begin: int, end: int, square: int) -> None:
    """Set the kernel's gradient, dg = Gᵀ dU G, for some input channels."""
    for channel in range(begin, end):
        for c in range(0, LINE, LANES):
            source, target = d_u + channel * LINE + c, d_kernel + channel * LINE + c
            for k in range(EDGE):
                _gt(m, source + k * KERNEL_PLACE, EDGE * KERNEL_PLACE, square + k * LANES, ROW)
            for k in range(TAPS):
                _gt(m, square + k * ROW, LANES, target + TAPS * k * MATRIX, MATRIX)
