"""Which source, class and case style every image of a balanced plan gets. Pure: no I/O, no image.

Sources get their shares by largest remainder, classes follow each other in turn, and what rounding
takes from the case styles of one class is given to those of the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from datagen.core.budget import Count, shares, table
from datagen.core.errors import SplitError
from datagen.core.glyphs import GlyphPool, NumeralPool
from datagen.core.numerals import CLASSES, PARTS, CaseStyle, Split
from datagen.planning.quotas import ClassBlock, Quotas, blocks_of
from datagen.planning.split import (
    SplitSources,
    by_class,
    of_one_writing,
    one_writing_in_words,
)
from datagen.planning.twins import Twin, Written, pairs_of


@dataclass(frozen=True, slots=True)
class Item:
    """One planned image.

    Attributes:
        index: its place in the plan; with the recipe's seed it fixes every random draw, but for a
            twin that follows: see `drawn_by`.
        source: key of the source in the plan.
        style: how it is written; "unknown" for finished images.
        pick: position of the finished image in its pool; None where it is to be composed.
        pipeline: name or file of the pipeline that it passes through.
        twin: the other image of its pair; None where it is by itself.
    """

    index: int
    split: Split
    source: str
    numeral: str
    style: CaseStyle
    pick: int | None = None
    pipeline: str | None = None
    twin: Twin | None = None

    @property
    def drawn_by(self) -> int:
        """The index that fixes its random draws: of twins the leader's."""
        return self.index if self.twin is None or self.twin.leads else self.twin.index


def twin_item(item: Item, twin: Twin) -> Item:
    """Return the item of the other image of a pair."""
    other = Twin(item.index, item.numeral, leads=not twin.leads)
    return replace(item, index=twin.index, numeral=twin.numeral, twin=other)


def assign_items(sources: SplitSources, given: Quotas, count: Count) -> list[Item]:
    """Decide every image of a balanced plan.

    Args:
        sources: the divided sources of a recipe.
        given: the quotas of every part.
        count: images per part.

    Raises:
        SplitError: a source has too few letters or images for a side.
    """
    blocks = blocks_of(given, count)
    styles = _assign_styles(sources, blocks)
    picker = _ImagePicker(sources)
    items: list[Item] = []
    for number, (block, block_styles) in enumerate(zip(blocks, styles, strict=True)):
        picks = picker.picks(block, number)
        begun = len(items)
        for numeral, pick in zip(block.numerals, picks, strict=True):
            style = block_styles[numeral].pop()
            items.append(
                Item(len(items), block.split, block.source, numeral, style, pick, block.pipeline)
            )
        items[begun:] = _with_twins(sources, block, items[begun:])
    return items


def _with_twins(sources: SplitSources, block: ClassBlock, items: list[Item]) -> list[Item]:
    """Return the items of a block, as many of them as asked in pairs."""
    pool = sources.pools[block.source]
    if not block.twins or not items or isinstance(pool, NumeralPool):
        return items
    side = sources.writers(block.source, block.split)
    written = [Written(item.index, item.numeral, item.style) for item in items]
    twins = pairs_of(written, block.twins, side.writes_both)
    return [replace(item, twin=twins.get(item.index)) for item in items]


def _assign_styles(
    sources: SplitSources, blocks: Sequence[ClassBlock]
) -> list[dict[str, list[CaseStyle]]]:
    """Return, per block and class, the case styles in which its images are written."""
    rows: list[tuple[int, dict[CaseStyle, float]]] = []
    for block in blocks:
        weights = _style_weights(sources, block)
        rows += [(block.numerals.count(numeral), weights[numeral]) for numeral in CLASSES]
    counts = iter(table(rows))
    seed = sources.resolved.recipe.seed
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 0, 2)))
    return [{numeral: _shuffled(next(counts), rng) for numeral in CLASSES} for _ in blocks]


def _shuffled(counts: Mapping[CaseStyle, int], rng: np.random.Generator) -> list[CaseStyle]:
    """Return every style as often as counted, in any order."""
    styles = [style for style, number in counts.items() for _ in range(number)]
    return [styles[k] for k in rng.permutation(len(styles))]


def _style_weights(sources: SplitSources, block: ClassBlock) -> dict[str, dict[CaseStyle, float]]:
    """Return, per class, the weights of the styles that this side of the source can write.

    Raises:
        SplitError: a class cannot be written, or only in styles that the recipe excludes.
    """
    pool = sources.pools[block.source]
    if isinstance(pool, NumeralPool) or not block.numerals:
        return {numeral: {"unknown": 1.0} for numeral in CLASSES}
    side = sources.writers(block.source, block.split)
    case_styles = sources.resolved.recipe.case_styles
    weights: dict[str, dict[CaseStyle, float]] = {}
    for numeral, styles in side.styles.items():
        asked = {"unknown": 1.0, **case_styles} if styles == ("unknown",) else case_styles
        weights[numeral] = {s: asked[s] for s in styles if asked.get(s, 0) > 0}
        if not weights[numeral]:
            raise SplitError(
                f"source {block.source} writes {numeral!r} only in case {', '.join(styles)}, which "
                "the recipe's case_styles exclude"
            )
    return weights


class _ImagePicker:
    """Finished images, handed out: each once, or through a pipeline as often as asked."""

    def __init__(self, sources: SplitSources) -> None:
        self._sources = sources
        self._unused: dict[tuple[str, Split], dict[str, list[int]]] = {}

    def picks(self, block: ClassBlock, number: int) -> Sequence[int] | Sequence[None]:
        """Choose the finished images of a block.

        Args:
            block: what is asked for.
            number: its place among the blocks.

        Raises:
            SplitError: there are too few of a class.
        """
        pool = self._sources.pools[block.source]
        if isinstance(pool, GlyphPool):
            return [None] * len(block.numerals)
        if block.pipeline is not None:
            return self._repeated(block, pool, number)
        place = (block.source, block.split)
        if place not in self._unused:
            # three numbers in the key: never an item's own seed
            key = (PARTS.index(block.split), 0, 1)
            self._unused[place] = self._shuffled(block, pool, key)
        unused = self._unused[place]
        self._check(block, {numeral: len(left) for numeral, left in unused.items()})
        return [unused[numeral].pop() for numeral in block.numerals]

    def _repeated(self, block: ClassBlock, pool: NumeralPool, number: int) -> list[int]:
        """Let the images of each class serve again and again, by their weights."""
        shuffled = self._shuffled(block, pool, (PARTS.index(block.split), number, 3))
        asked: dict[str, int] = {numeral: block.numerals.count(numeral) for numeral in CLASSES}
        self._check(block, {n: asked[n] if shuffled[n] else 0 for n in CLASSES})
        turns = {
            numeral: iter(
                _in_turn(shares(asked[numeral], {k: pool.infos[k].weight for k in found}))
            )
            for numeral, found in shuffled.items()
            if asked[numeral]
        }
        return [next(turns[numeral]) for numeral in block.numerals]

    def _shuffled(
        self, block: ClassBlock, pool: NumeralPool, key: tuple[int, ...]
    ) -> dict[str, list[int]]:
        rng = np.random.default_rng(
            np.random.SeedSequence(self._sources.resolved.recipe.seed, spawn_key=key)
        )
        offered = by_class(pool.infos, self._sources.splits[block.source].sides[block.split])
        return {
            numeral: [positions[k] for k in rng.permutation(len(positions))]
            for numeral, positions in offered.items()
        }

    def _check(self, block: ClassBlock, offered: Mapping[str, int]) -> None:
        for numeral in CLASSES:
            if (asked := block.numerals.count(numeral)) > offered[numeral]:
                alone = of_one_writing(self._sources, block.source)
                if not offered[numeral] and numeral in alone:
                    raise SplitError(one_writing_in_words(self._sources, block.source, alone))
                raise SplitError(
                    f"source {block.source} offers {offered[numeral]} images of {numeral!r} for "
                    f"{block.split}, the plan asks for {asked}: lower its ratio, or --images, or "
                    "give it a pipeline, which uses images again"
                )


def _in_turn(counts: Mapping[int, int]) -> list[int]:
    """List every key as often as counted, round by round."""
    rounds = range(max(counts.values()))
    return [key for k in rounds for key, number in counts.items() if number > k]
