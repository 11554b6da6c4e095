"""A recipe and what its sources offer become a list of items. Pure: no I/O, no image.

Here the sides are divided and the images counted; `datagen.deal` deals them out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from datagen.budget import Count
from datagen.deal import Item, Pool, deal
from datagen.errors import BudgetError, SplitError
from datagen.glyphs import GlyphPool
from datagen.numerals import CLASSES, SPLITS, Split
from datagen.recipe import Ingredient, Recipe
from datagen.sources import NumeralPool
from datagen.split import Halves, divide, whole, without_shared


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be built.

    Attributes:
        items: in order of index.
        halves: per source key, which part of its pool stands on which side.
        count: images by both counts.
        notes: what a person should know: adjusted counts, dropped pictures, lost eligibility.
    """

    items: tuple[Item, ...]
    halves: Mapping[str, Halves]
    count: Count
    notes: tuple[str, ...]


def keyed_ingredients(recipe: Recipe) -> dict[str, Ingredient]:
    """Name every distinct source of a recipe: `pen`, `images`, `images-2`, ….

    Ingredients that differ only in ratio share a key, and so a pool; one of ratio 0 needs none.
    """
    folder = recipe.val.folder
    val = (Ingredient(source="images", path=folder),) if folder else recipe.val.mix
    keys: dict[str, Ingredient] = {}
    for part in (*recipe.mix, *val):
        if part.ratio == 0 or any(_same_pool(part, known) for known in keys.values()):
            continue
        number = 1 + sum(known.source == part.source for known in keys.values())
        keys[part.source if number == 1 else f"{part.source}-{number}"] = part
    return keys


def plan(recipe: Recipe, pools: Mapping[str, Pool]) -> Plan:
    """Decide every image of a dataset.

    Args:
        recipe: validated.
        pools: one per key of `keyed_ingredients(recipe)`.

    Raises:
        BudgetError: the counts break the budget and the recipe does not say `fit`.
        SplitError: a source has too few letters or images for a side.
    """
    keys = keyed_ingredients(recipe)
    train_mix, val_mix = _weights(recipe, keys)
    if recipe.val.folder and (both := train_mix.keys() & val_mix.keys()):
        raise SplitError(
            f"the folder {recipe.val.folder} is to be all of val and source {min(both)!r} of train "
            "too; name another folder for one of them, or leave --val-dir out to divide it"
        )
    halves = divide_pools(recipe, pools)
    notes = [
        f"{key}: {half.dropped} training "
        f"{'letters' if isinstance(pools[key], GlyphPool) else 'images'} left out, the same or "
        "their writers' stand in val"
        for key, half in halves.items()
        if half.dropped
    ]
    if _as_they_are(recipe, pools):
        items, count = _plan_as_they_are(recipe, pools, halves, notes)
    else:
        count = _count(recipe, halves, val_mix, notes)
        items = deal(recipe, pools, halves, (train_mix, val_mix), count)
    if not recipe.eligible:
        notes.append(f"budget {recipe.budget:,}: above 10,000, not eligible for the competition")
    return Plan(tuple(items), halves, count, tuple(notes))


def divide_pools(recipe: Recipe, pools: Mapping[str, Pool]) -> dict[str, Halves]:
    """Decide which part of every pool stands on which side; the same for the same recipe.

    Args:
        recipe: validated.
        pools: one per key of `keyed_ingredients(recipe)`.
    """
    train_mix, val_mix = _weights(recipe, keyed_ingredients(recipe))
    return without_shared(pools, _halves(recipe, pools, set(train_mix), set(val_mix)))


def _same_pool(one: Ingredient, other: Ingredient) -> bool:
    return (one.source, one.path, one.options) == (other.source, other.path, other.options)


def _weights(
    recipe: Recipe, keys: Mapping[str, Ingredient]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the ratios of the sources of train and of val, by key."""

    def of(mix: Sequence[Ingredient]) -> dict[str, float]:
        weights: dict[str, float] = {}
        for part in (part for part in mix if part.ratio > 0):
            key = next(key for key, known in keys.items() if _same_pool(part, known))
            weights[key] = weights.get(key, 0.0) + part.ratio
        return weights

    train = of(recipe.mix)
    if recipe.val.folder:
        return train, of([Ingredient(source="images", path=recipe.val.folder)])
    return train, of(recipe.val.mix) or train


def _halves(
    recipe: Recipe, pools: Mapping[str, Pool], in_train: set[str], in_val: set[str]
) -> dict[str, Halves]:
    """Divide the pools that serve both sides; give the others away whole."""
    halves = {}
    for k, (key, pool) in enumerate(pools.items()):
        if key in in_train and key in in_val and not recipe.val.folder:
            # three numbers in the key: never an item's own seed
            rng = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(k, 0, 0)))
            halves[key] = divide(pool, recipe.val.fraction, rng)
        else:
            halves[key] = whole(pool, "val" if key in in_val else "train")
    return halves


def _as_they_are(recipe: Recipe, pools: Mapping[str, Pool]) -> bool:
    """Whether every image of every source is simply taken."""
    finished = all(isinstance(pool, NumeralPool) for pool in pools.values())
    ratios = {part.ratio for part in (*recipe.mix, *recipe.val.mix)} - {0}
    return recipe.images is None and finished and len(ratios) == 1


def _plan_as_they_are(
    recipe: Recipe, pools: Mapping[str, Pool], halves: Mapping[str, Halves], notes: list[str]
) -> tuple[list[Item], Count]:
    chosen: list[tuple[Split, str, int]] = [
        (split, key, position)
        for split in SPLITS
        for key in pools
        for position in halves[key].sides[split]
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


def _count(
    recipe: Recipe, halves: Mapping[str, Halves], val_mix: Mapping[str, float], notes: list[str]
) -> Count:
    """Return how many images each side gets, within the budget."""
    total = recipe.images or recipe.budget
    if recipe.val.folder:
        (key,) = val_mix
        val = len(halves[key].sides["val"])
        count = Count(total - val, val)
        if recipe.images is None:  # nobody asked for a number: fill what the budget leaves
            count = count.fitted(recipe.budget, val_fixed=True) or count
    else:
        val = round(total * recipe.val.fraction)
        count = Count(total - val, val)
    return _keep(recipe, count, notes, val_fixed=recipe.val.folder is not None)


def _keep(recipe: Recipe, count: Count, notes: list[str], *, val_fixed: bool) -> Count:
    """Return `count`, or what fits of it.

    Raises:
        BudgetError: it does not fit and may not be adjusted, or no split would.
    """
    least = len(CLASSES)
    if count.exact < 2 * least or count.train < least or count.val < least:
        raise BudgetError(
            f"{count}; train and val need at least {least} images each, one per class: "
            "raise --images or --budget, or change --val-fraction"
        )
    if count.within(recipe.budget):
        return count
    nearest = count.fitted(recipe.budget, val_fixed=val_fixed)
    if nearest is None or nearest.train < least or nearest.val < least:
        raise BudgetError(
            f"{count}; the budget is {recipe.budget:,}, too small for {least} classes on both sides"
        )
    if not recipe.fit:
        raise BudgetError(
            f"{count}; the budget is {recipe.budget:,} by both counts. Nearest split that fits: "
            f"train {nearest.train:,} + val {nearest.val:,}; --fit takes it"
        )
    notes.append(f"fitted to the budget: {count} became {nearest}")
    return nearest
