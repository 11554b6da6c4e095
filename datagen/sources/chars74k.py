"""Chars74K's letters: hand-drawn (`EnglishHnd`) or of machine fonts (`EnglishFnt`), by writer.

Enters: the `.tgz`, or a folder it was unpacked to. Leaves: i, v and x, cropped, from the cache.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from datagen.core.errors import MissingInputError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.ink_boxes import FAINT, body_top, crop_ink
from datagen.core.numerals import Case, Letter
from datagen.files.archives import iter_tar
from datagen.files.cache_dir import cache_folder
from datagen.files.decode import decode_gray
from datagen.files.reading import IMAGE, read_bytes
from datagen.sources.glyph_cache import Note, cached_pool
from datagen.sources.registry import Options, Source, register
from datagen.sources.shapes import as_shapes

VERSION: Final = 1
ARCHIVES: Final = ("EnglishHnd.tgz", "EnglishFnt.tgz")

# Sample001–010 are the digits, 011–036 A–Z, 037–062 a–z.
_CLASSES: Final[dict[int, tuple[Letter, Case]]] = {
    19: ("i", "upper"),
    32: ("v", "upper"),
    34: ("x", "upper"),
    45: ("i", "lower"),
    58: ("v", "lower"),
    60: ("x", "lower"),
}
_NAME: Final = re.compile(r"(.*/)?Sample(?P<sample>\d{3})/img\d+-(?P<writer>\d+)\.png")
_SCENES: Final = re.compile(r"(^|/)(GoodImg|BadImag|BadImg)/")  # cut from photographs of streets


class Chars74kOptions(Options):
    """As what the letters are used.

    Attributes:
        shapes: as strokes along the middle of their ink, which the composition's pen writes again.
    """

    shapes: bool = False


@register
class Chars74kSource(Source):
    """Chars74K: 62 characters by 55 people on a tablet, or of 1,016 machine fonts."""

    name = "chars74k"
    summary = "letters that 55 people drew on a tablet (or 1,016 machine fonts), by writer"
    licence = "research use; its users agree to acknowledge the source and cite the paper"
    citation = (
        "T. E. de Campos, B. R. Babu, M. Varma: Character recognition in natural images. "
        "VISAPP 2009"
    )
    options = Chars74kOptions
    path_hint = "EnglishHnd.tgz or EnglishFnt.tgz, or a folder it was unpacked to"

    def open(self, path: Path | None, options: Chars74kOptions) -> GlyphPool:
        """Return the i, v and x of every writer.

        Raises:
            MissingInputError: nothing there, or no such letters in it.
            CorruptInputError: a damaged or suspicious archive, or a damaged image.
        """
        path = path or self.default_path() or cache_folder() / self.name / ARCHIVES[0]
        if path.is_dir():
            files = _list_folder(path)
            inputs = [path / name for name in files]
        else:
            files, inputs = [], [path]
        if not all(file.is_file() for file in inputs):
            raise MissingInputError(f"no Chars74K at {path}; {_how_to_get()}")

        def extract(note: Note) -> Iterator[Glyph]:
            found = _read_folder(path, files) if path.is_dir() else iter_tar(path, _is_letter)
            yield from _extract(path, found, note)

        pool = cached_pool(self.name, VERSION, Options(), inputs, extract)
        return as_shapes(pool) if options.shapes else pool

    def lacking_members(self, options: Options) -> tuple[str, ...] | None:  # noqa: ARG002
        """Return that all of the archive is lacking, where none is in the cache folder."""
        return () if self.default_path() is None else None

    def default_path(self) -> Path | None:
        """Return the archive that `datagen fetch chars74k` left, if it did."""
        archives = (cache_folder() / self.name / name for name in ARCHIVES)
        return next((path for path in archives if path.is_file()), None)


def _how_to_get() -> str:
    return (
        "get it with `datagen fetch chars74k`, or name EnglishHnd.tgz or its unpacked folder with "
        "`--source chars74k:PATH`"
    )


def _is_letter(name: str) -> bool:
    match = _NAME.fullmatch(name)
    if match is None or _SCENES.search(name):
        return False
    return int(match["sample"]) in _CLASSES


def _list_folder(path: Path) -> list[str]:
    """Return the letters' files below `path`, hand-drawn ones only where both kinds are there."""
    names = [file.relative_to(path).as_posix() for file in sorted(path.rglob("img*-*.png"))]
    names = [name for name in names if _is_letter(name)]
    if not names:
        raise MissingInputError(
            f"{path} holds no Sample{min(_CLASSES):03d}/img….png or other letters i, v, x of "
            f"Chars74K at any depth; {_how_to_get()}"
        )
    drawn = [name for name in names if "/Hnd/" in f"/{name}"]
    return drawn or names


def _read_folder(path: Path, names: list[str]) -> Iterator[tuple[str, bytes]]:
    return ((name, read_bytes(path / name, IMAGE)) for name in names)


def _extract(path: Path, found: Iterator[tuple[str, bytes]], note: Note) -> Iterator[Glyph]:
    blank = []
    empty = True
    for name, data in found:
        glyph = _glyph(name, data, f"{path}: {name}")
        empty = False
        if glyph is None:
            blank.append(name)
        else:
            yield glyph
    if empty:
        raise MissingInputError(f"{path} holds no letters i, v, x of Chars74K; {_how_to_get()}")
    if blank:
        note(f"{len(blank)} blank images passed over, the first {blank[0]}")


def _glyph(name: str, data: bytes, label: str) -> Glyph | None:
    letter, case = _CLASSES[int(PurePosixPath(name).parent.name.removeprefix("Sample"))]
    writer = PurePosixPath(name).stem.rsplit("-", 1)[-1]
    coverage = 255 - decode_gray(data, label)
    ink = crop_ink(np.where(coverage > FAINT, coverage, 0).astype(np.uint8))
    if ink is None:
        return None
    info = GlyphInfo(PurePosixPath(name).stem, letter, case, writer)
    return Glyph(info, Chars74kSource.name, ink=ink, body_top=body_top(ink, letter, case))
