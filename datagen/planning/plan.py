"""A recipe and what its sources offer become a list of items. Pure: no I/O, no image.

Here the sides are divided and the images counted; `datagen.planning.assign` deals them out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from datagen.core.budget import Count
from datagen.core.errors import BudgetError, SplitError
from datagen.core.glyphs import GlyphPool, NumeralPool
from datagen.core.numerals import CLASSES, SPLITS, Split
from datagen.planning.assign import Item, assign_items
from datagen.planning.quotas import check_room, count_of, has_room, quotas, sides
from datagen.planning.split import Pool, PoolSplit, divide, whole, without_shared
from datagen.recipes.schema import Recipe


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be built.

    Attributes:
        items: in order of index.
        pool_splits: per source key, which part of its pool stands on which side.
        count: images by both counts.
        notes: what a person should know: adjusted counts, dropped pictures, lost eligibility.
    """

    items: tuple[Item, ...]
    pool_splits: Mapping[str, PoolSplit]
    count: Count
    notes: tuple[str, ...]


def plan(recipe: Recipe, pools: Mapping[str, Pool]) -> Plan:
    """Decide every image of a dataset.

    Args:
        recipe: validated.
        pools: one per key of `keyed_ingredients(recipe)`.

    Raises:
        BudgetError: the counts break the budget and the recipe does not say `fit`.
        SplitError: a source has too few letters or images for a side.
        RecipeError: it asks of a source what that kind of source cannot give.
    """
    used = sides(recipe)
    if recipe.val.folder and (both := set(used["train"]) & set(used["val"])):
        raise SplitError(
            f"the folder {recipe.val.folder} is to be all of val and source {min(both)!r} of train "
            "too; name another folder for one of them, or leave --val-dir out to divide it"
        )
    pool_splits = divide_pools(recipe, pools)
    notes = [
        f"{key}: {pool_split.dropped} training "
        f"{'letters' if isinstance(pools[key], GlyphPool) else 'images'} left out, the same or "
        "their writers' stand in val"
        for key, pool_split in pool_splits.items()
        if pool_split.dropped
    ]
    if _as_they_are(recipe, pools):
        items, count = _plan_as_they_are(recipe, pools, pool_splits, notes)
    else:
        given = quotas(recipe, pools, pool_splits)
        count = _keep(
            recipe,
            count_of(recipe, given),
            notes,
            val_fixed=all(quota.exact is not None for quota in given["val"]),
            keeps=lambda count: has_room(count, given),
        )
        check_room(count, given)
        items = assign_items(recipe, pools, pool_splits, given, count)
    check_classes((item.split, item.numeral) for item in items)
    if not recipe.eligible:
        notes.append(f"budget {recipe.budget:,}: above 10,000, not eligible for the competition")
    return Plan(tuple(items), pool_splits, count, tuple(notes))


def check_classes(shown: Iterable[tuple[Split, str]]) -> None:
    """Refuse a dataset in which a class has no image on one side.

    Args:
        shown: side and class of every image.

    Raises:
        SplitError: it is so; the message names side and class.
    """
    there = set(shown)
    empty = [f"{split}/{c}" for split in SPLITS for c in CLASSES if (split, c) not in there]
    if empty:
        raise SplitError(
            f"no image would stand in {', '.join(empty)}, the ten classes need one each on both "
            "sides; add images of these classes, or a source that has them"
        )


def divide_pools(recipe: Recipe, pools: Mapping[str, Pool]) -> dict[str, PoolSplit]:
    """Decide which part of every pool stands on which side; the same for the same recipe.

    Args:
        recipe: validated.
        pools: one per key of `keyed_ingredients(recipe)`.
    """
    used = sides(recipe)
    return without_shared(pools, _pool_splits(recipe, pools, set(used["train"]), set(used["val"])))


def _pool_splits(
    recipe: Recipe, pools: Mapping[str, Pool], in_train: set[str], in_val: set[str]
) -> dict[str, PoolSplit]:
    """Divide the pools that serve both sides; give the others away whole."""
    pool_splits = {}
    for k, (key, pool) in enumerate(pools.items()):
        if key in in_train and key in in_val and not recipe.val.folder:
            # three numbers in the key: never an item's own seed
            rng = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(k, 0, 0)))
            pool_splits[key] = divide(pool, recipe.val.fraction, rng)
        else:
            pool_splits[key] = whole(pool, "val" if key in in_val else "train")
    return pool_splits


def _as_they_are(recipe: Recipe, pools: Mapping[str, Pool]) -> bool:
    """Whether every image of every source is simply taken."""
    finished = all(isinstance(pool, NumeralPool) for pool in pools.values())
    parts = [part for part in (*recipe.mix, *recipe.val.mix) if part.ratio > 0]
    plain = all(p.per_class is None and recipe.pipeline_of(p) is None for p in parts)
    return recipe.images is None and finished and plain and len({p.ratio for p in parts}) == 1


def _plan_as_they_are(
    recipe: Recipe,
    pools: Mapping[str, Pool],
    pool_splits: Mapping[str, PoolSplit],
    notes: list[str],
) -> tuple[list[Item], Count]:
    chosen: list[tuple[Split, str, int]] = [
        (split, key, position)
        for split in SPLITS
        for key in pools
        for position in pool_splits[key].sides[split]
    ]
    train = sum(split == "train" for split, _, _ in chosen)
    count = _keep(
        recipe,
        Count(train, len(chosen) - train),
        notes,
        val_fixed=recipe.val.folder is not None,
    )
    chosen = _thinned(chosen, count, np.random.default_rng(recipe.seed))
    return [
        Item(index, split, key, pools[key].infos[position].numeral, "unknown", position)  # type: ignore[union-attr]  # all are NumeralPools
        for index, (split, key, position) in enumerate(chosen)
    ], count


def _thinned(
    chosen: list[tuple[Split, str, int]], count: Count, rng: np.random.Generator
) -> list[tuple[Split, str, int]]:
    """Keep `count` of the images, drawn evenly, in their order."""
    kept: list[tuple[Split, str, int]] = []
    for split, number in zip(SPLITS, (count.train, count.val), strict=True):
        side = [entry for entry in chosen if entry[0] == split]
        kept += [side[k] for k in np.sort(rng.permutation(len(side))[:number])]
    return kept


def _keep(
    recipe: Recipe,
    count: Count,
    notes: list[str],
    *,
    val_fixed: bool,
    keeps: Callable[[Count], bool] = lambda _: True,
) -> Count:
    """Return `count`, or what fits of it.

    Args:
        recipe: what the budget is, and whether to fit.
        count: as planned.
        notes: what was found so far; told where it may be the reason, and added to.
        val_fixed: only train may be made smaller.
        keeps: whether a smaller split still has what was asked for in exact numbers.

    Raises:
        BudgetError: it does not fit and may not be adjusted, or no split would.
    """
    least = len(CLASSES)
    if min(count.train, count.val) < least:
        why = f" ({'; '.join(notes)})" if notes else ""
        raise BudgetError(
            f"{count}{why}; train and val need at least {least} images each, one per class: "
            "raise --images, --budget or per_class, or change --val-fraction"
        )
    if count.within(recipe.budget):
        return count
    nearest = count.fitted(recipe.budget, val_fixed=val_fixed)
    if nearest is None or nearest.train < least or nearest.val < least:
        raise BudgetError(
            f"{count}; the budget is {recipe.budget:,}, too small for {least} classes on both sides"
        )
    if not keeps(nearest):
        raise BudgetError(
            f"{count}; the budget is {recipe.budget:,} by both counts, and the exact numbers per "
            "class do not fit into it: lower per_class, or raise --budget"
        )
    if not recipe.fit:
        raise BudgetError(
            f"{count}; the budget is {recipe.budget:,} by both counts. Nearest split that fits: "
            f"train {nearest.train:,} + val {nearest.val:,}; --fit, or fit: true in a recipe, "
            "takes it"
        )
    notes.append(f"fitted to the budget: {count} became {nearest}")
    return nearest
