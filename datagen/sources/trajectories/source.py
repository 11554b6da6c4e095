"""Letters from recorded pen strokes: JSON files as in `strokes/`, and Chars74K's `Trj` folder.

A path and filters enter; a pool of stroke glyphs leaves. What cannot be used is counted.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from datagen.core.errors import MissingInputError, UnknownNameError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.numerals import LETTERS, Case, Letter
from datagen.sources.chars74k import Chars74kSource
from datagen.sources.registry import Options, Source, register
from datagen.sources.settle import smooth, survey
from datagen.sources.trajectories.read import Trajectory, read_trajectories

_log = logging.getLogger(__name__)
_LETTERS: dict[str, Letter] = {letter: letter for letter in LETTERS}

COLLECTIONS: Final = {
    "unipen": "CC BY 4.0",
    "omniglot": "MIT",
    "chars74k": Chars74kSource.licence,
}
"""Collections of pen strokes whose licence is known."""


class TrajectoryOptions(Options):
    """Which of the recorded letters to use.

    Attributes:
        src: collections, such as `unipen`; None: all.
        writers: people, as the pool names them (`unipen/kai/…`); None: all.
    """

    src: tuple[str, ...] | None = None
    writers: tuple[str, ...] | None = None


@register
class TrajectorySource(Source):
    """Recorded pen strokes, scaled to their bodies and without the recorder's rounding steps."""

    name = "trajectories"
    summary = "recorded pen strokes: JSON of strokes, or Chars74K's Trj folder"
    licence = "that of the file's collections: UNIPEN CC BY 4.0, Omniglot MIT, others by citation"
    citation = (
        "UNIPEN (Guyon et al. 1994, doi:10.5281/zenodo.1195803); DigiLeTs (Fabi et al. 2022); "
        "Omniglot (Lake et al. 2015); Chars74K (de Campos et al. 2009): whichever the file holds"
    )
    path_hint = "a JSON file of strokes, a folder of them, or Chars74K's Trj folder"
    options = TrajectoryOptions

    def licences(self, writers: Iterable[str]) -> tuple[str, ...]:
        """Return the licences of the collections that some writers are of."""
        found = sorted({writer.split("/")[0] for writer in writers})
        told = (COLLECTIONS.get(each, f"that of the collection {each}") for each in found)
        return tuple(dict.fromkeys(told)) or (self.licence,)

    def open(self, path: Path | None, options: TrajectoryOptions) -> GlyphPool:
        """Return the letters that pass the filters, in the order of the file.

        Raises:
            MissingInputError: no path, or nothing there.
            CorruptInputError: what is there is no file of strokes; see `read_trajectories`.
            UnknownNameError: a filter names a collection or writer that the file does not have.
        """
        if path is None:
            raise MissingInputError(
                f"source 'trajectories' needs a path: {self.path_hint}; say `--source "
                "trajectories:PATH`, or `--path trajectories=PATH` beside a recipe"
            )
        trajectories = read_trajectories(path)
        _check("collection", options.src, {t.src for t in trajectories})
        _check("writer", options.writers, {t.writer for t in trajectories})
        named = [
            (name, trajectory)
            for name, trajectory in zip(_names(trajectories), trajectories, strict=True)
            if options.src is None or trajectory.src in options.src
            if options.writers is None or trajectory.writer in options.writers
        ]
        return _pool(self.name, named, path)


def _check(kind: str, given: Collection[str] | None, valid: Collection[str]) -> None:
    for name in given or ():
        if name not in valid:
            raise UnknownNameError(kind, name, valid)


def _names(trajectories: Sequence[Trajectory]) -> list[str]:
    """Name each letter by its writer, its label and how often the writer wrote it before."""
    seen: Counter[tuple[str, str]] = Counter()
    names = []
    for trajectory in trajectories:
        key = (trajectory.writer, trajectory.label)
        names.append(f"{trajectory.writer}/{trajectory.label}{seen[key]}")
        seen[key] += 1
    return names


def _pool(source: str, named: Sequence[tuple[str, Trajectory]], path: Path) -> GlyphPool:
    passed_over: Counter[str] = Counter()
    infos, raw = [], []
    for name, trajectory in named:
        found = survey(trajectory.strokes, dotted=trajectory.label == "i")
        passed_over["stray strokes"] += found.stray
        if found.reason is not None:
            passed_over[f"letters: {found.reason}"] += 1
            continue
        case: Case = "upper" if trajectory.label.isupper() else "lower"
        infos.append(GlyphInfo(name, _LETTERS[trajectory.label.lower()], case, trajectory.writer))
        raw.append((trajectory.strokes, found))
    if passed_over.total():
        counts = ", ".join(f"{n} {what}" for what, n in sorted(passed_over.items()) if n)
        _log.info("%s: passed over %s", path, counts)

    def load(key: int) -> Glyph:
        return Glyph(infos[key], source, strokes=smooth(*raw[key]))

    return GlyphPool(source, infos, load)
