"""Letters from recorded pen strokes: JSON files as in `strokes/`, and Chars74K's `Trj` folder.

A path and filters enter; a pool of stroke glyphs leaves. What cannot be used is counted.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from datagen.core.errors import CorruptInputError, MissingInputError, UnknownNameError
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.numerals import LETTERS, Case, Letter
from datagen.core.text import how_many
from datagen.sources.chars74k import Chars74kSource
from datagen.sources.registry import Options, Source, register
from datagen.sources.settle import Reason, smooth, survey
from datagen.sources.trajectories.read import Trajectory, read_trajectories

_log = logging.getLogger(__name__)
_LETTERS: dict[str, Letter] = {letter: letter for letter in LETTERS}

COLLECTIONS: Final = {
    "unipen": "CC BY 4.0",
    "omniglot": "MIT",
    "chars74k": Chars74kSource.licence,
}
"""Collections of pen strokes whose licence is known."""


_TOLD: Final[dict[Reason, str]] = {
    "flat": "flat like a line or a dot",
    "far dot": "with a dot far above",
    "coarse": "with coordinates too large to hold a shape",
}
"""Why a letter cannot be used."""


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

        One warning says which are unusable, and why.

        Raises:
            MissingInputError: no path, or nothing there.
            CorruptInputError: what is there is no file of strokes, see `read_trajectories`, or none
                of its letters is usable.
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
    unusable: dict[Reason, list[Trajectory]] = {}
    stray = 0
    infos, raw = [], []
    for name, trajectory in named:
        found = survey(trajectory.strokes, dotted=trajectory.label == "i")
        stray += found.stray
        if found.reason is not None:
            unusable.setdefault(found.reason, []).append(trajectory)
            continue
        case: Case = "upper" if trajectory.label.isupper() else "lower"
        infos.append(GlyphInfo(name, _LETTERS[trajectory.label.lower()], case, trajectory.writer))
        raw.append((trajectory.strokes, found))
    if stray:
        _log.info("%s: passed over %d stray strokes", path, stray)
    why = _why(unusable, Counter(trajectory.label for _, trajectory in named))
    if named and not infos:
        raise CorruptInputError(
            f"none of the {how_many(len(named), 'letter')} of {path} is usable: {why}"
        )
    if why:
        number = len(named) - len(infos)
        _log.warning("%s: %d of %d letters passed over: %s", source, number, len(named), why)

    def load(key: int) -> Glyph:
        return Glyph(infos[key], source, strokes=smooth(*raw[key]))

    return GlyphPool(source, infos, load)


def _why(unusable: Mapping[Reason, Sequence[Trajectory]], labels: Mapping[str, int]) -> str:
    """Return how many letters are unusable for each reason, and which of a file's letters."""
    told = []
    for reason, letters in unusable.items():
        lost = Counter(letter.label for letter in letters)
        which = ", ".join(f"{n} of {labels[label]} {label!r}" for label, n in sorted(lost.items()))
        told.append(f"{len(letters)} {_TOLD[reason]} ({which}; the first by {letters[0].writer})")
    return "; ".join(told)
