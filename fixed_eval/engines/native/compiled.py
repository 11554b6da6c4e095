"""How functions are compiled here: once per kind of CPU, and kept on disk for the next process."""

import functools
import hashlib
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types
from numba.extending import models, register_model

Function = TypeVar("Function", bound=Callable[..., Any])

PACKAGE = Path(__file__).parent


@functools.cache
def folder() -> Path:
    """Where compiled code is kept: beside the source, or in the user's cache.

    Numba looks at the time of a function's own file only, and would go on with old code of what it
    calls from another; so the folder's name has the hash of all files of this package.
    """
    content = b"".join(path.read_bytes() for path in sorted(PACKAGE.glob("*.py")))
    name = f"numba-{hashlib.sha256(content).hexdigest()[:16]}"
    beside = PACKAGE / "__pycache__"
    if os.access(beside if beside.exists() else PACKAGE, os.W_OK):
        return beside / name
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - no home, no error
    return Path(cache) / "fixed_eval" / name


def compiled(function: Function) -> Function:
    """Compile `function` at its first call; it runs without Python's lock.

    Divisions by zero give infinities, as in NumPy: testing for them would keep loops from using
    vector instructions. No other liberty is taken with the arithmetic.
    """
    return cast(Function, _compile(function))


def inlined(function: Function) -> Function:
    """As `compiled`, but copied into its callers, whose constants it then sees."""
    return cast(Function, _compile(function, inline="always"))


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    options |= {"error_model": "numpy", "nogil": True}
    return _kept(lambda cache: numba.njit(cache=cache, **options)(function))


def _kept(compile_it: Callable[[bool], Any]) -> Any:
    """What `compile_it` makes, kept on disk where that can be written."""
    config: Any = numba.config  # its names are not in its type
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder())
    try:
        return compile_it(True)
    except RuntimeError:  # nowhere to write: every process compiles for itself
        return compile_it(False)
    finally:
        config.CACHE_DIR = before


# Parts --------------------------------------------------------------------------------------------


class Part(types.ExternalFunction):
    """A function that is compiled by itself, and that compiled code calls by its name.

    Numba would compile it again into each of its callers, and into theirs: that takes minutes, and
    makes loops slower than they were alone. The name stands in the code that is kept on disk; its
    address, which is another in each process, is known once `compile_parts` has run.
    """

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function
        self._native: Any = None
        kinds = inspect.signature(function).parameters.values()
        arguments = [
            types.float32 if kind.annotation is np.float32 else types.intp for kind in kinds
        ]
        self._signature = types.void(*arguments)
        super().__init__(f"fixed_eval_{function.__name__}", self._signature)

    def compile(self) -> None:
        """Compile or load it, and tell LLVM where it is."""
        if self._native is None:
            decorate: Any = numba.cfunc
            options = {"error_model": "numpy"}
            self._native = _kept(
                lambda cache: decorate(self._signature, cache=cache, **options)(self._function)
            )
            llvm.add_symbol(self.symbol, self._native.address)

    def __call__(self, *arguments: Any) -> None:  # type: ignore[override]
        """Call it from Python."""
        compile_parts()
        self._native.ctypes(*arguments)


register_model(Part)(models.OpaqueModel)
_PARTS: list[Part] = []


def part(function: Callable[..., None]) -> Part:
    """Have a function compiled by itself; its arguments are whole numbers, or float32."""
    _PARTS.append(Part(function))
    return _PARTS[-1]


def compile_parts() -> None:
    """Compile or load all parts, those first that others call."""
    for each in _PARTS:
        each.compile()


# The CPU that code is compiled for ---------------------------------------------------------------


def target() -> tuple[str, str]:
    """Name and features, as LLVM has them: of this CPU, or of `NUMBA_CPU_NAME` and `…_FEATURES`."""
    config: Any = numba.config
    name = config.CPU_NAME or llvm.get_host_cpu_name()
    if config.CPU_FEATURES is not None:
        return name, config.CPU_FEATURES
    return name, llvm.get_host_cpu_features().flatten()


@functools.cache
def fuses() -> bool:
    """Whether the CPU multiplies and adds in one instruction; without, it is a call to `fmaf`."""
    return "fmaf" not in _assembly(
        "declare float @llvm.fma.f32(float, float, float)\n"
        "define float @f(float %a, float %b, float %c) {\n"
        "  %d = call float @llvm.fma.f32(float %a, float %b, float %c)\n"
        "  ret float %d\n"
        "}"
    )


@functools.cache
def wide_registers() -> bool:
    """Whether the CPU has registers of 64 bytes (AVX-512)."""
    return "zmm" in _assembly(
        "define <16 x float> @f(<16 x float> %a, <16 x float> %b) {\n"
        "  %c = fadd <16 x float> %a, %b\n"
        "  ret <16 x float> %c\n"
        "}"
    )


def _assembly(code: str) -> str:
    """What LLVM makes of `code` for the target."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = target()
    machine = llvm.Target.from_default_triple().create_target_machine(cpu=name, features=features)
    return str(machine.emit_assembly(llvm.parse_assembly(code)))
