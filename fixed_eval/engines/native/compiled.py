"""How functions are compiled here: once per machine, and kept on disk for the next process."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

PACKAGE = Path(__file__).parent
_COMPILED = ("blas.py", "compiled.py", "layers.py", "winograd.py")


def _folder() -> Path:
    """Where compiled code is kept: beside the source, or in the user's cache.

    Numba looks at the time of a function's own file only, and would go on with old code of what it
    calls from another; so the folder's name has the hash of all files that are compiled.
    """
    content = b"".join((PACKAGE / name).read_bytes() for name in _COMPILED)
    name = f"numba-{hashlib.sha256(content).hexdigest()[:16]}"
    beside = PACKAGE / "__pycache__"
    if os.access(beside if beside.exists() else PACKAGE, os.W_OK):
        return beside / name
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - no home, no error
    return Path(cache) / "fixed_eval" / name


_KEPT = str(_folder())


def compiled(function: Function) -> Function:
    """Compile `function` at its first call.

    Divisions by zero give infinities, as in NumPy: testing for them would keep loops from using
    vector instructions. No other liberty is taken with the arithmetic.
    """
    return cast(Function, _compile(function, error_model="numpy"))


def inlined(function: Function) -> Function:
    """As `compiled`, but copied into its callers, whose constants it then sees."""
    return cast(Function, _compile(function, error_model="numpy", inline="always"))


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    config: Any = numba.config  # its names are not in its type
    before = config.CACHE_DIR
    config.CACHE_DIR = _KEPT
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to write: every process compiles for itself
        return numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = before
