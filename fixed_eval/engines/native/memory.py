"""Arrays side by side in a few large pieces of memory."""

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float32]]

PIECE = 2**21  # values, 8 MiB
LINE = 16  # values in a line of the CPU's cache


class Memory:
    """Hands out float32 arrays of zeros, each at the begin of a cache line, never twice.

    NumPy asks the system for huge pages where an array has 4 MiB or more: with them the address
    of each of many streams is at hand, and a training step is 5 to 10 % faster (Zen 4, Linux).
    """

    def __init__(self) -> None:
        self._free: Array = np.zeros(0, np.float32)

    def take(self, *shape: int) -> Array:
        """An array of this shape."""
        size = math.prod(shape)
        if size > self._free.size:
            piece = np.zeros(max(PIECE, size + LINE), np.float32)
            self._free = piece[-(piece.ctypes.data // 4) % LINE :]
        array = self._free[:size].reshape(shape)
        self._free = self._free[-(-size // LINE) * LINE :]
        return array
