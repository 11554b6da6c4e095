"""One item becomes one image. No files are written here, and no process is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from datagen.building.augment import augment, augment_again, open_pipelines
from datagen.composition import Composition, glyph_ids, render, sample
from datagen.core.errors import CorruptInputError
from datagen.core.evaluator_facts import SIDE
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.glyphs import GlyphPool, Gray, NumeralPool
from datagen.core.numerals import Split
from datagen.datasets.format import ManifestEntry, Op
from datagen.planning.assign import Item
from datagen.planning.quotas import keyed_ingredients
from datagen.planning.split import Pool, PoolSplit, writer_index
from datagen.planning.writer_index import WriterIndex
from datagen.recipes.schema import Recipe
from datagen.sources import open_source

_VIEW = "evaluator_view"


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An image and its record; the fields are those of `datagen.datasets.format.ManifestEntry`.

    Attributes:
        numeral: the class it shows; another than the item's where a pipeline relabelled it.
    """

    item: Item
    numeral: str
    image: Gray
    glyphs: tuple[str, ...]
    writers: tuple[str, ...]
    composition: Composition | None
    ops: tuple[Op, ...]
    seed: tuple[int, ...]
    parent: str | None


def open_pools(recipe: Recipe) -> dict[str, Pool]:
    """Open every source of a recipe, by key.

    Raises:
        UsageError, InputError: see `datagen.sources.open_source`.
    """
    return {
        key: open_source(part.source, part.path, part.options)
        for key, part in keyed_ingredients(recipe).items()
    }


def source_folders(recipe: Recipe) -> list[Path]:
    """Return the paths a recipe reads from."""
    return [part.path for part in keyed_ingredients(recipe).values() if part.path is not None]


class ImageRenderer:
    """Makes the items of one plan; the same item always becomes the same image."""

    def __init__(
        self, recipe: Recipe, pools: Mapping[str, Pool], pool_splits: Mapping[str, PoolSplit]
    ) -> None:
        self._recipe = recipe
        self._pools = pools
        self._pool_splits = pool_splits
        self._pipelines = open_pipelines(recipe)

    def make(self, item: Item, attempt: int = 0) -> Made:
        """Make one image.

        Args:
            item: from the plan that `pool_splits` belong to.
            attempt: above 0 asks for another image of the same item.
        """
        # the first attempt's key is the index alone, so that the common case reads simply
        key = (item.index, attempt) if attempt else (item.index,)
        rng = np.random.default_rng(np.random.SeedSequence(self._recipe.seed, spawn_key=key))
        pool = self._pools[item.source]
        if isinstance(pool, NumeralPool):
            return self._finished(item, pool, key, rng)
        positions = self._writer_indexes[item.source, item.split].choose(
            item.numeral, item.style, rng
        )
        infos = [pool.infos[position] for position in positions]
        drawn = sample(infos, item.numeral, item.style, self._recipe.compose, rng)
        sheet = render(drawn, [pool[position] for position in positions])
        sheet, numeral, ops = augment(sheet, item, self._pipelines, rng)
        image, view = self._stored(sheet)
        return Made(
            item=item,
            numeral=numeral,
            image=image,
            glyphs=tuple(info.id for info in infos),
            writers=tuple(sorted({info.writer for info in infos if info.writer is not None})),
            composition=drawn,
            ops=(*ops, *view),
            seed=(self._recipe.seed, *key),
            parent=None,
        )

    def again(self, entry: ManifestEntry) -> Gray:
        """Make an image from its line of the manifest alone.

        Raises:
            MissingInputError: the source no longer holds its glyphs or its parent.
            CorruptInputError: the line names neither.
            PipelineError: its ops cannot be done again.
        """
        pool = self._pools[entry.source]
        if isinstance(pool, NumeralPool):
            if entry.parent is None:
                raise CorruptInputError(f"{entry.path} has no parent in its manifest line")
            sheet = pool.by_id(entry.parent)
        elif entry.composition is None:
            raise CorruptInputError(f"{entry.path} has no composition in its manifest line")
        else:
            glyphs = [pool.by_id(name) for name in glyph_ids(entry.composition)]
            sheet = render(entry.composition, glyphs)
        sheet = augment_again(sheet, [op for op in entry.ops if op.op != _VIEW])
        return self._stored(sheet)[0]

    def _finished(
        self, item: Item, pool: NumeralPool, key: tuple[int, ...], rng: np.random.Generator
    ) -> Made:
        if item.pick is None:
            raise ValueError(f"item {item.index} names no image of source {item.source}")
        sheet, numeral, ops = augment(pool[item.pick], item, self._pipelines, rng)
        image, view = self._stored(sheet)
        return Made(
            item=item,
            numeral=numeral,
            image=image,
            glyphs=(),
            writers=(),
            composition=None,
            ops=(*ops, *view),
            seed=(self._recipe.seed, *key),
            parent=pool.infos[item.pick].id,
        )

    def _stored(self, image: Gray) -> tuple[Gray, tuple[Op, ...]]:
        """Bring an image to the size the recipe stores."""
        if self._recipe.size == "native":
            return image, ()
        return evaluator_view(image), (Op(_VIEW, {"side": SIDE}),)

    @cached_property
    def _writer_indexes(self) -> dict[tuple[str, Split], WriterIndex]:
        return {
            (key, split): writer_index(key, pool, self._pool_splits[key], split)
            for key, pool in self._pools.items()
            if isinstance(pool, GlyphPool)
            for split in ("train", "val")
            if self._pool_splits[key].sides[split]
        }
