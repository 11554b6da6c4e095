"""A copy of class folders in which every reader sees what a person does: PNG, 8 bits at most.

Enters: class folders, or `train/` and `val/` (and `test/`) that hold them. Leaves: a
folder of the same labels and names, decoded by the rule of `files.decode`, and `flatten.json`,
which says what was changed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from datagen.core.errors import BuildError, CorruptInputError
from datagen.core.models import StrictModel
from datagen.datasets.traps import TrapKind, traps_of
from datagen.files.atomic import ANOTHER_FOLDER, apart_target, staged
from datagen.files.class_folders import list_numerals
from datagen.files.decode import decode_colour, decode_gray
from datagen.files.encode import encode_png
from datagen.files.image_header import read_header
from datagen.files.names import DistinctNames
from datagen.files.reading import IMAGE, read_bytes
from datagen.files.threads import batches_of
from datagen.images.polarity import has_light_ink, paper_under, turned

RECORD: Final = "flatten.json"
_AT_ONCE: Final = 64  # files whose copies are in memory

Invert = Literal["auto", "yes", "no"]
INVERT: Final[Mapping[str, Invert]] = {"auto": "auto", "yes": "yes", "no": "no"}
Progress = Callable[[int], None]
"""Called with the number of files copied so far."""


class CorrectedFile(StrictModel):
    """One file that every reader sees alike only now.

    Attributes:
        file: where it stands in the copy.
        source: where it was, below the folder given.
        corrected: what was put right: kinds of traps.
    """

    file: str
    source: str
    corrected: tuple[TrapKind, ...]


class UnreadFile(StrictModel):
    """One file that could not be read, and why."""

    source: str
    reason: str


class Flattened(StrictModel):
    """The record of a copy, written as `flatten.json`.

    Attributes:
        invert: as asked.
        images: files in the copy.
        corrected: those of them that were changed for a trap; others are as they were, or only
            written as PNG.
        light: files of the copy that are light ink on dark paper still.
        left_out: files that could not be read.
    """

    flatten: Literal[1] = 1  # version of this format
    invert: Invert
    images: int
    corrected: tuple[CorrectedFile, ...]
    light: tuple[str, ...]
    left_out: tuple[UnreadFile, ...]


@dataclass(frozen=True, slots=True)
class _Copy:
    """One file's bytes in the copy, what was corrected, and whether its ink is light still."""

    data: bytes
    corrected: tuple[TrapKind, ...]
    light: bool


def flatten(
    root: Path,
    out: Path,
    *,
    invert: Invert = "no",
    skip_bad: bool = False,
    overwrite: bool = False,
    progress: Callable[[int], Progress] | None = None,
) -> Flattened:
    """Write a corrected copy of class folders, of a dataset or of a test set.

    A PNG of at most 8 bits without transparency or turn is copied byte by byte.

    Args:
        root: class folders, some of which may be missing; or train/ and val/ that hold them.
        out: the copy; it appears whole or not at all.
        invert: turn light ink on dark paper where it is found ("auto"), every image, or none.
        skip_bad: leave out files that cannot be read instead of refusing.
        overwrite: replace an earlier copy.
        progress: called with the number of files, returns what is told of the progress.

    Raises:
        UsageError: `out` cannot be written, or is not apart from `root`.
        MissingInputError: `root` holds no class folders.
        CorruptInputError: a file cannot be read as an image.
        BuildError: writing failed.
    """
    target = apart_target(out, root, overwrite=overwrite, marker=RECORD, other=ANOTHER_FOLDER)
    names = _names(list(list_numerals(root, partial=True, test=True)))
    tell = progress(len(names)) if progress else lambda _: None
    with staged(target, overwrite=overwrite, marker=RECORD, other=ANOTHER_FOLDER) as folder:
        try:
            record = _write(root, names, folder, invert, skip_bad=skip_bad, tell=tell)
        except OSError as error:
            raise BuildError(f"cannot write the copy: {error}; nothing was kept") from error
    return record


def _names(sources: list[str]) -> dict[str, str]:
    """Return source → file in the copy: the same name with `.png`, told apart where two meet."""
    names = DistinctNames()
    plain = {source: str(PurePosixPath(source).with_suffix(".png")) for source in sources}
    given = {
        source: names.give(name, PurePosixPath(source).suffix.lstrip(".").lower() or "2")
        # a file that has its name already keeps it
        for source, name in sorted(plain.items(), key=lambda item: (item[0] != item[1], item[0]))
    }
    return {source: given[source] for source in sources}


def _write(
    root: Path,
    names: Mapping[str, str],
    folder: Path,
    invert: Invert,
    *,
    skip_bad: bool,
    tell: Progress,
) -> Flattened:
    corrected, light, left_out = [], [], []
    copies = _copies(root, list(names), invert)
    for done, ((source, name), copy) in enumerate(zip(names.items(), copies, strict=True), 1):
        if isinstance(copy, CorruptInputError):
            if not skip_bad:
                raise type(copy)(f"{copy}; --skip-bad leaves such files out") from copy
            left_out.append(UnreadFile(source=source, reason=str(copy).removeprefix(f"{root}/")))
            continue
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(copy.data)
        if copy.corrected:
            entry = CorrectedFile(file=name, source=source, corrected=copy.corrected)
            corrected.append(entry)
        if copy.light:
            light.append(name)
        tell(done)
    record = Flattened(
        invert=invert,
        images=len(names) - len(left_out),
        corrected=tuple(corrected),
        light=tuple(light),
        left_out=tuple(left_out),
    )
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", "utf-8", newline="\n")
    return record


def _copies(root: Path, sources: list[str], invert: Invert) -> Iterator[_Copy | CorruptInputError]:
    """Return the copies of files, or why one cannot be read; a batch is in memory at once."""

    def copied(source: str) -> _Copy | CorruptInputError:
        try:
            return _copy(read_bytes(root / source, IMAGE), root / source, invert)
        except CorruptInputError as error:
            return error

    return chain.from_iterable(batches_of(copied, sources, _AT_ONCE))


def _copy(data: bytes, path: Path, invert: Invert) -> _Copy:
    name = str(path)
    header = read_header(data, name)
    gray = decode_gray(data, name)
    paper = paper_under(data, name, gray) if invert != "no" else "white"
    light = paper == "black" or has_light_ink(gray)
    turn = invert == "yes" or (invert == "auto" and light)
    plain = header.format == "PNG" and not (header.deep or header.alpha or header.orientation > 1)
    kinds = tuple(trap.kind for trap in traps_of(data, path) if trap.kind != "polarity")
    if plain and not turn:
        return _Copy(data, kinds, light)
    pixels = decode_colour(data, name, paper=paper)
    return _Copy(
        data=encode_png(turned(pixels) if turn else pixels),
        corrected=(*kinds, "polarity") if turn else kinds,
        light=light != turn,
    )
