"""One item becomes one image and its manifest entry.

No files are written here, and no process is started.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby, islice
from typing import Final, NamedTuple

import cv2
import numpy as np

from datagen.building.augment import augment, open_pipelines
from datagen.building.replay import VIEW, sheet, stored
from datagen.composition import (
    Composition,
    SheetLayout,
    first_layout,
    render,
    render_judged,
    sample,
    twin_of,
)
from datagen.core.arrays import GrayImage
from datagen.core.errors import BuildError
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool, NumeralPool
from datagen.core.seed_table import SeedTable
from datagen.datasets.format import ManifestEntry, image_path
from datagen.files.hashing import view_hash
from datagen.images.legibility import raster_legibility
from datagen.images.polarity import contrast
from datagen.planning.assign import Item, twin_item
from datagen.planning.split import SplitSources
from datagen.planning.twins import EDITS, Twin
from datagen.planning.writer_index import WriterIndex
from pipelines.pipeline import Pipeline, Result, replay

ATTEMPTS: Final = 20
"""Images of one item that are made at most, until one can be used."""

MIN_VIEW_CONTRAST: Final = 40
"""Gray levels between the darkest and the lightest pixel at 32×32: with fewer, no ink is left."""

_INDEXES: Final = 2**32  # that an item can have: one word of its key
_GIVEN_ATTEMPTS: Final = 4  # at a given image: its own strokes set a limit that no pipeline moves


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
        legible: whether it can be read as well as the recipe asks.
    """

    pixels: GrayImage
    png: bytes
    entry: ManifestEntry
    attempt: int = 0
    has_ink: bool = True
    legible: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """The letters of a numeral, `keys` in their pool, and how they are put together."""

    infos: tuple[GlyphInfo, ...]
    composition: Composition
    keys: Sequence[int]


class _Begun(NamedTuple):
    """An attempt at an item before anything is drawn.

    Attributes:
        attempt: counted from 0.
        seed: of `rng`, as the manifest says it.
        rng: what is left to draw comes from it.
        chosen: None for a finished image; the others are of its letters.
    """

    attempt: int
    seed: tuple[int, ...]
    rng: np.random.Generator
    chosen: _Chosen | None
    glyphs: Sequence[Glyph] = ()
    layout: SheetLayout | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """An image before its pipeline, and what it was made from: letters, or a finished image."""

    image: GrayImage
    glyphs: tuple[GlyphInfo, ...] = ()
    composition: Composition | None = None
    parent: str | None = None
    parent_pixels: str | None = None
    group: str | None = None
    legibility: float | None = None

    @property
    def writers(self) -> tuple[str, ...]:
        return tuple(sorted({info.writer for info in self.glyphs if info.writer is not None}))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """One attempt at an item, before it is stored; `can_differ`: another may look otherwise."""

    begun: _Sheet
    augmented: Result
    view: GrayImage
    attempt: int
    seed: tuple[int, ...]
    can_differ: bool
    has_ink: bool

    @cached_property
    def legibility(self) -> float:
        """0 … 1; 1 for a given image as it is, which is not judged."""
        known = self.begun.legibility
        if not self.can_differ or (known is not None and not self.augmented.applied):
            return 1.0 if known is None else known
        # after a pipeline the strokes' places are not known: what its own image shows is compared
        seen = raster_legibility(self.augmented.image, self.view)
        return seen if known is None else min(known, seen)


def _no_ink(item: Item) -> str:
    through = f" through {item.pipeline}" if item.pipeline else ""
    return (
        f"{ATTEMPTS} attempts at {item.numeral!r} from {item.source}{through} left no ink at "
        f"32×32: gray levels differ by less than {MIN_VIEW_CONTRAST}; "
        + ("weaken the pipeline" if item.pipeline else "use a source of darker letters")
    )


def _laid_out(begun: _Begun, glyphs: Sequence[Glyph]) -> _Begun:
    """Return an attempt with its letters and their layout."""
    if begun.chosen is None:
        return begun
    layout = first_layout(begun.chosen.composition, glyphs)
    return begun._replace(glyphs=glyphs, layout=layout)


class ImageRenderer:
    """Makes the items of one plan; the same item always becomes the same image.

    Attributes:
        pipelines: of the recipe, opened, by name.
    """

    def __init__(self, sources: SplitSources) -> None:
        self._sources = sources
        self._recipe = sources.resolved.recipe
        self._generators = SeedTable((self._recipe.seed,), (_INDEXES,))
        self.pipelines: dict[str, Pipeline] = open_pipelines(sources.resolved)

    def make_all(self, items: Sequence[Item]) -> Iterator[RenderedImage]:
        """Make images, each at its first attempt; see `make`.

        All are begun before the first is drawn: code and data of one kind of work stay in the
        processor's caches meanwhile, which saves a twelfth of the time.
        """
        return map(self._make, items, self._begin_all(items, 0))

    def make(self, item: Item, attempt: int = 0) -> RenderedImage:
        """Make one image: the first, from `attempt` on, that has ink and is legible at 32×32.

        Where no attempt is as legible as the recipe asks, the most legible is taken. A finished
        image cannot be drawn anew: where none of its versions has ink it is taken as it is. What
        is returned says both.

        Args:
            item: from the plan of these sources.
            attempt: above 0 asks for another image of the same item.

        Raises:
            BuildError: no attempt at a composed image left ink.
        """
        return self._make(item, self._begin(item, attempt))

    def _make(self, item: Item, begun: _Begun) -> RenderedImage:
        """Make one image, the attempt that has begun the first; see `make`."""
        best: tuple[tuple[bool, float], _Drawn] | None = None
        attempt = begun.attempt
        for k in range(attempt, attempt + ATTEMPTS):
            drawn = self._draw(item, begun if k == attempt else self._begin(item, k))
            pair = [drawn]
            if item.twin is not None:
                other = twin_item(item, item.twin)
                pair.append(self._draw(other, self._begin(other, k)))
            # of a pair both images are drawn anew, or neither
            if all(each.has_ink and self._is_legible(each) for each in pair):
                return self._recorded(item, drawn)
            rank = min(self._rank(each) for each in pair)
            if best is None or rank > best[0]:
                best = rank, drawn
            given = drawn.begun.parent is not None
            if not drawn.can_differ or (
                given and best[1].has_ink and k - attempt + 1 >= _GIVEN_ATTEMPTS
            ):
                break
        if best is None or (best[1].begun.parent is None and not best[0][0]):
            raise BuildError(_no_ink(item))
        return self._recorded(item, best[1])

    def _is_legible(self, drawn: _Drawn) -> bool:
        # where nothing is asked for, nothing is judged
        return not self._recipe.legibility or drawn.legibility >= self._recipe.legibility

    def _rank(self, drawn: _Drawn) -> tuple[bool, float]:
        judged = drawn.has_ink and bool(self._recipe.legibility)
        return drawn.has_ink, drawn.legibility if judged else 0.0

    def _begin(self, item: Item, attempt: int) -> _Begun:
        return self._begin_all([item], attempt)[0]

    def _begin_all(self, items: Sequence[Item], attempt: int) -> list[_Begun]:
        begun = [self._pick(item, attempt) for item in items]
        letters = self._letters(items, begun)
        return [_laid_out(one, glyphs) for one, glyphs in zip(begun, letters, strict=True)]

    def _letters(self, items: Sequence[Item], begun: Sequence[_Begun]) -> Iterator[list[Glyph]]:
        """Yield the letters of each item; those of a source are loaded together."""
        for source, group in groupby(zip(items, begun, strict=True), lambda pair: pair[0].source):
            keys = [() if one.chosen is None else one.chosen.keys for _, one in group]
            pool, every = self._sources.pools[source], list(chain.from_iterable(keys))
            letters = iter(pool.take(every) if isinstance(pool, GlyphPool) else ())
            yield from (list(islice(letters, len(own))) for own in keys)

    def _pick(self, item: Item, attempt: int) -> _Begun:
        # the first attempt's key is the index alone, so that the common case reads simply
        key = (item.drawn_by, attempt) if attempt else (item.drawn_by,)
        rng = (
            np.random.default_rng(np.random.SeedSequence(self._recipe.seed, spawn_key=key))
            if attempt
            else self._generators.of(item.drawn_by)
        )
        return _Begun(attempt, (self._recipe.seed, *key), rng, self._choose(item, rng))

    def _draw(self, item: Item, begun: _Begun) -> _Drawn:
        sheet = self._given(item) if begun.chosen is None else self._composed(begun.chosen, begun)
        augmented = augment(sheet.image, item, self.pipelines, begun.rng)
        view = evaluator_view(augmented.image)
        return _Drawn(
            begun=sheet,
            augmented=augmented,
            view=view,
            attempt=begun.attempt,
            seed=begun.seed,
            can_differ=sheet.parent is None or item.pipeline is not None,
            has_ink=contrast(view) >= MIN_VIEW_CONTRAST,
        )

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
        return RenderedImage(
            pixels, png, entry, drawn.attempt, drawn.has_ink, self._is_legible(drawn)
        )

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

    def _given(self, item: Item) -> _Sheet:
        """Take the item's finished image."""
        pool = self._sources.pools[item.source]
        if item.pick is None or not isinstance(pool, NumeralPool):
            raise ValueError(f"item {item.index} names no image of source {item.source}")
        image, info = pool[item.pick], pool.infos[item.pick]
        pixels = info.pixels or view_hash(image)
        return _Sheet(image, parent=info.id, parent_pixels=pixels, group=info.identity)

    def _choose(self, item: Item, rng: np.random.Generator) -> _Chosen | None:
        """Choose the item's letters and how they stand; None where its image is a finished one."""
        pool = self._sources.pools[item.source]
        if isinstance(pool, NumeralPool):
            return None
        index = self._sources.writers(item.source, item.split)
        if item.twin is not None:
            return self._choose_twin(item, item.twin, pool, index, rng)
        positions = index.choose(item.numeral, item.style, rng)
        infos = tuple(pool.infos[position] for position in positions)
        drawn = sample(infos, item.numeral, item.style, self._recipe.compose, rng)
        return _Chosen(infos, drawn, positions)

    def _choose_twin(
        self, item: Item, twin: Twin, pool: GlyphPool, index: WriterIndex, rng: np.random.Generator
    ) -> _Chosen:
        """Choose for one image of a pair; the same draws whichever of the two it is."""
        pair = (item.numeral, twin.numeral) if twin.leads else (twin.numeral, item.numeral)
        places = EDITS[pair]
        both = index.choose_twins(*pair, places, item.style, rng)
        infos, others = (tuple(pool.infos[k] for k in positions) for positions in both)
        drawn = sample(infos, pair[0], item.style, self._recipe.compose, rng)
        if twin.leads:
            return _Chosen(infos, drawn, both[0])
        follower = twin_of(drawn, pool.take(both[0]), pool.take(both[1]), places)
        return _Chosen(others, follower, both[1])

    def _composed(self, chosen: _Chosen, begun: _Begun) -> _Sheet:
        """Render a composition; it is judged only where the recipe asks for legibility."""
        if not self._recipe.legibility:
            image = render(chosen.composition, begun.glyphs, begun.layout)
            return _Sheet(image, chosen.infos, chosen.composition)
        image, legibility = render_judged(chosen.composition, begun.glyphs, begun.layout)
        return _Sheet(image, chosen.infos, chosen.composition, legibility=legibility)
