"""How functions are compiled here: once per machine, and kept on disk beside the source."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile `function` with Numba at its first call.

    Divisions by zero give infinities, as in NumPy: testing for them would keep loops from using
    vector instructions. No other liberty is taken with the arithmetic, so a result does not
    depend on how a loop was compiled into instructions, except that of matrix products.
    """
    return cast(Function, njit(cache=True, error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """As `compiled`, but copied into its callers, whose constants it then sees."""
    return cast(Function, njit(cache=True, error_model="numpy", inline="always")(function))
