"""How one image was made, step by step, and whether making it again gives the same bytes.

Enters: a dataset of ours. Leaves: pictures after each step, and what was done between them. Nothing
is written, and nothing is fetched: a source that is not here is said to be missing.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2

from datagen.building.open_sources import open_pool
from datagen.building.replay import VIEW, Stage, stages
from datagen.composition import glyph_ids
from datagen.core.errors import DatagenError, MissingInputError
from datagen.core.evaluator_facts import SIDE
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.glyphs import GlyphPool
from datagen.datasets.format import RECIPE, ManifestEntry
from datagen.files.reading import IMAGE, read_bytes
from datagen.letters.characters import picture_of_glyph
from datagen.planning.resolve import resolve
from datagen.planning.split import Pool
from datagen.recipes.load import load
from datagen.recipes.schema import Ingredient
from datagen.viewing.measured import png_uri, thumbnail
from pipelines.errors import PipelineError

SIDE_SHOWN: Final = 240
"""Pixels: the longer side of a picture of a step."""


@dataclass(frozen=True, slots=True)
class Step:
    """An image after one step.

    Attributes:
        name: of the op, or what the image begins as.
        parameters: of the op, by name.
        picture: a data URI.
        width, height: pixels of the image itself.
        numeral: the class that the step made of it, where it made another.
    """

    name: str
    parameters: Mapping[str, Any]
    picture: str
    width: int
    height: int
    numeral: str | None = None


@dataclass(frozen=True, slots=True)
class Making:
    """How an image came to be.

    Attributes:
        steps: in order; the last is the image as it is stored.
        equal: whether making it again gave the bytes of the file; None where that cannot be told.
        note: why it cannot be told, or what is otherwise; None where all is well.
        letters: id and picture (a data URI) of each letter that it was composed of, each once.
    """

    steps: tuple[Step, ...] = ()
    equal: bool | None = None
    note: str | None = None
    letters: tuple[tuple[str, str], ...] = ()


@dataclass
class Maker:
    """Makes images of one dataset again; sources are opened when they are first needed.

    Args:
        root: the dataset.
    """

    root: Path
    _parts: Mapping[str, Ingredient] | None = None
    _pools: dict[str, Pool] = field(default_factory=dict)
    _refused: dict[str, DatagenError | PipelineError] = field(default_factory=dict)

    def make(self, entry: ManifestEntry) -> Making:
        """Make an image again, and say whether it is what its file holds."""
        try:
            pools = self._opened(entry.source)
            made = list(stages(entry, pools))
            letters = tuple(_letters(entry, pools[entry.source]))
        except (DatagenError, PipelineError) as error:
            return Making(note=str(error))
        steps = [_step(stage, first=k == 0, entry=entry) for k, stage in enumerate(made)]
        if made[-1].image.shape != (SIDE, SIDE):
            seen = Stage(None, evaluator_view(made[-1].image))
            steps.append(_step(seen, first=False, entry=entry))
        png = cv2.imencode(".png", made[-1].image)[1].tobytes()
        equal, note = self._compared(entry, hashlib.sha256(png).hexdigest())
        return Making(tuple(steps), equal, note, letters)

    def _opened(self, key: str) -> Mapping[str, Pool]:
        """Open the source of that key, once.

        Raises:
            DatagenError, PipelineError: it cannot be opened; the same every time.
        """
        if key in self._refused:
            raise self._refused[key]
        if key not in self._pools:
            try:
                self._pools[key] = open_pool(self._ingredient(key))
            except (DatagenError, PipelineError) as error:
                self._refused[key] = error
                raise
        return self._pools

    def _ingredient(self, key: str) -> Ingredient:
        if self._parts is None:
            self._parts = resolve(load(str(self.root / RECIPE))).ingredients
        if key not in self._parts:
            raise MissingInputError(f"{self.root / RECIPE} names no source {key}; build it again")
        return self._parts[key]

    def _compared(self, entry: ManifestEntry, made: str) -> tuple[bool, str | None]:
        """Compare the bytes made anew with the manifest and the file."""
        try:
            there = hashlib.sha256(read_bytes(self.root / entry.path, IMAGE)).hexdigest()
        except DatagenError as error:
            return False, str(error)
        if made == there:
            return True, None
        if made == entry.sha256:
            return False, "the file was changed since it was built: made again, it is another"
        if there == entry.sha256:
            return False, (
                "made again it is another image: the source, or the version of datagen, NumPy or "
                "OpenCV, is not the one that it was built with"
            )
        return False, "neither the file nor the image made again is what the manifest says"


def _letters(entry: ManifestEntry, pool: Pool) -> Iterator[tuple[str, str]]:
    """Yield id and picture of the letters that an image was composed of."""
    if entry.composition is None or not isinstance(pool, GlyphPool):
        return
    for name in dict.fromkeys(glyph_ids(entry.composition)):
        ink = picture_of_glyph(pool.by_id(name))
        if ink is not None:
            yield name, png_uri(255 - ink)


def _step(stage: Stage, *, first: bool, entry: ManifestEntry) -> Step:
    height, width = stage.image.shape
    if stage.applied is not None:
        name, parameters = stage.applied.op, stage.applied.parameters
        if name == VIEW:
            name, parameters = "as the evaluator sees it", {}
    elif first:
        name, parameters = ("composed" if entry.parent is None else "parent"), {}
    else:
        name, parameters = "as the evaluator sees it", {}
    small = max(height, width) <= 2 * SIDE
    picture = png_uri(stage.image) if small else thumbnail(stage.image, SIDE_SHOWN)
    return Step(name, dict(parameters), picture, width, height, stage.numeral)
