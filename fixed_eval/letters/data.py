"""Images of letters in an `.npz` file, and as the network takes them.

Images are `uint8 N×28×28`, white on black, upright; labels 0–9 are digits, 10–35 letters.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fixed_eval.errors import InputError
from fixed_eval.letters.networks import LABELS, SIDE

MEAN = 0.1307  # of MNIST's pixels / 255
STD = 0.3081

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Letters:
    """Images with their labels."""

    images: Images
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, positions: npt.NDArray[Any]) -> "Letters":
        """Those at `positions`, or where a mask of that length is true."""
        return Letters(self.images[positions], self.labels[positions])


def normalised(images: Images) -> npt.NDArray[np.float32]:
    """float32 N×28×28×1: /255, minus mean, by standard deviation."""
    scaled = (images.astype(np.float32) / 255 - MEAN) / STD
    return np.asarray(scaled[..., None], np.float32)


def letters(arrays: dict[str, npt.NDArray[Any]], path: Path, prefix: str = "") -> Letters:
    """The images and labels called `{prefix}images` and `{prefix}labels`.

    Raises:
        InputError: If they are not there, do not fit each other, or have labels out of range.
    """
    found = images(arrays, path, prefix)
    labels = np.asarray(arrays.get(f"{prefix}labels", ()), np.int64)
    if labels.shape != (len(found),):
        raise InputError(f"{path} has {len(labels)} labels for {len(found)} images; expected equal")
    if len(labels) and not 0 <= labels.min() <= labels.max() < LABELS:
        raise InputError(f"{path} has labels outside 0 … {LABELS - 1}")
    return Letters(found, labels)


def images(arrays: dict[str, npt.NDArray[Any]], path: Path, prefix: str = "") -> Images:
    """The images called `{prefix}images`.

    Raises:
        InputError: If they are not there, or not `uint8 N×28×28`.
    """
    found = arrays.get(f"{prefix}images")
    if found is None or found.dtype != np.uint8 or found.shape[1:] != (SIDE, SIDE):
        raise InputError(f"{path} has no {prefix}images of uint8 N×{SIDE}×{SIDE}")
    return found
