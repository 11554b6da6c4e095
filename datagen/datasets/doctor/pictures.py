"""What every image of a folder is, measured once: hashes, size, gray levels, or why it is unusable.

Enters: files, read several at a time; each is decoded, measured and let go, so that memory does not
grow with their sizes. Leaves: a `Picture` of each, in order.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.errors import InputError, MissingInputError
from datagen.core.numerals import Numeral
from datagen.datasets.doctor.layout import Listed
from datagen.datasets.traps import Trap, traps_of
from datagen.files.decode import decode_gray
from datagen.files.hashing import view_hash
from datagen.files.reading import IMAGE, read_bytes
from datagen.files.threads import look_at_all
from datagen.images.polarity import MIN_CONTRAST, contrast
from datagen.sources.images.read import read_numeral

_AT_ONCE: Final = 256  # files given to the threads together: an interrupt waits for no more
_SAMPLED: Final = 128  # pixels a side that gray levels are measured at


@dataclass(frozen=True, slots=True)
class Picture:
    """One image, measured.

    Attributes:
        file: where it lies.
        unusable: why it cannot be read, and what to do; None: it can.
        sha256: of the file's bytes, hexadecimal; "" where it cannot be read.
        seen: equal for files that are one picture to the evaluator.
        width, height: pixels.
        paper: the median gray level, 0 … 255.
        ink: the mean gray level of what is nearer to the darkest than to the lightest, 0 … 255.
        contrast: largest difference between gray levels, 0 … 255.
        traps: what makes it another picture for the evaluator than for us.
    """

    file: Listed
    unusable: tuple[str, str] | None = None
    sha256: str = ""
    seen: str = ""
    width: int = 0
    height: int = 0
    paper: float = 0
    ink: float = 0
    contrast: int = 0
    traps: tuple[Trap, ...] = ()

    @property
    def refusal(self) -> tuple[str, str] | None:
        """Why the evaluator would refuse it, and what to do; None: it would not."""
        foreign = [trap.detail for trap in self.traps if trap.kind == "format"]
        return (foreign[0], "convert it to PNG") if foreign else self.unusable

    @property
    def light_ink(self) -> bool:
        """Whether it shows light ink on dark paper."""
        return any(trap.kind == "polarity" for trap in self.traps)

    @property
    def name(self) -> str:
        """Its path below the folder."""
        return self.file.name

    @property
    def part(self) -> str:
        """Its side of the split, "" without one."""
        return self.file.part

    @property
    def numeral(self) -> Numeral:
        """Its class."""
        return self.file.numeral


def measure(
    root: Path, files: Sequence[Listed], tell: Callable[[int], None] = lambda _: None
) -> list[Picture]:
    """Read and measure files, several at a time.

    Args:
        root: the folder.
        files: which of its files.
        tell: told how many are done.
    """
    return look_at_all(lambda file: _picture(root, file), files, tell, _AT_ONCE)


def _picture(root: Path, file: Listed) -> Picture:
    path = root / file.name
    try:
        data = read_bytes(path, IMAGE)
        gray = decode_gray(data, str(path))
        traps = traps_of(data, path, gray)
        if contrast(gray) < MIN_CONTRAST and any(trap.kind == "polarity" for trap in traps):
            gray = read_numeral(path, invert="auto")  # white ink without paper shows only so
    except InputError as error:
        return Picture(file, unusable=_reason(error, path))
    sample = _sample(gray)
    dark = sample[sample <= (int(gray.min()) + int(gray.max())) / 2]
    height, width = gray.shape
    return Picture(
        file,
        sha256=hashlib.sha256(data).hexdigest(),
        seen=view_hash(gray),
        width=width,
        height=height,
        paper=float(np.median(sample)),
        ink=float(dark.mean()) if dark.size else float(gray.min()),
        contrast=contrast(gray),
        traps=tuple(traps),
    )


def _sample(gray: GrayImage) -> GrayImage:
    """Return every so many pixels of an image."""
    height, width = gray.shape
    return gray[:: max(1, height // _SAMPLED), :: max(1, width // _SAMPLED)]


def _reason(error: InputError, path: Path) -> tuple[str, str]:
    """Return what is wrong and what to do, without the path that is said beside it."""
    if isinstance(error, MissingInputError):
        return "is a link that leads nowhere, or has gone meanwhile", "remove or replace it"
    what, _, todo = str(error).removeprefix(f"{path} ").rpartition("; ")
    return what, todo
