"""One item becomes one image and its manifest entry.

No files are written here, and no process is started.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from datagen.building.augment import augment, open_pipelines
from datagen.building.replay import VIEW, sheet, stored
from datagen.composition import Composition, render, sample, twin_of
from datagen.core.arrays import GrayImage
from datagen.core.errors import BuildError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.glyphs import GlyphInfo, GlyphPool, NumeralPool
from datagen.core.numerals import PARTS, Split
from datagen.datasets.format import ManifestEntry, image_path
from datagen.files.hashing import view_hash
from datagen.images.polarity import contrast
from datagen.planning.assign import Item, twin_item
from datagen.planning.split import SplitSources, writer_index
from datagen.planning.twins import EDITS, Twin
from datagen.planning.writer_index import WriterIndex
from pipelines.pipeline import Pipeline, Result, replay

ATTEMPTS: Final = 20
"""Images of one item that are made at most, until one can be used."""

MIN_VIEW_CONTRAST: Final = 40
"""Gray levels between the darkest and the lightest pixel at 32×32: with fewer, no ink is left."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderedImage:
    """An image and what the manifest says of it.

    Attributes:
        pixels: `uint8 H×W`, ink 0 on paper 255.
        png: the bytes of its file.
        entry: its line of the manifest; the class is another than the item's where a pipeline
            relabelled the image.
        attempt: at which it was made, counted from 0.
        has_ink: whether the evaluator's view of it shows any; only a finished image may lack it.
    """

    pixels: GrayImage
    png: bytes
    entry: ManifestEntry
    attempt: int = 0
    has_ink: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """An image before its pipeline, and what it was made from: letters, or a finished image."""

    image: GrayImage
    glyphs: tuple[GlyphInfo, ...] = ()
    composition: Composition | None = None
    parent: str | None = None
    parent_pixels: str | None = None
    group: str | None = None

    @property
    def writers(self) -> tuple[str, ...]:
        return tuple(sorted({info.writer for info in self.glyphs if info.writer is not None}))


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """One attempt at an item, before it is stored; `can_differ`: another may look otherwise."""

    begun: _Sheet
    augmented: Result
    view: GrayImage
    attempt: int
    seed: tuple[int, ...]
    can_differ: bool

    @property
    def has_ink(self) -> bool:
        return contrast(self.view) >= MIN_VIEW_CONTRAST


def _no_ink(item: Item) -> str:
    through = f" through {item.pipeline}" if item.pipeline else ""
    return (
        f"{ATTEMPTS} attempts at {item.numeral!r} from {item.source}{through} left no ink at "
        f"32×32: gray levels differ by less than {MIN_VIEW_CONTRAST}; "
        + ("weaken the pipeline" if item.pipeline else "use a source of darker letters")
    )


class ImageRenderer:
    """Makes the items of one plan; the same item always becomes the same image.

    Attributes:
        pipelines: of the recipe, opened, by name.
    """

    def __init__(self, sources: SplitSources) -> None:
        self._sources = sources
        self._recipe = sources.resolved.recipe
        self.pipelines: dict[str, Pipeline] = open_pipelines(sources.resolved)

    def make(self, item: Item, attempt: int = 0) -> RenderedImage:
        """Make one image: the first, from `attempt` on, that has ink as the evaluator sees it.

        A finished image cannot be drawn anew: where none of its versions has ink it is taken as it
        is, and `RenderedImage.has_ink` says so.

        Args:
            item: from the plan of these sources.
            attempt: above 0 asks for another image of the same item.

        Raises:
            BuildError: no attempt at a composed image left ink.
        """
        first: _Drawn | None = None
        for k in range(attempt, attempt + ATTEMPTS):
            drawn = self._draw(item, k)
            if drawn.has_ink and self._twin_has_ink(item, k):
                return self._recorded(item, drawn)
            first = first or drawn
            if not drawn.can_differ:
                break
        if first is None or first.begun.parent is None:
            raise BuildError(_no_ink(item))
        return self._recorded(item, first)

    def _twin_has_ink(self, item: Item, attempt: int) -> bool:
        """Whether the other image of a pair can be used too: both are drawn anew, or neither."""
        return item.twin is None or self._draw(twin_item(item, item.twin), attempt).has_ink

    def _draw(self, item: Item, attempt: int) -> _Drawn:
        # the first attempt's key is the index alone, so that the common case reads simply
        key = (item.drawn_by, attempt) if attempt else (item.drawn_by,)
        rng = np.random.default_rng(np.random.SeedSequence(self._recipe.seed, spawn_key=key))
        begun = self._sheet(item, rng)
        augmented = augment(begun.image, item, self.pipelines, rng)
        view = evaluator_view(augmented.image)
        can_differ = begun.parent is None or item.pipeline is not None
        return _Drawn(begun, augmented, view, attempt, (self._recipe.seed, *key), can_differ)

    def _recorded(self, item: Item, drawn: _Drawn) -> RenderedImage:
        begun, augmented = drawn.begun, drawn.augmented
        pixels, view = stored(augmented.image, self._recipe.size, drawn.view)
        png = cv2.imencode(".png", pixels)[1].tobytes()
        entry = ManifestEntry(
            index=item.index,
            path=image_path(item.split, augmented.numeral, item.index),
            sha256=hashlib.sha256(png).hexdigest(),
            numeral=augmented.numeral,
            split=item.split,
            source=item.source,
            style=item.style,
            glyphs=tuple(info.id for info in begun.glyphs),
            writers=begun.writers,
            composition=begun.composition,
            ops=(*augmented.applied, *view),
            seed=drawn.seed,
            parent=begun.parent,
            parent_pixels=begun.parent_pixels,
            pipeline=item.pipeline,
            group=begun.group,
            twin=None if item.twin is None else item.twin.index,
        )
        return RenderedImage(pixels, png, entry, drawn.attempt, drawn.has_ink)

    def again(self, entry: ManifestEntry) -> GrayImage:
        """Make an image from its line of the manifest alone.

        Raises:
            MissingInputError: the source no longer holds its glyphs or its parent.
            CorruptInputError: the line names neither.
            PipelineError: its ops cannot be done again.
        """
        image = sheet(entry, self._sources.pools)
        image = replay(image, [step for step in entry.ops if step.op != VIEW])
        return stored(image, self._recipe.size)[0]

    def _sheet(self, item: Item, rng: np.random.Generator) -> _Sheet:
        """Take the item's finished image, or compose it."""
        pool = self._sources.pools[item.source]
        if isinstance(pool, NumeralPool):
            if item.pick is None:
                raise ValueError(f"item {item.index} names no image of source {item.source}")
            image, info = pool[item.pick], pool.infos[item.pick]
            pixels = info.pixels or view_hash(image)
            return _Sheet(image, parent=info.id, parent_pixels=pixels, group=info.identity)
        index = self._writer_indexes[item.source, item.split]
        if item.twin is not None:
            return self._twin_sheet(item, item.twin, pool, index, rng)
        positions = index.choose(item.numeral, item.style, rng)
        infos = tuple(pool.infos[position] for position in positions)
        drawn = sample(infos, item.numeral, item.style, self._recipe.compose, rng)
        image = render(drawn, [pool[position] for position in positions])
        return _Sheet(image, infos, drawn)

    def _twin_sheet(
        self, item: Item, twin: Twin, pool: GlyphPool, index: WriterIndex, rng: np.random.Generator
    ) -> _Sheet:
        """Compose one image of a pair; the same draws whichever of the two it is."""
        pair = (item.numeral, twin.numeral) if twin.leads else (twin.numeral, item.numeral)
        places = EDITS[pair]
        both = index.choose_twins(*pair, places, item.style, rng)
        infos, others = (tuple(pool.infos[k] for k in positions) for positions in both)
        drawn = sample(infos, pair[0], item.style, self._recipe.compose, rng)
        glyphs = [pool[k] for k in both[0]]
        if twin.leads:
            return _Sheet(render(drawn, glyphs), infos, drawn)
        other = [pool[k] for k in both[1]]
        edited = twin_of(drawn, glyphs, other, places)
        return _Sheet(render(edited, other), others, edited)

    @cached_property
    def _writer_indexes(self) -> dict[tuple[str, Split], WriterIndex]:
        splits = self._sources.splits
        return {
            (key, split): writer_index(key, pool, splits[key], split)
            for key, pool in self._sources.pools.items()
            if isinstance(pool, GlyphPool)
            for split in PARTS
            if splits[key].sides[split]
        }
