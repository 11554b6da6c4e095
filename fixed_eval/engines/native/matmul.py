"""Matrix products whose bits do not depend on the CPU, within the network's one memory.

Every element of a result is one chain of fused multiply-adds over k, in order. The size of a tile,
which a CPU keeps in its registers, decides how many chains run side by side, and nothing else; so
it may differ between CPUs. Matrices are rows of float32, named by the place where they begin.
"""

from typing import Any

from fixed_eval.engines.native.compiled import inlined, part, wide_registers
from fixed_eval.engines.native.intrinsics import LANES, picture_kernel, tile_kernel, turn_square

# With 32 registers of 16 values, or 16 of 8 values.
ROWS, VECTORS = (8, 2) if wide_registers() else (6, 1)
WIDTH = VECTORS * LANES  # columns come in whole tiles
FEW = 4

# Global names, so that what calls them can be kept on disk.
_whole: Any = tile_kernel(ROWS, VECTORS)
_few: Any = tile_kernel(FEW, VECTORS)
_one: Any = tile_kernel(1, VECTORS)
_whole_picture: Any = picture_kernel(ROWS, VECTORS)
_one_picture: Any = picture_kernel(1, VECTORS)


@inlined
def _tiles(
    add: bool,
    depth: int,
    m: int,
    a: int,
    a_row: int,
    a_k: int,
    b: int,
    out: int,
    begin: int,
    end: int,
    columns: int,
) -> None:
    """Rows of `out` from `begin` to before `end`; the distances in a are as in `tile_kernel`."""
    for left in range(0, columns, WIDTH):
        row = begin
        while row + ROWS <= end:
            at = out + row * columns + left
            _whole(add, depth, m, a + row * a_row, a_row, a_k, b + left, columns, at, columns)
            row += ROWS
        while row + FEW <= end:
            at = out + row * columns + left
            _few(add, depth, m, a + row * a_row, a_row, a_k, b + left, columns, at, columns)
            row += FEW
        while row < end:
            at = out + row * columns + left
            _one(add, depth, m, a + row * a_row, a_row, a_k, b + left, columns, at, columns)
            row += 1


@part
def multiply(m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int) -> None:
    """Set `out` (rows × columns) to a (rows × inner) · b (inner × columns)."""
    _tiles(False, inner, m, a, inner, 1, b, out, 0, rows, columns)


@part
def add_multiply(m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int) -> None:
    """As `multiply`, but add to `out`."""
    _tiles(True, inner, m, a, inner, 1, b, out, 0, rows, columns)


@part
def multiply_transposed(
    m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int
) -> None:
    """Set `out` (inner × columns) to aᵀ · b; a is rows × inner, b is rows × columns."""
    _tiles(False, rows, m, a, 1, inner, b, out, 0, inner, columns)


@part
def add_multiply_transposed(
    m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int, begin: int, end: int
) -> None:
    """Add aᵀ · b to `out`, but to its rows from `begin` to before `end` only."""
    _tiles(True, rows, m, a, 1, inner, b, out, begin, end, columns)


@part
def add_multiply_picture(
    m: int,
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
    begin: int,
    end: int,
) -> None:
    """As `add_multiply`, for columns from `begin` to before `end`, with a read from a picture.

    Its rows are `a_row` apart. In a row are runs of `run` values, `a_k` apart, and `jump` is from
    the last value of a run to the first of the next.
    """
    for left in range(begin, end, WIDTH):
        for row in range(0, rows - rows % ROWS, ROWS):
            at, c = a + row * a_row, out + row * columns + left
            _whole_picture(True, inner, m, at, a_row, a_k, run, jump, b + left, columns, c, columns)
        for row in range(rows - rows % ROWS, rows):
            at, c = a + row * a_row, out + row * columns + left
            _one_picture(True, inner, m, at, a_row, a_k, run, jump, b + left, columns, c, columns)


@part
def transpose(m: int, a: int, out: int, rows: int, columns: int) -> None:
    """Set `out` (columns × rows) to the transpose of a (rows × columns, both in sixteens)."""
    for top in range(0, rows, LANES):
        for left in range(0, columns, LANES):
            turn_square(m, a + top * columns + left, columns, out + left * rows + top, rows)
