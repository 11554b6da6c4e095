"""One item becomes one image and its manifest entry.

No files are written here, and no process is started.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from datagen.building.augment import augment, open_pipelines
from datagen.building.replay import VIEW, sheet, stored
from datagen.composition import Composition, render, sample
from datagen.core.arrays import GrayImage
from datagen.core.glyphs import GlyphInfo, GlyphPool, NumeralPool
from datagen.core.numerals import PARTS, Split
from datagen.datasets.format import ManifestEntry, image_path
from datagen.files.hashing import view_hash
from datagen.planning.assign import Item
from datagen.planning.split import SplitSources, writer_index
from datagen.planning.writer_index import WriterIndex
from pipelines.pipeline import Pipeline, replay


@dataclass(frozen=True, slots=True, eq=False)
class RenderedImage:
    """An image and what the manifest says of it.

    Attributes:
        pixels: `uint8 H×W`, ink 0 on paper 255.
        png: the bytes of its file.
        entry: its line of the manifest; the class is another than the item's where a pipeline
            relabelled the image.
    """

    pixels: GrayImage
    png: bytes
    entry: ManifestEntry


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
        """Make one image.

        Args:
            item: from the plan of these sources.
            attempt: above 0 asks for another image of the same item.
        """
        # the first attempt's key is the index alone, so that the common case reads simply
        key = (item.index, attempt) if attempt else (item.index,)
        rng = np.random.default_rng(np.random.SeedSequence(self._recipe.seed, spawn_key=key))
        begun = self._sheet(item, rng)
        augmented = augment(begun.image, item, self.pipelines, rng)
        pixels, view = stored(augmented.image, self._recipe.size)
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
            seed=(self._recipe.seed, *key),
            parent=begun.parent,
            parent_pixels=begun.parent_pixels,
            pipeline=item.pipeline,
            group=begun.group,
        )
        return RenderedImage(pixels, png, entry)

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
        positions = index.choose(item.numeral, item.style, rng)
        infos = tuple(pool.infos[position] for position in positions)
        drawn = sample(infos, item.numeral, item.style, self._recipe.compose, rng)
        image = render(drawn, [pool[position] for position in positions])
        return _Sheet(image, infos, drawn)

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
