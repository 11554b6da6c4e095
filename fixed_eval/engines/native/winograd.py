"""The 3×3 convolutions of 8×8×64 maps as Winograd's F(2×2, 3×3), forward and backward.

Four outputs in a square cost 16 multiplications instead of 36 (Lavin & Gray 2016, "Fast algorithms
for convolutional neural networks", section 4.1): with d the 4×4 inputs around them and g the kernel

    Y = Aᵀ [U ⊙ V] A,    U = G g Gᵀ,    V = Bᵀ d B

so over channels and tiles the convolution is 16 matrix products, one per place in the 4×4 square.
The gradients are the exact adjoints of these steps: with N = A dY Aᵀ, per place dV = N·Uᵀ and
dU = Vᵀ·N, then dd = B dV Bᵀ (tiles overlap, so they add up) and dg = Gᵀ dU G.

Every array is flat float32 and ends in lines of 64 channels. Maps are batch × height × width; what
goes in is padded by a ring of zeros to 10×10, what comes out is 8×8. V, M and N are place × tile,
16 tiles per image; U is place × input channel × output channel. Two images take a turn at a time,
whose V, M, N and U fit together into a core's second cache (1 MiB).
"""

from typing import Any

import numpy as np

from fixed_eval.engines.native.blas import add_multiply_transposed, multiply, transpose
from fixed_eval.engines.native.compiled import compiled, inlined

Flat = np.ndarray[Any, np.dtype[np.float32]]

BATCH = 8
SIDE, WIDE = 8, 10  # of a map, of a map with its ring
CHANNELS = 64  # in and out
PLACES = 16
LINE = CHANNELS  # one tile, map position or kernel row
MAP_ROW, WIDE_ROW = SIDE * LINE, WIDE * LINE
TURN = 2  # images
# From one place to the next in V, and in M and N. A line apart, for with a distance that is a
# multiple of 4096 bytes all 16 places of a tile would fall into the same few lines of the cache.
PLACE = (16 * BATCH + 1) * LINE
TURN_PLACE = (16 * TURN + 1) * LINE
MATRIX = CHANNELS * CHANNELS  # from one place to the next in U, in the kernel
HALF = np.float32(0.5)


@compiled
def convolve(padded: Flat, kernel: Flat, images: int, v: Flat, u: Flat, m: Flat, out: Flat) -> None:
    """Set `out` to the convolution; `v` keeps what `convolve_backward` needs.

    Args:
        padded: images × 10 × 10 × 64.
        kernel: 3 × 3 × 64 in × 64 out.
        images: At most 8.
        v: Set; `PLACES * PLACE` values.
        u: Room for `PLACES * MATRIX` values.
        m: Room for `PLACES * TURN_PLACE` values.
        out: images × 8 × 8 × 64.
    """
    transform_kernel(kernel, u)
    for first in range(0, images, TURN):
        last = min(first + TURN, images)
        transform_inputs(padded, first, last, v)
        _products(v[16 * first * LINE :], PLACE, u, m, TURN_PLACE, 16 * (last - first))
        transform_outputs(m, first, last, out)


@compiled
def convolve_backward(
    kernel: Flat,
    v: Flat,
    gradient: Flat,
    images: int,
    n: Flat,
    m: Flat,
    u: Flat,
    flipped: Flat,
    d_kernel: Flat,
    d_padded: Flat,
) -> None:
    """From the `gradient` of `convolve`'s result to those of its kernel and its padded input.

    `kernel` and `v` are as in and from `convolve`, and the gradients are shaped as its arguments;
    what `d_padded` gets in its ring belongs to the zeros there. `n` and `m` are room like
    `convolve`'s `m`, `u` and `flipped` like its `u`.
    """
    for place in range(9):
        transpose(_matrix(kernel, place), _matrix(u, place))
    transform_kernel(u, flipped)
    u[: PLACES * MATRIX] = 0
    d_padded[: images * WIDE * WIDE_ROW] = 0
    for first in range(0, images, TURN):
        last = min(first + TURN, images)
        tiles = 16 * (last - first)
        transform_gradient(gradient, first, last, n)
        for place in range(PLACES):
            add_multiply_transposed(
                _lines(v[16 * first * LINE :], place * PLACE, tiles),
                _lines(n, place * TURN_PLACE, tiles),
                _matrix(u, place),
            )
        _products(n, TURN_PLACE, flipped, m, TURN_PLACE, tiles)
        add_input_gradient(m, first, last, d_padded)
    kernel_gradient(u, d_kernel)


@compiled
def _products(a: Flat, step: int, b: Flat, out: Flat, out_step: int, tiles: int) -> None:
    """The 16 products: place by place, tiles × channels times channels × channels."""
    for place in range(PLACES):
        multiply(
            _lines(a, place * step, tiles), _matrix(b, place), _lines(out, place * out_step, tiles)
        )


@inlined
def _lines(x: Flat, begin: int, count: int) -> Any:
    return x[begin : begin + count * LINE].reshape(count, LINE)


@inlined
def _matrix(x: Flat, place: int) -> Any:
    return x[place * MATRIX : (place + 1) * MATRIX].reshape(CHANNELS, CHANNELS)


# Transforms of whole arrays. Tiles are those of the images from `first` up to before `last`; V has
# room for all images, M and N for those of one turn.


@compiled
def transform_inputs(padded: Flat, first: int, last: int, v: Flat) -> None:
    """V = Bᵀ d B."""
    square = np.empty(PLACES * LINE, np.float32)
    for tile in range(16 * first, 16 * last):
        at = (tile // 16 * WIDE + tile // 4 % 4 * 2) * WIDE_ROW + tile % 4 * 2 * LINE
        for column in range(4):
            _b_transposed(padded[at + column * LINE :], WIDE_ROW, square[column * LINE :], 4 * LINE)
        for row in range(4):
            _b_transposed(square[4 * row * LINE :], LINE, v[4 * row * PLACE + tile * LINE :], PLACE)


@compiled
def transform_outputs(m: Flat, first: int, last: int, out: Flat) -> None:
    """Y = Aᵀ M A."""
    square = np.empty(PLACES * LINE, np.float32)
    for tile in range(16 * first, 16 * last):
        source = m[(tile - 16 * first) * LINE :]
        for column in range(4):
            _a_transposed(
                source[column * TURN_PLACE :], 4 * TURN_PLACE, square[column * LINE :], 4 * LINE
            )
        at = (tile // 16 * SIDE + tile // 4 % 4 * 2) * MAP_ROW + tile % 4 * 2 * LINE
        for row in range(2):
            _a_transposed(square[4 * row * LINE :], LINE, out[at + row * MAP_ROW :], LINE)


@compiled
def transform_gradient(gradient: Flat, first: int, last: int, n: Flat) -> None:
    """N = A dY Aᵀ."""
    square = np.empty(PLACES * LINE, np.float32)
    for tile in range(16 * first, 16 * last):
        at = (tile // 16 * SIDE + tile // 4 % 4 * 2) * MAP_ROW + tile % 4 * 2 * LINE
        for column in range(2):
            _a(gradient[at + column * LINE :], MAP_ROW, square[column * LINE :], 2 * LINE)
        target = n[(tile - 16 * first) * LINE :]
        for row in range(4):
            _a(square[2 * row * LINE :], LINE, target[4 * row * TURN_PLACE :], TURN_PLACE)


@compiled
def add_input_gradient(m: Flat, first: int, last: int, d_padded: Flat) -> None:
    """Add B dV Bᵀ, dV being in `m`, to the padded maps' gradient."""
    square = np.empty(PLACES * LINE, np.float32)
    for tile in range(16 * first, 16 * last):
        source = m[(tile - 16 * first) * LINE :]
        for column in range(4):
            _b(source[column * TURN_PLACE :], 4 * TURN_PLACE, square[column * LINE :], 4 * LINE)
        at = (tile // 16 * WIDE + tile // 4 % 4 * 2) * WIDE_ROW + tile % 4 * 2 * LINE
        for row in range(4):
            _add_b(square[4 * row * LINE :], LINE, d_padded[at + row * WIDE_ROW :], LINE)


@compiled
def transform_kernel(kernel: Flat, u: Flat) -> None:
    """U = G g Gᵀ."""
    square = np.empty(12 * LINE, np.float32)
    for channel in range(CHANNELS):
        source = kernel[channel * LINE :]
        for column in range(3):
            _g(source[column * MATRIX :], 3 * MATRIX, square[column * LINE :], 3 * LINE)
        for row in range(4):
            _g(square[3 * row * LINE :], LINE, u[4 * row * MATRIX + channel * LINE :], MATRIX)


@compiled
def kernel_gradient(u: Flat, d_kernel: Flat) -> None:
    """Set the kernel's gradient, dg = Gᵀ dU G, dU being in `u`."""
    square = np.empty(12 * LINE, np.float32)
    for channel in range(CHANNELS):
        source, target = u[channel * LINE :], d_kernel[channel * LINE :]
        for column in range(4):
            _g_transposed(source[column * MATRIX :], 4 * MATRIX, square[column * LINE :], 4 * LINE)
        for row in range(3):
            _g_transposed(square[4 * row * LINE :], LINE, target[3 * row * MATRIX :], MATRIX)


# One matrix times one line of the square, 64 channels at once. `s` and `t` are the distances
# between the line's elements in `x`, which is read, and in `y`, which is written.


@inlined
def _b_transposed(x: Flat, s: int, y: Flat, t: int) -> None:
    for c in range(LINE):
        x0, x1, x2, x3 = x[c], x[c + s], x[c + 2 * s], x[c + 3 * s]
        y[c], y[c + t], y[c + 2 * t], y[c + 3 * t] = x0 - x2, x1 + x2, x2 - x1, x1 - x3


@inlined
def _b(x: Flat, s: int, y: Flat, t: int) -> None:
    for c in range(LINE):
        x0, x1, x2, x3 = x[c], x[c + s], x[c + 2 * s], x[c + 3 * s]
        y[c], y[c + t], y[c + 2 * t], y[c + 3 * t] = x0, x1 - x2 + x3, x1 + x2 - x0, -x3


@inlined
def _add_b(x: Flat, s: int, y: Flat, t: int) -> None:
    for c in range(LINE):
        x0, x1, x2, x3 = x[c], x[c + s], x[c + 2 * s], x[c + 3 * s]
        y[c] += x0
        y[c + t] += x1 - x2 + x3
        y[c + 2 * t] += x1 + x2 - x0
        y[c + 3 * t] -= x3


@inlined
def _a_transposed(x: Flat, s: int, y: Flat, t: int) -> None:
    for c in range(LINE):
        x0, x1, x2, x3 = x[c], x[c + s], x[c + 2 * s], x[c + 3 * s]
        y[c], y[c + t] = x0 + x1 + x2, x1 - x2 - x3


@inlined
def _a(x: Flat, s: int, y: Flat, t: int) -> None:
    for c in range(LINE):
        x0, x1 = x[c], x[c + s]
        y[c], y[c + t], y[c + 2 * t], y[c + 3 * t] = x0, x0 + x1, x0 - x1, -x1


@inlined
def _g(x: Flat, s: int, y: Flat, t: int) -> None:
    for c in range(LINE):
        x0, x1, x2 = x[c], x[c + s], x[c + 2 * s]
        even, odd = HALF * (x0 + x2), HALF * x1
        y[c], y[c + t], y[c + 2 * t], y[c + 3 * t] = x0, even + odd, even - odd, x2


@inlined
def _g_transposed(x: Flat, s: int, y: Flat, t: int) -> None:
    for c in range(LINE):
        x0, x1, x2, x3 = x[c], x[c + s], x[c + 2 * s], x[c + 3 * s]
        even, odd = HALF * (x1 + x2), HALF * (x1 - x2)
        y[c], y[c + t], y[c + 2 * t] = x0 + even, odd, even + x3
