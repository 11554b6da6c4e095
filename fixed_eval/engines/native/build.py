"""The engine's code, compiled before the first step: once per kind of CPU, then kept."""

import contextlib
import hashlib
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np

from fixed_eval.engines.native import compiled, network
from fixed_eval.errors import EvaluatorError

fcntl: Any = None
with contextlib.suppress(ImportError):  # Windows: two first runs may both compile
    fcntl = importlib.import_module("fcntl")


def prepare(on_compile: Callable[[], None]) -> None:
    """Compile the engine, or load it where that was done before.

    Args:
        on_compile: Called before compiling, which takes some ten seconds.

    Raises:
        EvaluatorError: If the CPU has no fused multiply-adds.
    """
    if not compiled.fuses():
        raise EvaluatorError(
            f"the native engine needs a CPU with fused multiply-adds (FMA), which "
            f"{compiled.target()[0]} has not; take --engine fast"
        )
    done = _marker()
    if done.exists():
        _compile()
        return
    with _alone(done):
        if not done.exists():
            on_compile()
        _compile()
        try:
            done.touch()
        except OSError:  # nowhere to keep code: every process compiles for itself
            return


def load() -> None:
    """Load the engine where it is compiled; whoever is forked from here need not do that again."""
    if compiled.fuses() and _marker().exists():
        _compile()


def _marker() -> Path:
    """The file that says: for this CPU and these versions all is compiled and kept."""
    kind = [*compiled.target(), numba.__version__, llvmlite.__version__, np.__version__]
    return compiled.folder() / f"compiled-{hashlib.sha256(repr(kind).encode()).hexdigest()[:16]}"


@contextlib.contextmanager
def _alone(done: Path) -> Iterator[None]:
    """Keep other processes from compiling at the same time: they would write the same files."""
    if fcntl is None:
        yield
        return
    try:
        done.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(done.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _compile() -> None:
    """Have both entries compiled, or loaded, for the types that the engine calls them with."""
    compiled.compile_parts()
    arrays: dict[str, Any] = {
        "m": numba.intp,
        "which": numba.uint8[:, :, ::1],
        "images": numba.float32[:, :, :, ::1],
        "whole": numba.int32[::1],
        "means": numba.float32[::1],
        "numbers": numba.float64[:, ::1],
        "gate": numba.int64[::1],
    }
    typeof: Any = numba.typeof
    settings = typeof(network.Settings(*[0.5] * len(network.Settings._fields)))
    member = (arrays["gate"], numba.int64, numba.int64)
    compile_learn: Any = network.learn
    compile_learn.compile(
        (
            *(arrays["m"], arrays["which"], arrays["images"], arrays["whole"], arrays["whole"]),
            *(
                arrays["means"],
                numba.boolean,
                settings,
                numba.int64,
                arrays["numbers"],
                numba.float64[::1],
            ),
            *member,
        )
    )
    compile_infer: Any = network.infer
    compile_infer.compile(
        (
            *(arrays["m"], arrays["which"], arrays["images"], arrays["whole"], arrays["means"]),
            *(numba.boolean[::1], numba.float64, numba.float32[:, ::1], arrays["numbers"]),
            *member,
        )
    )
