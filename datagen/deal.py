"""Dealing: which source, class and case style every image of a balanced plan gets.

Sources come out by largest remainder, classes are dealt in turn, and case styles are rounded so
that what one class leaves over the next makes good. Pure: no I/O, no image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from datagen.budget import Count, shares, table
from datagen.errors import SplitError
from datagen.glyphs import GlyphPool
from datagen.numerals import CLASSES, SPLITS, CaseStyle, Split
from datagen.recipe import Recipe
from datagen.sources import NumeralPool
from datagen.split import Halves, by_class, cast

Pool = GlyphPool | NumeralPool


@dataclass(frozen=True, slots=True)
class Item:
    """One planned image.

    Attributes:
        index: its place in the plan; with the recipe's seed it fixes every random draw.
        source: key of the source in the plan.
        style: how it is written; "unknown" for finished images.
        pick: position of the finished image in its pool; None where it is to be composed.
    """

    index: int
    split: Split
    source: str
    numeral: str
    style: CaseStyle
    pick: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """The images that one source gives to one side."""

    split: Split
    source: str
    numerals: tuple[str, ...]


def deal(
    recipe: Recipe,
    pools: Mapping[str, Pool],
    halves: Mapping[str, Halves],
    mixes: tuple[Mapping[str, float], Mapping[str, float]],
    count: Count,
) -> list[Item]:
    """Deal the images of a balanced plan.

    Args:
        recipe: validated.
        pools: one per source key.
        halves: which part of each pool stands on which side.
        mixes: ratios of the sources of train and of val.
        count: images per side.

    Raises:
        SplitError: a source has too few letters or images for a side.
    """
    blocks = _deal_classes(_per_source(mixes, count))
    styles = _deal_styles(recipe, pools, halves, blocks)
    items: list[Item] = []
    for block, block_styles in zip(blocks, styles, strict=True):
        picks = _picks(recipe, pools[block.source], halves[block.source], block)
        for numeral, pick in zip(block.numerals, picks, strict=True):
            style = block_styles[numeral].pop()
            items.append(Item(len(items), block.split, block.source, numeral, style, pick))
    return items


def _per_source(
    mixes: tuple[Mapping[str, float], Mapping[str, float]], count: Count
) -> list[tuple[Split, str, int]]:
    """Divide both sides among their sources.

    Where both sides mix alike, the whole is divided first, so that a source's total is exact,
    and each source's total then between the sides.
    """
    train_mix, val_mix = mixes
    if train_mix == val_mix:
        totals = shares(count.exact, train_mix)
        train = shares(count.train, totals)
        val = {key: totals[key] - train[key] for key in totals}
    else:
        train, val = shares(count.train, train_mix), shares(count.val, val_mix)
    return [("train", key, n) for key, n in train.items()] + [
        ("val", key, n) for key, n in val.items()
    ]


def _deal_classes(parts: Sequence[tuple[Split, str, int]]) -> list[Block]:
    """Deal the classes in turn, on from one block to the next: every run of ten has them all."""
    blocks = []
    start = 0
    for split, source, number in parts:
        numerals = tuple(CLASSES[k % len(CLASSES)] for k in range(start, start + number))
        blocks.append(Block(split, source, numerals))
        start += number
    return blocks


def _deal_styles(
    recipe: Recipe,
    pools: Mapping[str, Pool],
    halves: Mapping[str, Halves],
    blocks: Sequence[Block],
) -> list[dict[str, list[CaseStyle]]]:
    """Return, per block and class, the case styles in which its images are written."""
    rows: list[tuple[int, dict[CaseStyle, float]]] = []
    for block in blocks:
        weights = _style_weights(recipe, pools[block.source], halves[block.source], block)
        rows += [(block.numerals.count(numeral), weights[numeral]) for numeral in CLASSES]
    counts = iter(table(rows))
    rng = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(0, 0, 2)))
    return [{numeral: _shuffled(next(counts), rng) for numeral in CLASSES} for _ in blocks]


def _shuffled(counts: Mapping[CaseStyle, int], rng: np.random.Generator) -> list[CaseStyle]:
    """Return every style as often as counted, in any order."""
    styles = [style for style, number in counts.items() for _ in range(number)]
    return [styles[k] for k in rng.permutation(len(styles))]


def _style_weights(
    recipe: Recipe, pool: Pool, halves: Halves, block: Block
) -> dict[str, dict[CaseStyle, float]]:
    """Return, per class, the weights of the styles that this side of the source can write.

    Raises:
        SplitError: a class cannot be written, or only in styles that the recipe excludes.
    """
    if isinstance(pool, NumeralPool) or not block.numerals:
        return {numeral: {"unknown": 1.0} for numeral in CLASSES}
    side = cast(block.source, pool, halves, block.split)
    weights: dict[str, dict[CaseStyle, float]] = {}
    for numeral, styles in side.styles.items():
        asked = (
            {"unknown": 1.0, **recipe.case_styles} if styles == ("unknown",) else recipe.case_styles
        )
        weights[numeral] = {s: asked[s] for s in styles if asked.get(s, 0) > 0}
        if not weights[numeral]:
            raise SplitError(
                f"source {block.source} writes {numeral!r} only in case {', '.join(styles)}, which "
                "the recipe's case_styles exclude"
            )
    return weights


def _picks(
    recipe: Recipe, pool: Pool, halves: Halves, block: Block
) -> Sequence[int] | Sequence[None]:
    """Choose the finished images of a block, each once.

    Raises:
        SplitError: there are too few of a class.
    """
    if isinstance(pool, GlyphPool):
        return [None] * len(block.numerals)
    offered = by_class(pool.infos, halves.sides[block.split])
    for numeral in CLASSES:
        if (asked := block.numerals.count(numeral)) > len(offered[numeral]):
            raise SplitError(
                f"source {block.source} offers {len(offered[numeral])} images of {numeral!r} for "
                f"{block.split}, the plan asks for {asked}: lower its ratio, or --images"
            )
    rng = np.random.default_rng(
        np.random.SeedSequence(recipe.seed, spawn_key=(SPLITS.index(block.split), 0, 1))
    )
    shuffled = {
        numeral: [positions[k] for k in rng.permutation(len(positions))]
        for numeral, positions in offered.items()
    }
    return [shuffled[numeral].pop() for numeral in block.numerals]
