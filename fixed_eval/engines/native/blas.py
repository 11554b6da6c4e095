"""Matrix products inside compiled code: SciPy's `sgemm`, in pieces of the size it likes best.

OpenBLAS multiplies matrices of at most a million multiply-adds without packing them first, on CPUs
with AVX-512 at about its peak, and larger ones a fifth to a third slower. So the products here go
in blocks of rows of that size. All matrices are float32, C-contiguous, and no result overlaps an
operand.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import get_cython_function_address

from fixed_eval.engines.native.compiled import compiled

Matrix = np.ndarray[Any, np.dtype[np.float32]]

SMALL = 700_000  # multiply-adds of one call, comfortably below OpenBLAS' limit of 100³

_SYMBOL = "fixed_eval_sgemm"
# By name, so that the compiled code can be kept on disk: the address changes with every process.
llvmlite.binding.add_symbol(
    _SYMBOL, get_cython_function_address("scipy.linalg.cython_blas", "sgemm")
)
_sgemm: Any = types.ExternalFunction(_SYMBOL, types.void(*[types.uintp] * 13))
_PLAIN, _TRANSPOSED = ord("N"), ord("T")


@compiled
def multiply(a: Matrix, b: Matrix, out: Matrix) -> None:
    """Set `out` (rows × columns) to a (rows × inner) · b (inner × columns)."""
    rows, inner = a.shape
    columns = b.shape[1]
    step = rows_at_once(inner * columns)
    whole, real = np.empty(6, np.int32), np.empty(2, np.float32)
    for begin in range(0, rows, step):
        _call(
            _PLAIN,
            (columns, min(step, rows - begin), inner),
            b.ctypes.data,
            columns,
            a.ctypes.data + 4 * begin * inner,
            inner,
            np.float32(0),
            out.ctypes.data + 4 * begin * columns,
            whole,
            real,
        )


@compiled
def add_multiply_transposed(a: Matrix, b: Matrix, out: Matrix) -> None:
    """Add the transpose of a (rows × inner) times b (rows × columns) to `out` (inner × columns)."""
    rows, inner = a.shape
    columns = b.shape[1]
    step = rows_at_once(inner * columns)
    whole, real = np.empty(6, np.int32), np.empty(2, np.float32)
    for begin in range(0, rows, step):
        _call(
            _TRANSPOSED,
            (columns, inner, min(step, rows - begin)),
            b.ctypes.data + 4 * begin * columns,
            columns,
            a.ctypes.data + 4 * begin * inner,
            inner,
            np.float32(1),
            out.ctypes.data,
            whole,
            real,
        )


@compiled
def rows_at_once(area: int) -> int:
    """Rows of one call, for `area` multiply-adds each: as many as stay below `SMALL`, in eights."""
    return max(8, SMALL // area // 8 * 8)


@compiled
def _call(
    second: int,
    shape: tuple[int, int, int],
    a: int,
    lda: int,
    b: int,
    ldb: int,
    beta: np.float32,
    c: int,
    whole: Any,
    real: Any,
) -> None:
    """Fortran's `sgemm`, its integers in `whole`, its numbers in `real`: C = A·op(B) + beta·C.

    Fortran reads a row-major matrix as its transpose, so the operands come swapped. `second` is
    the letter that stands for op; a, b and c are addresses.
    """
    letters = np.empty(2, np.uint8)
    letters[0], letters[1] = _PLAIN, second
    whole[0], whole[1], whole[2] = shape
    whole[3], whole[4], whole[5] = lda, ldb, shape[0]
    real[0], real[1] = 1, beta
    text, number, size = letters.ctypes.data, real.ctypes.data, whole.ctypes.data
    m, n, k = size, size + 4, size + 8
    alpha_at, beta_at = number, number + 4
    lda_at, ldb_at, ldc_at = size + 12, size + 16, size + 20
    _sgemm(text, text + 1, m, n, k, alpha_at, a, lda_at, b, ldb_at, beta_at, c, ldc_at)


@compiled
def transpose(a: Matrix, out: Matrix) -> None:
    """Set `out` (columns × rows) to the transpose of `a` (rows × columns, both in sixteens)."""
    rows, columns = a.shape
    for top in range(0, rows, 16):
        for left in range(0, columns, 16):
            for row in range(top, top + 16):
                for column in range(left, left + 16):
                    out[column, row] = a[row, column]
