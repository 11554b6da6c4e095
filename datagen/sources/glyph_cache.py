"""The cache of extracted letters: one `.npz` of few flat arrays per source, options and files.

Enters: an iterable of raster `Glyph`s. Leaves: a `GlyphPool` over the arrays. A cache is a
convenience: where it cannot be written or read, the letters are extracted again and a warning
says so.
"""

import logging
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, cast, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from datagen.core.arrays import Coverage
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.numerals import LETTERS, Case, Letter
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, stamp, write_cached
from datagen.files.paths import real_path
from datagen.files.reading import open_regular

FORMAT: Final = 1
"""Raised whenever the arrays of a bundle change, so that old files are never misread."""

Note = Callable[[str], None]
"""What an extractor calls to tell of something passed over; repeated each time the cache opens."""
Extract = Callable[[Note], Iterable[Glyph]]

_CASES: Final = set(get_args(Case))
# What numpy and zipfile raise for a damaged bundle, as flipped bits have shown.
_UNREADABLE: Final = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    TypeError,
    OverflowError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Bundle:
    """Raster glyphs as flat arrays; n glyphs, m warnings.

    Attributes:
        ids, letters, cases, writers: `str n`; a writer "" is None.
        body_tops: `int32 n`.
        shapes: `int32 n×2`, height and width.
        offsets: `int64 n+1`: glyph k is `ink[offsets[k]:offsets[k + 1]]`.
        ink: `uint8`, all glyphs one after the other, row by row.
        notes: `str m`, what the extractor passed over.
    """

    ids: npt.NDArray[np.str_]
    letters: npt.NDArray[np.str_]
    cases: npt.NDArray[np.str_]
    writers: npt.NDArray[np.str_]
    body_tops: npt.NDArray[np.int32]
    shapes: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    ink: Coverage
    notes: npt.NDArray[np.str_]

    def __post_init__(self) -> None:
        kinds = {"body_tops": "i", "shapes": "i", "offsets": "i", "ink": "u"}
        for field in fields(self):
            array = getattr(self, field.name)
            if array.dtype.kind != kinds.get(field.name, "U"):
                raise ValueError(f"{field.name} of type {array.dtype}")
            if array.ndim != (2 if field.name == "shapes" else 1):
                raise ValueError(f"{field.name} of {array.ndim} dimensions")
        if self.ink.dtype != np.uint8 or self.shapes.shape[1:] != (2,) or (self.shapes < 1).any():
            raise ValueError("ink that is no coverage, or shapes that are none")
        n = len(self.ids)
        lengths = {len(getattr(self, name)) for name in ("letters", "cases", "writers", "shapes")}
        sizes = self.shapes.astype(np.int64).prod(axis=1)
        if lengths != {n} or len(self.offsets) != n + 1 or len(self.body_tops) != n:
            raise ValueError("arrays of different lengths")
        if self.offsets[0] != 0 or self.offsets[-1] != len(self.ink):
            raise ValueError("offsets that do not cover the ink")
        if not np.array_equal(np.diff(self.offsets), sizes):
            raise ValueError("shapes that disagree with the offsets")
        inside = (self.body_tops >= 0) & (self.body_tops <= self.shapes[:, 0])
        if not inside.all() or len(set(self.ids.tolist())) != n:
            raise ValueError("letters without a body, or two of one name")
        if not set(self.letters.tolist()) <= set(LETTERS) or not set(self.cases.tolist()) <= _CASES:
            raise ValueError("letters other than i, v and x")

    def pool(self, source: str) -> GlyphPool:
        """Return the pool whose glyphs are views into these arrays."""
        for note in self.notes.tolist():
            _log.warning("%s: %s", source, note)
        infos = [
            GlyphInfo(name, cast(Letter, letter), cast(Case, case), writer or None)
            for name, letter, case, writer in zip(
                self.ids.tolist(),
                self.letters.tolist(),
                self.cases.tolist(),
                self.writers.tolist(),
                strict=True,
            )
        ]

        def load(k: int) -> Glyph:
            height, width = self.shapes[k]
            ink = self.ink[self.offsets[k] : self.offsets[k + 1]].reshape(height, width)
            return Glyph(infos[k], source, ink=ink, body_top=int(self.body_tops[k]))

        return GlyphPool(source, infos, load)


def cached_pool(
    source: str, version: int, options: BaseModel, files: Sequence[Path], extract: Extract
) -> GlyphPool:
    """Return the letters that `extract` yields, from the cache where it has them.

    Args:
        source: name of the source.
        version: of its extractor: raise it when its output changes.
        options: options that change the output.
        files: the input files; their paths, sizes and times are part of the key.
        extract: called with a `Note` when the cache has nothing; yields raster glyphs.

    Raises:
        InputError: what `extract` raises; then nothing is written.
    """
    path = cache_folder() / "glyphs" / f"{source}-{_key(source, version, options, files)}.npz"
    bundle = read_cached(path, _read, _UNREADABLE)
    if bundle is None:
        notes: list[str] = []
        extracted = bundle = _pack(extract(notes.append), notes)
        write_cached(path, lambda temporary: _write(temporary, extracted))
    return bundle.pool(source)


def _key(source: str, version: int, options: BaseModel, files: Sequence[Path]) -> str:
    stamps = [(str(real_path(file)), *stamp(file)) for file in sorted(files)]
    parts = [FORMAT, source, version, options.model_dump(mode="json"), stamps]
    return cache_key(parts)


def _pack(glyphs: Iterable[Glyph], notes: list[str]) -> _Bundle:
    infos, tops, inks = [], [], []
    for glyph in glyphs:
        if glyph.ink is None:
            raise ValueError(f"glyph {glyph.info.id} has strokes; only ink is cached")
        infos.append(glyph.info)
        tops.append(glyph.body_top)
        inks.append(glyph.ink)
    sizes = np.array([ink.size for ink in inks], np.int64)
    return _Bundle(
        ids=np.array([info.id for info in infos], np.str_),
        letters=np.array([info.letter for info in infos], np.str_),
        cases=np.array([info.case for info in infos], np.str_),
        writers=np.array([info.writer or "" for info in infos], np.str_),
        body_tops=np.array(tops, np.int32),
        shapes=np.array([ink.shape for ink in inks], np.int32).reshape(-1, 2),
        offsets=np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))),
        ink=np.concatenate([ink.ravel() for ink in inks]) if inks else np.empty(0, np.uint8),
        notes=np.array(notes, np.str_),
    )


def _read(path: Path) -> _Bundle:
    with open_regular(path) as stream, np.load(stream, allow_pickle=False) as arrays:
        held: dict[str, Any] = {field.name: arrays[field.name] for field in fields(_Bundle)}
    return _Bundle(**held)


def _write(path: Path, bundle: _Bundle) -> None:
    arrays = {field.name: getattr(bundle, field.name) for field in fields(_Bundle)}
    with path.open("wb") as stream:
        np.savez(stream, **arrays)
