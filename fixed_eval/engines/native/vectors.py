"""Loops whose vector instructions are written out, for LLVM's own vectors are slower here.

Each element is computed as a plain loop would do it: one operation after the other.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from fixed_eval.engines.native.intrinsics import (
    INT64,
    LANES,
    VECTOR,
    Signature,
    fma,
    typed_intrinsic,
    values_at,
    vector_at,
)

VECTORS = 4  # side by side
COLUMNS = VECTORS * LANES


def _all(value: float) -> Any:
    return ir.Constant(VECTOR, [float(np.float32(value))] * LANES)


@typed_intrinsic
def gradient_sums(
    typing_context: Any,  # noqa: ARG001
    memory: Any,  # noqa: ARG001
    rows: Any,  # noqa: ARG001
    step: Any,  # noqa: ARG001
    x: Any,  # noqa: ARG001
    gradient: Any,  # noqa: ARG001
    centre: Any,  # noqa: ARG001
    d_beta: Any,  # noqa: ARG001
    d_gamma: Any,  # noqa: ARG001
) -> Signature:
    """Set `d_beta` to Σ gradient and `d_gamma` to Σ gradient · (x − centre) over rows, in order.

    Rows of `COLUMNS` values are `step` apart. The sums stay in registers: that is the gain.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        memory, rows, step, x, gradient, centre, *results = arguments
        values = values_at(builder, memory)

        def vectors(begin: Any) -> list[Any]:
            at = [builder.add(begin, INT64(LANES * k)) for k in range(VECTORS)]
            return [vector_at(builder, values, each) for each in at]

        def load(begin: Any) -> list[Any]:
            return [builder.load(at, align=4) for at in vectors(begin)]

        middle = load(centre)
        before, body, after = builder.block, *map(builder.append_basic_block, ("row", "sums"))
        builder.branch(body)
        builder.position_at_end(body)
        row, sums = builder.phi(INT64), [builder.phi(VECTOR) for _ in range(2 * VECTORS)]
        offset = builder.mul(row, step)
        found, terms = load(builder.add(x, offset)), load(builder.add(gradient, offset))
        apart = [builder.fsub(*both) for both in zip(found, middle, strict=True)]
        terms += [builder.fmul(*both) for both in zip(terms, apart, strict=True)]
        totals = [builder.fadd(*both) for both in zip(sums, terms, strict=True)]
        following = builder.add(row, INT64(1))
        begin = [INT64(0), *[_all(0)] * len(sums)]
        for phi, first, value in zip([row, *sums], begin, [following, *totals], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(value, body)
        builder.cbranch(builder.icmp_signed("<", following, rows), body, after)
        builder.position_at_end(after)
        targets = [at for result in results for at in vectors(result)]
        for value, at in zip(totals, targets, strict=True):
            builder.store(value, at, align=4)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 8), generate


# Winograd's transforms ----------------------------------------------------------------------------


def _dot(builder: Any, factors: Any, x: list[Any]) -> Any:
    """Σ factors · x without the zeros, one chain in order."""
    (first, begin), *rest = [(f, v) for f, v in zip(factors, x, strict=True) if f]
    total = begin if first == 1 else builder.fmul(_all(first), begin)
    for factor, value in rest:
        total = fma(builder, _all(factor), value, total)
    return total


def to_points(matrix: Any) -> Any:
    """An intrinsic that transforms squares of vectors: y = matrix · x · matrixᵀ.

    Its arguments: memory, place of x, distance from one of its rows to the next, the same of its
    columns; the three of y. A vector has `LANES` values. Columns are transformed before rows. Rows
    1 and 2 of the matrix, and 3 and 4, are alike but for signs (they belong to points t and −t), so
    each pair costs little more than one.
    """

    def multiply(builder: Any, x: list[Any]) -> list[Any]:
        y = {k: _dot(builder, matrix[k], x) for k in (0, len(matrix) - 1)}
        for k in (1, 3):
            alike = matrix[k] == matrix[k + 1]
            even, odd = (_dot(builder, matrix[k] * which, x) for which in (alike, ~alike))
            y[k], y[k + 1] = builder.fadd(even, odd), builder.fsub(even, odd)
        return [y[k] for k in range(len(matrix))]

    return _transform(matrix.shape[1], multiply)


def from_points(matrix: Any, *, add: bool = False) -> Any:
    """As `to_points` with the transpose: y = matrixᵀ · x · matrix, or y += that."""
    folded = [0, 1, 3, len(matrix) - 1]

    def multiply(builder: Any, x: list[Any]) -> list[Any]:
        sums, differences = list(x), list(x)
        for k in (1, 3):
            sums[k] = builder.fadd(x[k], x[k + 1])
            differences[k] = builder.fsub(x[k], x[k + 1])
        y = []
        for column in matrix.T:
            unlike = {k for k in (1, 3) if column[k] != column[k + 1]}
            lines = [(differences if k in unlike else sums)[k] for k in folded]
            y.append(_dot(builder, column[folded], lines))
        return y

    return _transform(len(matrix), multiply, add=add)


def _transform(
    side: int, multiply: Callable[[Any, list[Any]], list[Any]], *, add: bool = False
) -> Any:
    @typed_intrinsic
    def transform(
        typing_context: Any,  # noqa: ARG001
        memory: Any,  # noqa: ARG001
        x: Any,  # noqa: ARG001
        x_row: Any,  # noqa: ARG001
        x_column: Any,  # noqa: ARG001
        y: Any,  # noqa: ARG001
        y_row: Any,  # noqa: ARG001
        y_column: Any,  # noqa: ARG001
    ) -> Signature:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
            memory, x, x_row, x_column, y, y_row, y_column = arguments
            values = values_at(builder, memory)

            def at(begin: Any, step: Any, count: int) -> Any:
                return builder.add(begin, builder.mul(INT64(count), step))

            def load(place: Any) -> Any:
                return builder.load(vector_at(builder, values, place), align=4)

            columns = []
            for k in range(side):
                top = at(x, x_column, k)
                columns.append(multiply(builder, [load(at(top, x_row, j)) for j in range(side)]))
            for k, row in enumerate(zip(*columns, strict=True)):
                left = at(y, y_row, k)
                for j, value in enumerate(multiply(builder, list(row))):
                    place = at(left, y_column, j)
                    total = builder.fadd(load(place), value) if add else value
                    builder.store(total, vector_at(builder, values, place), align=4)
            return context.get_dummy_value()

        return types.void(*[types.intp] * 7), generate

    return transform
