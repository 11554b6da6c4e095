"""What compiled code here needs and Numba does not offer, as a few LLVM instructions each."""

import platform
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

FLOAT, INT32, INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
LANES = 16  # floats in a line of the cache; LLVM splits such a vector where registers are narrower
VECTOR = ir.VectorType(FLOAT, LANES)
Signature = tuple[Any, Callable[[Any, Any, Any, Sequence[Any]], Any]]


_cgutils: Any = cgutils  # without types


def typed_intrinsic(function: Callable[..., Signature]) -> Any:
    """As Numba's, which type checkers take for a function of one argument more."""
    return intrinsic(function)


_X86 = platform.machine().lower() in {"x86_64", "amd64", "i386", "i686", "x86"}


@typed_intrinsic
def line(typing_context: Any, memory: Any, at: Any) -> Signature:  # noqa: ARG001
    """A view of the float32 values at the address `memory` that begins at their place `at`.

    Its length means nothing.
    """
    view = types.Array(types.float32, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        result = context.make_array(view)(context, builder)
        size = context.get_constant(types.intp, 4)
        context.populate_array(
            result,
            data=builder.gep(values_at(builder, arguments[0]), [arguments[1]]),
            shape=[context.get_constant(types.intp, 2**31)],
            strides=[size],
            itemsize=size,
            meminfo=None,
        )
        return result._getvalue()

    return view(types.intp, types.intp), generate


def values_at(builder: Any, address: Any) -> Any:
    """The pointer to the float32 values at an address."""
    return builder.inttoptr(address, FLOAT.as_pointer())


def vector_at(builder: Any, values: Any, place: Any) -> Any:
    """The pointer to the vector at a place of `values`; see `values_at`."""
    return builder.bitcast(builder.gep(values, [place]), VECTOR.as_pointer())


def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """The vector a·b + c, rounded once."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    function = _cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")
    return builder.call(function, [a, b, c])


@typed_intrinsic
def stream(typing_context: Any, memory: Any, x: Any, out: Any) -> Signature:  # noqa: ARG001
    """Copy the line at the place `x` to the line at `out`, past the caches; `fence` goes after all.

    Where another core has that line in its cache, the usual way waits for it line by line.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        memory, x, out = arguments
        values = values_at(builder, memory)
        source, target = (vector_at(builder, values, at) for at in (x, out))
        store = builder.store(builder.load(source, align=4), target, align=4 * LANES)
        store.set_metadata("nontemporal", builder.module.add_metadata([INT32(1)]))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 3), generate


@typed_intrinsic
def fence(typing_context: Any) -> Signature:  # noqa: ARG001
    """Have all that was written before, `stream` included, seen before what is written after."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


# Threads ------------------------------------------------------------------------------------------


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


@typed_intrinsic
def fetch_add(typing_context: Any, array: Any, index: Any, value: Any) -> Signature:  # noqa: ARG001
    """The old value of array[index] (int64), to which `value` is added in one go."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at = _place(context, builder, signature, arguments)
        return builder.atomic_rmw("add", at, arguments[2], "acq_rel")

    return types.int64(array, types.intp, types.int64), generate


@typed_intrinsic
def load(typing_context: Any, array: Any, index: Any) -> Signature:  # noqa: ARG001
    """array[index] (int64); what another thread wrote before it stored it is seen after."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_place(context, builder, signature, arguments), "acquire", 8)

    return types.int64(array, types.intp), generate


@typed_intrinsic
def store(typing_context: Any, array: Any, index: Any, value: Any) -> Signature:  # noqa: ARG001
    """Set array[index] (int64), after all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at = _place(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], at, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@typed_intrinsic
def pause(typing_context: Any) -> Signature:  # noqa: ARG001
    """Tell the core that this is a waiting loop."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        if _X86:
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(
                _cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), []
            )
        return context.get_dummy_value()

    return types.void(), generate


@typed_intrinsic
def set_float_control(typing_context: Any, value: Any) -> Signature:  # noqa: ARG001
    """Set the core's float control register (MXCSR) to `value`; return the former one.

    On CPUs that have none of that name it does nothing, and returns `value`.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        if not _X86:
            return arguments[0]
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        old, new = _cgutils.alloca_once(builder, INT32), _cgutils.alloca_once(builder, INT32)
        builder.store(builder.trunc(arguments[0], INT32), new)
        for name, place in (("stmxcsr", old), ("ldmxcsr", new)):
            call = _cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}")
            builder.call(call, [builder.bitcast(place, ir.IntType(8).as_pointer())])
        return builder.zext(builder.load(old), INT64)

    return types.int64(types.int64), generate


# Matrix products ----------------------------------------------------------------------------------


def tile_kernel(rows: int, vectors: int) -> Any:
    """An intrinsic that makes one tile of a product, rows × vectors·16, within the registers.

    Its arguments: `add`, depth, memory; a, distance of a's rows, distance from k to k + 1 in a,
    after how many of these comes a jump (`run`), distance of that jump; b, distance from k to k + 1
    in b; c, distance of c's rows. Places and distances count the float32 values at the address
    `memory`. The depth is a multiple of the run; it is the run where a is a matrix.

    It sets C[row, column] = (C if `add`, else 0) + Σ A[row, k] · B[k, column], where each element
    is one chain over k in order: fma(a, b, sum).
    """

    @typed_intrinsic
    def kernel(
        typing_context: Any,  # noqa: ARG001
        add: Any,  # noqa: ARG001
        depth: Any,  # noqa: ARG001
        memory: Any,  # noqa: ARG001
        a: Any,  # noqa: ARG001
        a_row: Any,  # noqa: ARG001
        a_k: Any,  # noqa: ARG001
        run: Any,  # noqa: ARG001
        jump: Any,  # noqa: ARG001
        b: Any,  # noqa: ARG001
        b_k: Any,  # noqa: ARG001
        c: Any,  # noqa: ARG001
        c_row: Any,  # noqa: ARG001
    ) -> Signature:
        signature = types.void(types.boolean, *[types.intp] * 11)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
            add, depth, memory, *a, b, b_k, c, c_row = arguments
            _Tile(builder, values_at(builder, memory), rows, vectors).generate(
                add, depth, _Steps(*a), (b, b_k), (c, c_row)
            )
            return context.get_dummy_value()

        return signature, generate

    return kernel


class _Steps(NamedTuple):
    """How a tile goes through A; see `tile_kernel`."""

    at: Any
    row: Any
    k: Any
    run: Any
    jump: Any


class _Tile:
    """Writes the instructions of `tile_kernel`."""

    def __init__(self, builder: Any, data: Any, rows: int, vectors: int) -> None:
        self._builder, self._data = builder, data
        self._rows, self._vectors = rows, vectors

    def generate(self, add: Any, depth: Any, a: _Steps, b: Any, c: Any) -> None:
        builder = self._builder
        grid = [(row, vector) for row in range(self._rows) for vector in range(self._vectors)]
        places = [
            self._vector(self._sum(c[0], self._times(row, c[1]), v * LANES)) for row, v in grid
        ]
        zero = ir.Constant(VECTOR, [0.0] * LANES)
        start = [builder.select(add, builder.load(at, align=4), zero) for at in places]
        row_at = [self._sum(a.at, self._times(row, a.row)) for row in range(self._rows)]

        before = builder.block
        blocks = [builder.append_basic_block(name) for name in ("run", "k", "ran", "store")]
        run, loop, ran, after = blocks
        builder.branch(run)

        builder.position_at_end(run)
        done, run_a, run_b = (builder.phi(INT64) for _ in range(3))
        run_sums = [builder.phi(VECTOR) for _ in grid]
        builder.branch(loop)

        builder.position_at_end(loop)
        k, a_k, b_k = (builder.phi(INT64) for _ in range(3))
        sums = [builder.phi(VECTOR) for _ in grid]
        products = self._products(sums, row_at, a_k, b_k)
        following = builder.add(k, INT64(1))
        next_a, next_b = builder.add(a_k, a.k), builder.add(b_k, b[1])
        self._join([k, a_k, b_k, *sums], run, [INT64(0), run_a, run_b, *run_sums])
        self._join([k, a_k, b_k, *sums], loop, [following, next_a, next_b, *products])
        builder.cbranch(builder.icmp_signed("<", following, a.run), loop, ran)

        builder.position_at_end(ran)
        all_done = builder.add(done, a.run)
        jumped = builder.add(a_k, a.jump)
        self._join([done, run_a, run_b, *run_sums], before, [INT64(0), INT64(0), b[0], *start])
        self._join([done, run_a, run_b, *run_sums], ran, [all_done, jumped, next_b, *products])
        builder.cbranch(builder.icmp_signed("<", all_done, depth), run, after)

        builder.position_at_end(after)
        for at, value in zip(places, products, strict=True):
            builder.store(value, at, align=4)

    def _join(self, phis: list[Any], block: Any, values: list[Any]) -> None:
        """What `phis` are where the code comes from `block`."""
        for phi, value in zip(phis, values, strict=True):
            phi.add_incoming(value, block)

    def _products(self, sums: list[Any], row_at: list[Any], a_k: Any, b_at: Any) -> list[Any]:
        """The sums with one more product each."""
        builder = self._builder
        lines = [
            builder.load(self._vector(self._sum(b_at, vector * LANES)), align=4)
            for vector in range(self._vectors)
        ]
        found = []
        for row, at in enumerate(row_at):
            one = builder.load(builder.gep(self._data, [builder.add(at, a_k)]))
            nothing = ir.Constant(VECTOR, ir.Undefined)
            first = ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
            whole = builder.shuffle_vector(
                builder.insert_element(nothing, one, INT64(0)), nothing, first
            )
            for vector, values in enumerate(lines):
                total = sums[row * self._vectors + vector]
                found.append(fma(builder, whole, values, total))
        return found

    def _vector(self, at: Any) -> Any:
        return vector_at(self._builder, self._data, at)

    def _times(self, number: int, distance: Any) -> Any:
        return self._builder.mul(INT64(number), distance)

    def _sum(self, at: Any, *terms: Any) -> Any:
        for term in terms:
            at = self._builder.add(at, INT64(term) if isinstance(term, int) else term)
        return at


@typed_intrinsic
def turn_square(
    typing_context: Any,  # noqa: ARG001
    memory: Any,  # noqa: ARG001
    a: Any,  # noqa: ARG001
    a_row: Any,  # noqa: ARG001
    b: Any,  # noqa: ARG001
    b_row: Any,  # noqa: ARG001
) -> Signature:
    """Set the 16 × 16 values of `memory` at `b` to the transpose of those at `a`.

    `a_row` and `b_row` are the distances of their rows. Blocks of 1, 2, 4 and 8 change places.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        memory, a, a_row, b, b_row = arguments
        tile = _Tile(builder, values_at(builder, memory), LANES, 1)
        source, target = (
            [tile._vector(tile._sum(at, tile._times(row, step))) for row in range(LANES)]
            for at, step in ((a, a_row), (b, b_row))
        )
        lines = [builder.load(at, align=4) for at in source]
        for size in (1, 2, 4, 8):
            upper = [j if not j & size else LANES + j - size for j in range(LANES)]
            lower = [j + size if not j & size else LANES + j for j in range(LANES)]
            for i in (i for i in range(LANES) if not i & size):
                x, y = lines[i], lines[i + size]
                lines[i], lines[i + size] = (
                    builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(INT32, LANES), mask))
                    for mask in (upper, lower)
                )
        for value, at in zip(lines, target, strict=True):
            builder.store(value, at, align=4)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5), generate
