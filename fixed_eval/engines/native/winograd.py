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
width; what goes in has a ring of zeros, 10×10, what comes out is 8×8. V, M and N are those of half
a batch, place × tile, 4 tiles per image; so two members of a team share no line of the cache. Work
is on the images from `first` to before `last`, all in that half. `LANES` channels are
transformed at once, columns before rows.

U is made and used by bands of its output channels, each place × input channel × `BAND`; dU by
slices of its input channels, each place × `SLICE` × output channel.
"""

import numpy as np

from fixed_eval.engines.native.compiled import compiled, part
from fixed_eval.engines.native.intrinsics import LANES, turn_square
from fixed_eval.engines.native.matmul import multiply_apart, multiply_transposed
from fixed_eval.engines.native.plan import (
    BAND,
    BAND_PLACE,
    HALF,
    MATRIX,
    NARROW,
    PLACE,
    PLACES,
    SIDE,
    SLICE,
    SLICE_PLACE,
    TILES,
    WIDE,
)
from fixed_eval.engines.native.vectors import from_points, to_points

LINE = NARROW  # one tile, map position or kernel row
MAP_ROW, WIDE_ROW = SIDE * LINE, WIDE * LINE
EDGE, OUT, TAPS = 6, 4, 3  # of a tile, of what comes of it, of a kernel

POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
_others = [[point for point in POINTS if point != one] for one in POINTS]
_products = [
    np.prod([one - other for other in others]) for one, others in zip(POINTS, _others, strict=True)
]
A = np.array([[point**k for k in range(OUT)] for point in POINTS] + [[0, 0, 0, 1]])
G = np.array([[point**k for k in range(TAPS)] for point in POINTS] + [[0, 0, 1]])
G[: len(POINTS)] /= np.array(_products)[:, None]
BT = np.array([[*np.poly(others)[::-1], 0] for others in _others] + [np.poly(POINTS)[::-1]])

# Global names, so that what calls them can be kept on disk.
_bt = to_points(BT)
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


@compiled
def _line(tile: int) -> int:
    """Where a tile lies in a place of V, M or N."""
    return tile % (TILES * HALF) * LINE


@part
def multiply_places(m: int, a: int, band: int, out: int, first: int, last: int, left: int) -> None:
    """36 products: tiles of V or N times a band of U, into the channels of M from `left` on."""
    begin, tiles = _line(TILES * first), TILES * (last - first)
    for place in range(PLACES):
        at, matrix = place * PLACE + begin, band + place * BAND_PLACE
        multiply_apart(m, a + at, matrix, out + at + left, tiles, NARROW, BAND, NARROW)


@part
def transform_inputs(m: int, ringed: int, first: int, last: int, v: int) -> None:
    """V = Bᵀ d B."""
    for tile in range(TILES * first, TILES * last):
        corner = ringed + _corner(tile, WIDE_ROW)
        for c in range(0, LINE, LANES):
            _bt(m, corner + c, WIDE_ROW, LINE, v + _line(tile) + c, EDGE * PLACE, PLACE)


@part
def transform_outputs(m: int, products: int, first: int, last: int, out: int) -> None:
    """Y = Aᵀ M A."""
    for tile in range(TILES * first, TILES * last):
        corner = out + _corner(tile, MAP_ROW)
        for c in range(0, LINE, LANES):
            _at(m, products + _line(tile) + c, EDGE * PLACE, PLACE, corner + c, MAP_ROW, LINE)


@part
def transform_gradient(m: int, gradient: int, first: int, last: int, n: int) -> None:
    """N = A dY Aᵀ."""
    for tile in range(TILES * first, TILES * last):
        corner = gradient + _corner(tile, MAP_ROW)
        for c in range(0, LINE, LANES):
            _a(m, corner + c, MAP_ROW, LINE, n + _line(tile) + c, EDGE * PLACE, PLACE)


@part
def add_input_gradient(m: int, products: int, first: int, last: int, d_x: int) -> None:
    """Add B dV Bᵀ, dV being in M, to the ringed maps' gradient."""
    for tile in range(TILES * first, TILES * last):
        corner = d_x + _corner(tile, WIDE_ROW)
        for c in range(0, LINE, LANES):
            _add_b(m, products + _line(tile) + c, EDGE * PLACE, PLACE, corner + c, WIDE_ROW, LINE)


@part
def transform_kernel(m: int, kernel: int, band: int, left: int, begin: int, end: int) -> None:
    """U = G g Gᵀ, for the input channels from `begin` to before `end`.

    `band` is of the output channels from `left` on.
    """
    for channel in range(begin, end):
        for c in range(0, BAND, LANES):
            source, target = kernel + channel * LINE + left + c, band + channel * BAND + c
            _g(m, source, TAPS * MATRIX, MATRIX, target, EDGE * BAND_PLACE, BAND_PLACE)


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
def kernel_gradient(
    m: int,
    v: int,
    n: int,
    d_kernel: int,
    d_u: int,
    first: int,
    last: int,
    begin: int,
) -> None:
    """Set the kernel's gradient, dg = Gᵀ dU G, for `SLICE` input channels from `begin` on."""
    for place in range(PLACES):
        at, tiles = place * PLACE + _line(TILES * first), TILES * (last - first)
        result = d_u + place * SLICE_PLACE - begin * LINE
        multiply_transposed(m, v + at, n + at, result, tiles, NARROW, NARROW, begin, begin + SLICE)
    for channel in range(SLICE):
        for c in range(0, LINE, LANES):
            source, target = d_u + channel * LINE + c, d_kernel + (begin + channel) * LINE + c
            _gt(m, source, EDGE * SLICE_PLACE, SLICE_PLACE, target, TAPS * MATRIX, MATRIX)
