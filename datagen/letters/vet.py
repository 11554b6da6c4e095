"""Letters that are not what their label says, judged out of sample.

Enters: a pool of letters. Leaves: a verdict on each letter that its source had better do without.

The letters are divided into folds, by writer, or where nobody names the writers by what they look
like, so that no letter is judged by a network that learnt from it, from its writer or its copy.
Where the source has other characters too, the networks learn them as well.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from datagen.building.fetch_missing import FetchMissing, lacks_archive
from datagen.core.arrays import GrayImage
from datagen.core.glyphs import GlyphPool, NumeralPool
from datagen.core.models import StrictModel
from datagen.core.numerals import LETTERS, Letter
from datagen.evaluation.array_tools import Tell, ask_with_arrays
from datagen.evaluation.process import Event
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached
from datagen.letters.characters import (
    CHARACTERS,
    Picture,
    label_of,
    picture_of_glyph,
    picture_of_ink,
)
from datagen.previews.tile_sheet import Tile, TileRow, tile_sheet
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sources.emnist import read_characters
from datagen.sources.registry import open_source

if TYPE_CHECKING:
    from PIL.Image import Image

Pool = GlyphPool | NumeralPool
VetTell = Callable[[str, Event], None]

VERSION: Final = 1  # of the judgement: raised when other verdicts come from the same letters
FOLDS: Final = 5
LEAST: Final = 0.01
"""A letter is left out where what its label may look like has less than this probability."""
LOOKS_LIKE: Final[Mapping[Letter, str]] = {"i": "I1LJ", "v": "VUY", "x": "XK"}
"""What a letter may be read as; case is not told. Chosen by looking at what else was left out."""
MOST_OTHERS: Final = 300  # images of each other character that the networks learn
STEPS: Final = 400  # of training, at least
_CROSSFIT: Final = ("letters", "crossfit")
_BATCH: Final = 64
_SHOWN: Final = 60  # letters of each kind on the sheet
_ACROSS: Final = 12

_log = logging.getLogger(__name__)


class Verdict(StrictModel):
    """A letter that is not what its label says.

    Attributes:
        id: of the letter in its source.
        letter: its label.
        read_as: what the reader takes it for.
        probability: of all that its label may look like.
    """

    id: str
    letter: Letter
    read_as: str
    probability: float


@dataclass(frozen=True, slots=True)
class Vetted:
    """What was found in one source.

    Attributes:
        source: its name.
        letters: how many it has.
        bad: those to leave out, the least probable first.
        draw: draws the letter of an id as the reader sees it, ink 0 on paper 255.
    """

    source: str
    letters: int
    bad: tuple[Verdict, ...]
    draw: Callable[[str], GrayImage] = field(repr=False, compare=False)


class _Kept(StrictModel):
    """The verdicts of one pool, as they are cached."""

    bad: tuple[Verdict, ...]


@dataclass(frozen=True, eq=False)
class Others:
    """Other characters than i, v and x, to learn from: `uint8 N×28×28`, and their labels."""

    pictures: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]


NO_OTHERS: Final = Others(np.empty((0, 28, 28), np.uint8), np.empty(0, np.int64))


def vet_source(
    source: str,
    path: Path | None,
    options: Mapping[str, Any],
    *,
    tell: Tell = lambda _: None,
) -> Vetted:
    """Judge the letters of a source.

    Args:
        source: its name.
        path: where its files are.
        options: the source's own.
        tell: called with every epoch of every fold.

    Raises:
        UsageError, InputError: see `datagen.sources.open_source`.
        EvaluationError: the reader failed.
    """
    pool = open_source(source, path, options)
    # The embedded pen draws the letter that it is told to.
    if not isinstance(pool, GlyphPool) or source == "pen":
        return Vetted(source, 0, (), partial(_draw, pool))
    others = _emnist_others(path) if source == "emnist" else NO_OTHERS
    return Vetted(source, len(pool), judge(pool, others, tell), partial(_draw, pool))


def vet_recipe(
    recipe: Recipe,
    *,
    fetch: FetchMissing | None = None,
    tell: VetTell = lambda *_: None,
) -> tuple[Recipe, list[Vetted]]:
    """Judge the letters of all sources of a recipe that were not judged before.

    Args:
        recipe: what would be built.
        fetch: fetches an archive that is missing; None: that is an error.
        tell: called with a source's name and every epoch of every fold.

    Returns:
        The recipe with `left_out` in every ingredient, and what was found in each source of
        letters, in the order of the recipe.

    Raises:
        UsageError, InputError: a source cannot be opened.
        EvaluationError: the reader failed.
    """
    known: list[tuple[Ingredient, Vetted]] = []

    def judged(part: Ingredient) -> Ingredient:
        if part.left_out is not None or part.ratio == 0:
            return part
        if fetch is not None and lacks_archive(part):
            fetch(part)
        alike = (part.source, part.path, part.options)
        found = next((v for p, v in known if (p.source, p.path, p.options) == alike), None)
        if found is None:
            found = vet_source(
                part.source, part.path, part.options, tell=lambda event: tell(part.source, event)
            )
            known.append((part, found))
        return part.model_copy(update={"left_out": tuple(sorted(bad.id for bad in found.bad))})

    mix = tuple(judged(part) for part in recipe.mix)
    changed: dict[str, object] = {"mix": mix, "vet": True}
    for name, held_out in (("val", recipe.val), ("test", recipe.test)):
        if held_out is not None:
            own = tuple(judged(part) for part in held_out.mix)
            changed[name] = held_out.model_copy(update={"mix": own})
    vetted = recipe.model_copy(update=changed)
    return vetted, [found for _, found in known if found.letters]


def judge(pool: GlyphPool, others: Others, tell: Tell = lambda _: None) -> tuple[Verdict, ...]:
    """Return the letters of a pool that are not what their label says; cached by its pictures."""
    drawn = [(info, picture_of_glyph(pool[k])) for k, info in enumerate(pool.infos)]
    infos = [info for info, picture in drawn if picture is not None]
    empty = np.empty((0, 28, 28), np.uint8)
    pictures = [picture[None] for _, picture in drawn if picture is not None]
    stacked = np.concatenate([empty, *pictures])
    labels = np.array([label_of(info.letter) for info in infos], np.int64)
    groups = [
        info.writer or hashlib.sha256(picture.tobytes()).hexdigest()
        for info, picture in zip(infos, stacked, strict=True)
    ]
    folds = _folds(groups)
    if folds.max(initial=-1) < 1:
        _log.warning("%s: letters of one writer cannot be judged by others; all stay", pool.source)
        return ()
    arrays = {
        "images": np.concatenate([stacked, others.pictures]),
        "labels": np.concatenate([labels, others.labels]),
        "folds": np.concatenate([folds, np.full(len(others.labels), -1)]),
    }
    names = [info.id for info in infos]
    cached = cache_folder() / "vetted" / f"{pool.source}-{_key(names, arrays)}.json"
    kept = read_cached(cached, lambda file: _Kept.model_validate_json(file.read_bytes()))
    if kept is None:
        words = _words(len(arrays["labels"]))
        found = np.exp(ask_with_arrays(_CROSSFIT, arrays, words, tell)[: len(infos)])
        kept = _Kept(bad=verdicts(names, [info.letter for info in infos], found))
        text = kept.model_dump_json(indent=1) + "\n"
        write_cached(cached, lambda file: file.write_text(text, "utf-8"))
    return kept.bad


def verdicts(
    names: Sequence[str], letters: Sequence[Letter], found: npt.NDArray[np.float32]
) -> tuple[Verdict, ...]:
    """Return the verdicts on the letters that cannot be what their label says.

    Args:
        names: their ids.
        letters: their labels.
        found: `float32 N×36`, the probability of every character.
    """
    may = {letter: [label_of(char) for char in LOOKS_LIKE[letter]] for letter in LETTERS}
    bad = [
        Verdict(
            id=name,
            letter=letter,
            read_as=CHARACTERS[int(row.argmax())],
            probability=round(float(row[may[letter]].sum()), 6),
        )
        for name, letter, row in zip(names, letters, found, strict=True)
        if row[may[letter]].sum() < LEAST
    ]
    return tuple(sorted(bad, key=lambda verdict: (verdict.probability, verdict.id)))


def _folds(groups: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the fold of each letter; a group is never divided."""
    names = sorted(set(groups))
    ranks = np.random.default_rng(0).permutation(len(names))
    of = {name: int(rank) % FOLDS for name, rank in zip(names, ranks, strict=True)}
    return np.array([of[name] for name in groups], np.int64)


def _key(names: Sequence[str], arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(list(names)).encode("utf-8", "surrogateescape"))
    for array in arrays.values():
        digest.update(array.tobytes())
    return cache_key([VERSION, LEAST, dict(LOOKS_LIKE), STEPS, digest.hexdigest()])


def _words(count: int) -> list[object]:
    steps = max(1, count * (FOLDS - 1) // FOLDS // _BATCH)
    return ["--net", "a", "--epochs", max(4, -(-STEPS // steps))]


def _emnist_others(path: Path | None) -> Others:
    """Return the other characters of EMNIST's by-class split."""
    found = read_characters(path, "byclass", "train", most=MOST_OTHERS)
    pictures: list[Picture] = []
    labels: list[int] = []
    for image, character in zip(found.images, found.characters, strict=True):
        picture = None if character.lower() in LETTERS else picture_of_ink(image)
        if picture is not None:
            pictures.append(picture)
            labels.append(label_of(character))
    if not pictures:
        return NO_OTHERS
    return Others(np.stack(pictures), np.array(labels, np.int64))


def vet_sheet(found: Sequence[Vetted]) -> "Image":
    """Draw the letters to leave out, by source and label, each with what it is read as.

    Returns:
        A grayscale picture; below each letter what it is read as, and how probable its label is.
    """
    rows = []
    for vetted in found:
        for letter in LETTERS:
            bad = [verdict for verdict in vetted.bad if verdict.letter == letter]
            tiles = [
                Tile(vetted.draw(verdict.id), f"{verdict.read_as} {verdict.probability:.3f}")
                for verdict in bad[:_SHOWN]
            ]
            for start in range(0, len(tiles), _ACROSS):
                note = f"{vetted.source}: {len(bad)} left out" if start == 0 else ""
                shown = tuple(tiles[start : start + _ACROSS])
                rows.append(TileRow(letter if start == 0 else "", note, shown))
    return tile_sheet(rows or [TileRow("none", "all letters stay", ())], tile=64)


def _draw(pool: Pool, name: str) -> GrayImage:
    picture = picture_of_glyph(pool.by_id(name)) if isinstance(pool, GlyphPool) else None
    return np.full((28, 28), 255, np.uint8) if picture is None else 255 - picture
