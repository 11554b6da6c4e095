"""Traps: files that reach the network as another picture than a person sees.

Enters: image files. Leaves: for each what the published protocol ignores in it: transparency, EXIF
orientation, depth; and files whose polarity, size or format it cannot know or read. Nothing raises
for a bad file: that it cannot be read is one of the findings. `datagen export --flatten` writes a
copy in which all of this is put right.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError, InputError
from datagen.files.class_folders import IMAGE_SUFFIXES
from datagen.files.decode import (
    Pixels,
    decode_as_evaluator,
    decode_colour,
    decode_gray,
    refuse_unlike_evaluator,
)
from datagen.files.image_header import ImageHeader, read_header
from datagen.files.reading import IMAGE, read_bytes
from datagen.files.threads import look_at_all
from datagen.images.polarity import has_light_ink, paper_under

TrapKind = Literal["unreadable", "format", "alpha", "orientation", "depth", "polarity"]
TRAP_KINDS: Final[tuple[TrapKind, ...]] = get_args(TrapKind)

_VISIBLE: Final = 16  # gray levels, at one pixel: less is a rounding
_FLAT: Final = 16  # gray levels between the darkest and the lightest: no picture is left
_STRIP: Final = 1 << 20  # pixels compared at once
_TURNS: Final = {
    2: "mirrored",
    3: "upside down",
    4: "mirrored upside down",
    5: "mirrored on its side",
    6: "on its side",
    7: "mirrored on its side",
    8: "on its side",
}
_MEANINGS: Final[Mapping[TrapKind, str]] = {
    "unreadable": "cannot be read",
    "format": "are of a format that the evaluator does not read",
    "alpha": "are transparent, which the protocol ignores",
    "orientation": "are turned by EXIF, which the protocol ignores",
    "depth": "use less than their 16 bits, of which the protocol takes the upper 8",
    "polarity": "are light ink on dark paper",
}


@dataclass(frozen=True, slots=True)
class Trap:
    """One file, and one thing that makes it another picture for the network.

    Attributes:
        path: the file.
        kind: what it is.
        detail: what comes of it, in words that follow the file's name.
    """

    path: Path
    kind: TrapKind
    detail: str


def find_traps(files: Iterable[Path]) -> list[Trap]:
    """Return the traps among image files, in the order of the files.

    Args:
        files: image files; several are looked at at once.
    """
    return [trap for found in look_at_all(_of_file, list(files)) for trap in found]


def traps_of(data: bytes, path: Path, gray: GrayImage | None = None) -> list[Trap]:
    """Return the traps of one file.

    Args:
        data: the whole file.
        path: what the traps name.
        gray: the file, decoded by `decode_gray`, where that is done already.
    """
    try:
        header = read_header(data, str(path))
        gray = decode_gray(data, str(path)) if gray is None else gray
        light = _light_ink(gray, data, path)
    except CorruptInputError as error:
        return [Trap(path, "unreadable", _without(str(error), path))]
    found = read_otherwise(data, path, header)
    if not found and not path.name.lower().endswith(IMAGE_SUFFIXES):
        found = [Trap(path, "format", "has a name that the evaluator passes over")]
    return found + light


def read_otherwise(data: bytes, path: Path, header: ImageHeader) -> list[Trap]:
    """Return why the evaluator reads another picture from a file than `datagen` does, or none.

    Args:
        data: the whole file.
        path: what the traps name.
        header: of the file.

    Raises:
        CorruptInputError: it cannot be decoded.
    """
    try:
        refuse_unlike_evaluator(data, str(path))
    except CorruptInputError as error:
        return [Trap(path, "format", _without(str(error), path).partition("; ")[0])]
    return _ignored(data, path, header)


def _light_ink(gray: GrayImage, data: bytes, path: Path) -> list[Trap]:
    """Return the trap of light ink, if it is there.

    Raises:
        CorruptInputError: see `decode_gray`.
    """
    if paper_under(data, str(path), gray) == "black":
        return [Trap(path, "polarity", "shows white ink without paper")]
    if has_light_ink(gray):
        return [Trap(path, "polarity", "shows light ink on dark paper")]
    return []


def trap_lines(traps: Sequence[Trap], root: Path) -> list[str]:
    """Return one sentence per kind of trap: how many files, which is the first, what to do.

    Args:
        traps: of files below `root`.
        root: the folder that the sentences name.
    """
    by_kind: dict[TrapKind, list[Trap]] = defaultdict(list)
    for trap in traps:
        by_kind[trap.kind].append(trap)
    return [_line(kind, by_kind[kind], root) for kind in TRAP_KINDS if by_kind[kind]]


def remedy(kind: TrapKind, root: Path) -> str:
    """Return what to do about a kind of trap."""
    if kind == "unreadable":
        return "replace or remove such files"
    command = f"`datagen export {root} COPY --flatten"
    if kind == "polarity":
        return f"{command} --invert auto` writes a copy in which they are turned"
    return f"{command}` writes a corrected copy"


def _line(kind: TrapKind, traps: Sequence[Trap], root: Path) -> str:
    first = traps[0]
    name = first.path.relative_to(root) if first.path.is_relative_to(root) else first.path
    count = f"{len(traps):,} file{'s' if len(traps) > 1 else ''} of {root}"
    what = _MEANINGS[kind] if len(traps) > 1 else _singular(_MEANINGS[kind])
    return f"{count} {what} (first {name.as_posix()}: {first.detail}); {remedy(kind, root)}"


def _singular(meaning: str) -> str:
    verb, _, rest = meaning.partition(" ")
    return f"{ {'are': 'is', 'use': 'uses'}.get(verb, verb) } {rest}"


def _of_file(path: Path) -> list[Trap]:
    try:
        data = read_bytes(path, IMAGE)
    except InputError as error:
        return [Trap(path, "unreadable", _without(str(error), path))]
    return traps_of(data, path)


def _ignored(data: bytes, path: Path, header: ImageHeader) -> list[Trap]:
    """Return what the protocol ignores in a file that it can read."""
    found = []
    if header.orientation > 1:
        turn = _TURNS[header.orientation]
        found.append(Trap(path, "orientation", f"reaches the network {turn}"))
    if not header.alpha and not header.deep and header.format != "GIF":
        return found
    seen = decode_as_evaluator(data, str(path))
    meant = _as_stored(decode_colour(data, str(path)), header)
    if seen.shape[:2] != meant.shape[:2]:
        found.append(Trap(path, "format", "is a GIF of whose canvas only a part is read"))
    elif _differ(seen, meant):
        kind: TrapKind = "alpha" if header.alpha else "depth"
        found.append(Trap(path, kind, _what_is_left(seen)))
    return found


def _as_stored(pixels: Pixels, header: ImageHeader) -> Pixels:
    """Return an upright picture as it lies in the file, `uint8 H×W×3` or `H×W×1`."""
    colours = pixels[..., None] if pixels.ndim == 2 else pixels
    if header.orientation >= 5:  # its rows are the file's columns
        colours = colours.swapaxes(0, 1)
    if header.orientation in (2, 3, 7, 8):
        colours = colours[:, ::-1]
    if header.orientation in (3, 4, 6, 7):
        colours = colours[::-1]
    return colours


def _differ(one: Pixels, other: Pixels) -> bool:
    rows = max(1, _STRIP // one.shape[1])
    return any(
        (np.abs(one[k : k + rows].astype(np.int16) - other[k : k + rows]) > _VISIBLE).any()
        for k in range(0, len(one), rows)
    )


def _what_is_left(seen: GrayImage) -> str:
    low, high = int(seen.min()), int(seen.max())
    if high - low >= _FLAT:
        return f"reaches the network as another picture (gray levels {low} … {high})"
    colour = "black" if high < 64 else "white" if low > 191 else "gray"
    return f"reaches the network all {colour}"


def _without(message: str, path: Path) -> str:
    return message.removeprefix(f"{path} ")
