"""Matrix products whose bits do not depend on the CPU, within the network's one memory.

Every element of a result is one chain of fused multiply-adds over k, in order. The size of a tile,
which a CPU keeps in its registers, decides how many chains run side by side, and nothing else; so
it may differ between CPUs. Matrices are rows of float32, named by the place where they begin.
"""

from typing import Any

from fixed_eval.engines.native.compiled import inlined, part, wide_registers
from fixed_eval.engines.native.intrinsics import LANES, tile_kernel, turn_square

# With 32 registers of 16 values, or 16 of 8 values.
ROWS, VECTORS = (8, 2) if wide_registers() else (6, 1)
WIDTH = VECTORS * LANES  # columns come in whole tiles
FEW = 4

# Global names, so that what calls them can be kept on disk.
_whole: Any = tile_kernel(ROWS, VECTORS)
_few: Any = tile_kernel(FEW, VECTORS)
_one: Any = tile_kernel(1, VECTORS)


@inlined
def _tiles(
    add: bool, depth: int, m: int, a: Any, b: Any, out: Any, begin: int, end: int, columns: int
) -> None:
    """Rows of `out` from `begin` to before `end`.

    `a` is its place and the distances of its rows, from k to k + 1, of a run, and of a jump; `b`
    and `out` are the place and the distance of the rows. See `tile_kernel`.
    """
    at, a_row, a_k, run, jump = a
    for left in range(0, columns, WIDTH):
        line, b_row, target, out_row = b[0] + left, b[1], out[0] + left, out[1]
        row = begin
        while row + ROWS <= end:
            x, y = at + row * a_row, target + row * out_row
            _whole(add, depth, m, x, a_row, a_k, run, jump, line, b_row, y, out_row)
            row += ROWS
        while row + FEW <= end:
            x, y = at + row * a_row, target + row * out_row
            _few(add, depth, m, x, a_row, a_k, run, jump, line, b_row, y, out_row)
            row += FEW
        while row < end:
            x, y = at + row * a_row, target + row * out_row
            _one(add, depth, m, x, a_row, a_k, run, jump, line, b_row, y, out_row)
            row += 1


@part
def multiply(m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int) -> None:
    """Set `out` (rows × columns) to a (rows × inner) · b (inner × columns)."""
    matrix = (a, inner, 1, inner, 0)
    _tiles(False, inner, m, matrix, (b, columns), (out, columns), 0, rows, columns)


@part
def multiply_apart(
    m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int, out_row: int
) -> None:
    """As `multiply`, where the rows of `out` are `out_row` apart."""
    matrix = (a, inner, 1, inner, 0)
    _tiles(False, inner, m, matrix, (b, columns), (out, out_row), 0, rows, columns)


@part
def add_multiply(m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int) -> None:
    """As `multiply`, but add to `out`."""
    matrix = (a, inner, 1, inner, 0)
    _tiles(True, inner, m, matrix, (b, columns), (out, columns), 0, rows, columns)


@part
def multiply_transposed(
    m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int, begin: int, end: int
) -> None:
    """Set `out` (inner × columns) to aᵀ · b, but its rows from `begin` to before `end` only.

    a is rows × inner, b is rows × columns.
    """
    turned = (a, 1, inner, rows, 0)
    _tiles(False, rows, m, turned, (b, columns), (out, columns), begin, end, columns)


@part
def add_multiply_transposed(
    m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int, begin: int, end: int
) -> None:
    """As `multiply_transposed`, but add to `out`."""
    turned = (a, 1, inner, rows, 0)
    _tiles(True, rows, m, turned, (b, columns), (out, columns), begin, end, columns)


@part
def multiply_picture(
    m: int,
    add: int,
    a: int,
    a_row: int,
    a_k: int,
    run: int,
    jump: int,
    b: int,
    out: int,
    rows: int,
    inner: int,
    columns: int,
    some: int,
) -> None:
    """As `multiply`, or where `add` is not 0 as `add_multiply`; `a` is read from a picture.

    Only the first `some` columns are made. The picture's rows are `a_row` apart. In a row are runs
    of `run` values, `a_k` apart, and `jump` is from the last value of a run to the next's first.
    """
    picture = (a, a_row, a_k, run, jump)
    _tiles(add != 0, inner, m, picture, (b, columns), (out, columns), 0, rows, some)


@part
def transpose(m: int, a: int, out: int, rows: int, columns: int) -> None:
    """Set `out` (columns × rows) to the transpose of a (rows × columns, both in sixteens)."""
    for top in range(0, rows, LANES):
        for left in range(0, columns, LANES):
            turn_square(m, a + top * columns + left, columns, out + left * rows + top, rows)
