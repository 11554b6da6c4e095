"""Matrix products whose bits do not depend on the CPU, within the network's one memory.

Every element of a result is one chain of fused multiply-adds over k, in order. The size of a tile,
which a CPU keeps in its registers, decides how many chains run side by side, and nothing else; so
it may differ between CPUs. Matrices are rows of float32, named by the place where they begin.
"""

from typing import Any

from fixed_eval.engines.native.compiled import part, wide_registers
from fixed_eval.engines.native.intrinsics import LANES, tile_kernel, turn_square

# With 32 registers of 16 values, or 16 of 8 values.
ROWS, VECTORS = (8, 2) if wide_registers() else (6, 1)
WIDTH = VECTORS * LANES  # columns come in whole tiles
FEW = 3

# Global names, so that what calls them can be kept on disk.
_whole: Any = tile_kernel(ROWS, VECTORS)
_few: Any = tile_kernel(FEW, VECTORS)
_one: Any = tile_kernel(1, VECTORS)


@part
def multiply(m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int) -> None:
    """Set `out` (rows × columns) to a (rows × inner) · b (inner × columns)."""
    for left in range(0, columns, WIDTH):
        row = 0
        while row + ROWS <= rows:
            at = out + row * columns + left
            _whole(False, inner, m, a + row * inner, inner, 1, b + left, columns, at, columns)
            row += ROWS
        while row + FEW <= rows:
            at = out + row * columns + left
            _few(False, inner, m, a + row * inner, inner, 1, b + left, columns, at, columns)
            row += FEW
        while row < rows:
            at = out + row * columns + left
            _one(False, inner, m, a + row * inner, inner, 1, b + left, columns, at, columns)
            row += 1


@part
def add_multiply(m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int) -> None:
    """As `multiply`, but add to `out`."""
    for left in range(0, columns, WIDTH):
        for row in range(0, rows - rows % ROWS, ROWS):
            at = out + row * columns + left
            _whole(True, inner, m, a + row * inner, inner, 1, b + left, columns, at, columns)
        for row in range(rows - rows % ROWS, rows):
            at = out + row * columns + left
            _one(True, inner, m, a + row * inner, inner, 1, b + left, columns, at, columns)


@part
def add_multiply_transposed(
    m: int, a: int, b: int, out: int, rows: int, inner: int, columns: int, begin: int, end: int
) -> None:
    """Add aᵀ · b to `out` (inner × columns), to its rows from `begin` to before `end` only.

    a is rows × inner, b is rows × columns.
    """
    for left in range(0, columns, WIDTH):
        row = begin
        while row + ROWS <= end:
            at = out + row * columns + left
            _whole(True, rows, m, a + row, 1, inner, b + left, columns, at, columns)
            row += ROWS
        while row + FEW <= end:
            at = out + row * columns + left
            _few(True, rows, m, a + row, 1, inner, b + left, columns, at, columns)
            row += FEW
        while row < end:
            at = out + row * columns + left
            _one(True, rows, m, a + row, 1, inner, b + left, columns, at, columns)
            row += 1


@part
def transpose(m: int, a: int, out: int, rows: int, columns: int) -> None:
    """Set `out` (columns × rows) to the transpose of a (rows × columns, both in sixteens)."""
    for top in range(0, rows, LANES):
        for left in range(0, columns, LANES):
            turn_square(m, a + top * columns + left, columns, out + left * rows + top, rows)
