"""Arrays in an `.npz` file: how other programs hand them over, and take them back."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fixed_eval.errors import InputError, StateError


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an `.npz` file.

    Raises:
        InputError: If it is not there, or no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read {path} ({error}); expected an .npz file") from error


def save_arrays(path: Path, **arrays: Any) -> None:
    """Write arrays to an `.npz` file.

    Raises:
        StateError: If it cannot be written.
    """
    try:
        np.savez(path, **arrays)
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror}") from error
