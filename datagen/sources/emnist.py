"""EMNIST's letters: the official idx files, loose or inside `gzip.zip`, never unpacked to disk.

Enters: a folder, or the archive. Leaves: the i, v and x of one split, upright, from the cache; or
all characters of a split, for the reader of letters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.ink_boxes import SOLID, body_top, crop_ink
from datagen.core.numerals import LETTERS, Case, Letter
from datagen.files.archives import Folderlike, read_up_to
from datagen.files.cache_dir import cache_folder
from datagen.files.idx import Bytes, iter_images, read_image_count, read_labels
from datagen.sources.glyph_cache import Note, cached_pool
from datagen.sources.registry import Options, Source, register
from datagen.sources.shapes import as_shapes

SIDE: Final = 28  # pixels
VERSION: Final = 1

Split = Literal["byclass", "bymerge", "balanced", "letters"]
CharacterSplit = Literal["byclass", "bymerge", "balanced", "letters", "digits"]
Part = Literal["train", "test"]
Known = dict[int, tuple[Letter, Case]]

# Label → character, for where the mapping file is absent. Merged are the letters whose capitals
# look like small ones (Cohen et al. 2017, section II): c i j k l m o p s u v w x y z. A merged
# class bears the capital's label and may hold either case.
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UNMERGED: Final = "abdefghnqrt"
_CHARACTERS: Final[dict[CharacterSplit, str]] = {
    "byclass": "0123456789" + _CAPITALS + _CAPITALS.lower(),
    "bymerge": "0123456789" + _CAPITALS + _UNMERGED,
    "balanced": "0123456789" + _CAPITALS + _UNMERGED,
    "letters": " " + _CAPITALS,  # its labels run from 1 to 26
    "digits": "0123456789",
}


class EmnistInkOptions(Options):
    """Which of EMNIST's splits, and which of its two parts."""

    split: Split = "byclass"
    parts: Literal["train", "test", "both"] = "both"


class EmnistOptions(EmnistInkOptions):
    """Which of EMNIST's splits, which of its two parts, and as what.

    Attributes:
        shapes: the letters as strokes along the middle of their ink, which the composition's pen
            writes again, in place of their 28×28 pixels.
    """

    shapes: bool = False


@register
class EmnistSource(Source):
    """EMNIST: 814,255 handprinted characters by some 3,600 writers, whom it does not name."""

    name = "emnist"
    summary = "handprinted letters of NIST SD-19, 28×28, as EMNIST publishes them"
    licence = "NIST data, public domain in the USA (https://www.nist.gov/open/license)"
    citation = (
        "G. Cohen, S. Afshar, J. Tapson, A. van Schaik: EMNIST: an extension of MNIST to "
        "handwritten letters. arXiv:1702.05373, 2017"
    )
    path_hint = "gzip.zip, or a folder of emnist-*-idx*-ubyte[.gz] files"
    options = EmnistOptions

    def open(self, path: Path | None, options: EmnistOptions) -> GlyphPool:
        """Return the i, v and x of the split.

        Raises:
            MissingInputError: no EMNIST there, or not this split.
            CorruptInputError: truncated, damaged, or idx headers that disagree with the data.
        """
        split = options.split
        files = _find(path or cache_folder() / self.name, split)
        parts = _parts(options)
        needed = _needed(options)
        _check_members(files, split, needed)

        def extract(note: Note) -> Iterator[Glyph]:
            for part in parts:
                yield from _extract(files, split, part, note)

        inputs = files.files([*needed, _mapping(split)])
        ink = EmnistInkOptions(split=options.split, parts=options.parts)
        pool = cached_pool(self.name, VERSION, ink, inputs, extract)
        return as_shapes(pool) if options.shapes else pool

    def lacking_members(self, options: EmnistOptions) -> tuple[str, ...] | None:
        """Return the files of the split, where one of them is not in the cache folder."""
        try:
            there = _find(cache_folder() / self.name, options.split).members
        except MissingInputError:
            there = {}
        except CorruptInputError:
            return None  # `open` says what is wrong with it
        lacking = any(name not in there for name in _needed(options))
        return (f"emnist-{options.split}-*",) if lacking else None

    def default_path(self) -> Path | None:
        """Return the folder that `datagen fetch emnist` fills, once it holds a split."""
        folder = cache_folder() / self.name
        try:
            return folder if _splits(_find(folder, "byclass")) else None
        except (MissingInputError, CorruptInputError):
            return None


@dataclass(frozen=True, slots=True, eq=False)
class Characters:
    """All characters of one part of a split.

    Attributes:
        images: `uint8 N×28×28`, upright, white on black.
        characters: one letter or digit each, as the mapping file says.
    """

    images: Bytes
    characters: tuple[str, ...]


def read_characters(
    path: Path | None, split: CharacterSplit, part: Part, *, most: int | None = None
) -> Characters:
    """Read the images of a part of a split.

    Args:
        path: `gzip.zip` or a folder; None: what `datagen fetch emnist` left.
        split: which.
        part: "train" or "test".
        most: images of each character, the first ones; None: all.

    Raises:
        MissingInputError: no EMNIST there, or not this split.
        CorruptInputError: truncated, damaged, or idx headers that disagree with the data.
    """
    files = _find(path or cache_folder() / EmnistSource.name, split)
    images, labels = _names(split, part)
    _check_members(files, split, [images, labels])
    known = dict(_characters(files, split))
    with files.open(labels) as stream:
        label = read_labels(stream, files.label(labels))
    if strangers := set(label.tolist()) - set(known):
        raise CorruptInputError(
            f"{files.label(labels)} has the label {min(strangers)}, which {_mapping(split)} does "
            "not have; get both from the same archive"
        )
    with files.open(images) as stream:
        count = read_image_count(stream, files.label(images), SIDE)
        _check_count(files, (images, labels), count, len(label))
        chosen = np.full(count, True) if most is None else _first_of_each(label, most)
        batches = [np.empty((0, SIDE, SIDE), np.uint8)]
        done = 0
        for batch in iter_images(stream, files.label(images), count, SIDE):
            wanted = chosen[done : done + len(batch)]
            batches.append(batch[wanted].transpose(0, 2, 1))
            done += len(batch)
    upright = np.ascontiguousarray(np.concatenate(batches))
    return Characters(upright, tuple(known[k] for k in label[chosen].tolist()))


def _first_of_each(labels: Bytes, most: int) -> npt.NDArray[np.bool_]:
    """Return a mask of the first `most` images of every label."""
    chosen = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[:most]] = True
    return chosen


def _check_members(files: Folderlike, split: str, needed: list[str]) -> None:
    for name in needed:
        if name not in files.members:
            raise MissingInputError(
                f"{files.path} has no {name}[.gz], which split {split!r} needs; splits it "
                f"has: {', '.join(_splits(files)) or 'none'}; {_how_to_get(split)}"
            )


def _check_count(files: Folderlike, names: tuple[str, str], images: int, labels: int) -> None:
    if images != labels:
        raise CorruptInputError(
            f"{files.label(names[0])} says {images:,} images, but {files.label(names[1])} holds "
            f"{labels:,} labels; get both files from the same archive"
        )


def _parts(options: EmnistInkOptions) -> tuple[str, ...]:
    return ("train", "test") if options.parts == "both" else (options.parts,)


def _needed(options: EmnistInkOptions) -> list[str]:
    """Return the names of the files that the options ask for."""
    return [name for part in _parts(options) for name in _names(options.split, part)]


def _find(path: Path, split: str) -> Folderlike:
    """Return what holds the split, or what holds at least others: loose files before an archive.

    Raises:
        MissingInputError: there is nothing of EMNIST at `path`.
        CorruptInputError: it is a file, but no zip archive.
    """
    places = (path, path / "gzip", path / "raw", path / "EMNIST" / "raw") if path.is_dir() else ()
    found = [Folderlike.of_folder(place, "emnist-*") for place in places]
    archive = path / "gzip.zip" if path.is_dir() else path
    if archive.is_file():
        found.append(Folderlike.of_zip(archive, "emnist-*"))
    found = [files for files in found if files.members]
    if not found:
        raise MissingInputError(f"no EMNIST at {path}; {_how_to_get(split)}")
    return next((files for files in found if split in _splits(files)), found[0])


def _names(split: str, part: str) -> tuple[str, str]:
    return f"emnist-{split}-{part}-images-idx3-ubyte", f"emnist-{split}-{part}-labels-idx1-ubyte"


def _mapping(split: str) -> str:
    return f"emnist-{split}-mapping.txt"


def _splits(files: Folderlike) -> list[str]:
    images = [name for name in files.members if name.endswith("-images-idx3-ubyte")]
    return sorted({name.split("-")[1] for name in images})


def _how_to_get(split: str) -> str:
    return (
        f"get it with `datagen fetch emnist{_whole(split)}`, or name a folder or gzip.zip that has "
        f"{split} with `--source emnist:PATH`"
    )


def _whole(split: str) -> str:
    """Return the flag that fetches a split which a build does not need."""
    return "" if split == "byclass" else " --whole"


def _extract(files: Folderlike, split: Split, part: str, note: Note) -> Iterator[Glyph]:
    images, labels = _names(split, part)
    with files.open(labels) as stream:
        label = read_labels(stream, files.label(labels))
    known = _known_labels(files, split)
    wanted = np.isin(label, list(known))
    blank = done = 0
    with files.open(images) as stream:
        count = read_image_count(stream, files.label(images), SIDE)
        _check_count(files, (images, labels), count, len(label))
        for batch in iter_images(stream, files.label(images), count, SIDE):
            for k in np.flatnonzero(wanted[done : done + len(batch)]):
                letter, case = known[int(label[done + k])]
                info = GlyphInfo(f"{split}-{part}-{done + k:06d}", letter, case, writer=None)
                glyph = _glyph(info, batch[k])
                blank += glyph is None
                if glyph is not None:
                    yield glyph
            done += len(batch)
    if blank:
        note(f"{blank} blank images of {split}-{part} passed over")


def _glyph(info: GlyphInfo, stored: Bytes) -> Glyph | None:
    """Return the upright glyph: EMNIST stores its images transposed, white ink on black."""
    ink = crop_ink(stored.T)
    if ink is None or ink.max() < SOLID:
        return None
    return Glyph(info, EmnistSource.name, ink=ink, body_top=body_top(ink, info.letter, info.case))


def _known_labels(files: Folderlike, split: Split) -> Known:
    """Return the labels that stand for i, v or x; only byclass tells their cases apart."""
    known: Known = {}
    for label, char in _characters(files, split):
        for letter in LETTERS:
            if char.lower() == letter:
                case: Case = "upper" if char.isupper() else "lower"
                known[label] = (letter, case if split == "byclass" else "unknown")
    if {letter for letter, _ in known.values()} != set(LETTERS):
        raise CorruptInputError(
            f"{files.label(_mapping(split))} maps no label to one of {', '.join(LETTERS)}; "
            "expected EMNIST's own mapping file, or none"
        )
    return known


def _characters(files: Folderlike, split: CharacterSplit) -> list[tuple[int, str]]:
    """Return (label, character) from the mapping file, else as EMNIST documents them."""
    name = _mapping(split)
    if name not in files.members:
        return list(enumerate(_CHARACTERS[split]))
    with files.open(name) as stream:
        text = read_up_to(stream, 1 << 16, files.label(name)).decode("ascii", "replace")
    try:
        rows = [[int(number) for number in line.split()] for line in text.splitlines() if line]
        known = [(row[0], chr(row[1])) for row in rows]
    except (ValueError, IndexError, OverflowError) as error:
        raise CorruptInputError(
            f"{files.label(name)} is not lines of `label code [code]` ({error}); get the file again"
        ) from error
    for label, char in known:
        if not (char.isascii() and char.isalnum()):
            raise CorruptInputError(
                f"{files.label(name)} maps the label {label} to the code {ord(char)}, which is no "
                "digit and no letter; get the file again"
            )
    return known
