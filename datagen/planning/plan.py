"""The divided sources of a recipe become a plan: the list of all items. Pure: no I/O, no image.

Here the images are counted and the budget is kept; `datagen.planning.assign` decides what each
image is made from.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from datagen.core.budget import Count
from datagen.core.errors import BudgetError, RecipeError, SplitError
from datagen.core.glyphs import GlyphPool, NumeralPool
from datagen.core.numerals import CLASSES, Split
from datagen.datasets.class_counts import ClassCounts, check_every_class, class_counts, total_count
from datagen.planning.assign import Item, assign_items
from datagen.planning.quotas import (
    IN_A_COPY,
    Quotas,
    check_room,
    count_of,
    has_room,
    numbers,
    quotas,
    with_test,
)
from datagen.planning.resolve import ResolvedRecipe
from datagen.planning.split import SplitSources, of_one_writing, one_writing_in_words
from datagen.recipes.schema import Recipe


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be built.

    Attributes:
        items: in order of index.
        sources: what they are made from.
        count: images by both counts, and those of test.
        notes: what a person should know: adjusted counts, dropped images, lost eligibility.
    """

    items: tuple[Item, ...] = field(repr=False)
    sources: SplitSources = field(repr=False)
    count: Count
    notes: tuple[str, ...]


def plan(sources: SplitSources) -> Plan:
    """Decide every image of a dataset; `datagen.building.build.plan_recipe` does it for a recipe.

    Args:
        sources: as `split_sources` returns them.

    Raises:
        BudgetError: the counts break the budget and the recipe does not say `fit`.
        SplitError: a source has too few letters or images for a side.
        RecipeError: it asks of a source what that kind of source cannot give.
    """
    recipe = sources.resolved.recipe
    _check_twins(sources)
    notes = [*_left_out(sources), *_dropped(sources), *_of_one_writing(sources)]
    decide = _plan_as_they_are if _as_they_are(sources) else _plan_balanced
    items, count = decide(sources, notes)
    _check_every_class(sources, class_counts((item.split, item.numeral) for item in items))
    if not recipe.eligible:
        notes.append(f"budget {recipe.budget:,}: above 10,000, not eligible for the competition")
    return Plan(tuple(items), sources, count, tuple(notes))


def check_counts(resolved: ResolvedRecipe) -> None:
    """Refuse counts that break the budget before any source is opened, as far as they are known.

    For recipes with at least one source of letters: of finished images alone all may be taken.

    Raises:
        BudgetError: the counts break the budget and the recipe does not say `fit`.
    """
    if all(part.per_class != "all" for parts in resolved.parts.values() for part in parts):
        _plan_counts(resolved.recipe, quotas(SplitSources(resolved, {}, {})), [])


def _check_twins(sources: SplitSources) -> None:
    """Refuse pairs of what cannot be written in pairs.

    Raises:
        RecipeError: they are asked of finished images, or of another composition than `hand`.
    """
    for part in (part for parts in sources.resolved.parts.values() for part in parts if part.twins):
        name = sources.resolved.ingredients[part.source].source
        if isinstance(sources.pools[part.source], NumeralPool):
            raise RecipeError(
                f"twins: {part.twins:g} asks for pairs of source {name}, which has finished "
                "images; only letters can be written in pairs: leave twins out"
            )
        method = sources.resolved.recipe.compose.method
        if method != "hand":
            raise RecipeError(
                f"twins: {part.twins:g} asks for pairs of source {name}, composed by {method}; "
                "only compose: {method: hand} writes pairs: take it, or leave twins out"
            )


def _left_out(sources: SplitSources) -> list[str]:
    """Say how many letters the recipe does not use."""
    return [
        f"{key}: {len(part.left_out):,} letters left out that are not what their label says"
        for key, part in sources.resolved.ingredients.items()
        if part.left_out
    ]


def _dropped(sources: SplitSources) -> list[str]:
    """Say what was left out of a part because a later one has it too."""
    later = "val or test" if "test" in sources.resolved.parts else "val"
    return [
        f"{key}: {dropped} {part} "
        f"{'letters' if isinstance(sources.pools[key], GlyphPool) else 'images'} left out, the "
        f"same or their writers' stand in {others}"
        for key, pool_split in sources.splits.items()
        for part, dropped, others in (
            ("training", pool_split.dropped, later),
            ("validation", pool_split.dropped_val, "test"),
        )
        if dropped
    ]


def _of_one_writing(sources: SplitSources) -> list[str]:
    """Say which classes cannot stand in every part, for their images are near-duplicates."""
    return [
        one_writing_in_words(sources, key, images)
        for key in sources.splits
        if (images := of_one_writing(sources, key))
    ]


def _check_every_class(sources: SplitSources, counts: ClassCounts) -> None:
    """Refuse a plan in which a class has no image in one part.

    Raises:
        SplitError: it is so; the message says why, where that is known.
    """
    _refuse_one_writing(sources, counts)
    check_every_class(counts)


def _refuse_one_writing(sources: SplitSources, counts: ClassCounts) -> None:
    """Refuse a plan that lacks a class in one part, for near-duplicates stay in another.

    Raises:
        SplitError: it is so.
    """
    for key in sources.splits:
        alone = of_one_writing(sources, key)
        if any(not row[numeral] for row in counts.values() for numeral in alone):
            raise SplitError(one_writing_in_words(sources, key, alone))


def _as_they_are(sources: SplitSources) -> bool:
    """Whether every image of every source is simply taken."""
    resolved = sources.resolved
    # a folder for val or test is always taken as it is, and decides nothing about train
    held_out = {"val": resolved.recipe.val, "test": resolved.recipe.test}
    folders = {name for name, part in held_out.items() if part is not None and part.folder}
    parts = [p for split, found in resolved.parts.items() if split not in folders for p in found]
    finished = all(isinstance(pool, NumeralPool) for pool in sources.pools.values())
    plain = all(part.per_class is None and part.pipeline is None for part in parts)
    alike = len({part.ratio for part in parts}) == 1
    return resolved.recipe.images is None and finished and plain and alike


def _plan_balanced(sources: SplitSources, notes: list[str]) -> tuple[list[Item], Count]:
    """Plan by ratios and exact numbers, the classes as even as they can be."""
    given = quotas(sources)
    count = _plan_counts(sources.resolved.recipe, given, notes)
    return assign_items(sources, given, count), count


def _plan_counts(recipe: Recipe, given: Quotas, notes: list[str]) -> Count:
    count = _keep(
        recipe,
        count_of(recipe, given),
        notes,
        val_fixed=all(quota.exact is not None for quota in given["val"]),
        keeps=lambda count: has_room(with_test(count, recipe, given), given),
    )
    count = with_test(count, recipe, given)
    _check_test(recipe, count)
    check_room(count, given)
    return count


def _check_test(recipe: Recipe, count: Count) -> None:
    """Refuse a test part that cannot have every class.

    Raises:
        BudgetError: it is too small.
    """
    if recipe.test is not None and count.test < len(CLASSES):
        raise BudgetError(
            f"test would have {count.test:,} images, it needs at least {len(CLASSES)}, one per "
            "class: raise --test-fraction or --images"
        )


def _plan_as_they_are(sources: SplitSources, notes: list[str]) -> tuple[list[Item], Count]:
    """Plan every image once, or as many as the budget allows."""
    recipe = sources.resolved.recipe
    chosen: list[tuple[Split, str, int]] = [
        (split, key, position)
        for split in sources.resolved.parts
        for key in sources.pools
        for position in sources.splits[key].sides[split]
    ]
    infos = {
        key: pool.infos for key, pool in sources.pools.items() if isinstance(pool, NumeralPool)
    }
    shown = class_counts((split, infos[key][position].numeral) for split, key, position in chosen)
    _refuse_one_writing(sources, shown)
    whole = total_count(shown)
    count = _keep(recipe, whole, notes, val_fixed=recipe.val.folder is not None)
    own_test = sources.resolved.own_test
    # a smaller train and val leave a test of their own sources as large a share as it was
    test = whole.test if own_test else round(whole.test * count.exact / max(whole.exact, 1))
    count = replace(count, test=test)
    _check_test(recipe, count)
    chosen = _thinned(chosen, count, np.random.default_rng(recipe.seed))
    return [
        Item(index, split, key, infos[key][position].numeral, "unknown", position)
        for index, (split, key, position) in enumerate(chosen)
    ], count


def _thinned(
    chosen: list[tuple[Split, str, int]], count: Count, rng: np.random.Generator
) -> list[tuple[Split, str, int]]:
    """Keep `count` of the images, drawn evenly, in their order."""
    kept: list[tuple[Split, str, int]] = []
    for split, number in numbers(count).items():
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
    if not _one_per_class(count):
        why = f" ({'; '.join(notes)})" if notes else ""
        raise BudgetError(
            f"{count}{why}; train and val need at least {len(CLASSES)} images each, one per class: "
            f"{_what_to_do(recipe, count)}"
        )
    if count.within(recipe.budget):
        return count
    nearest = _nearest(count, recipe.budget, val_fixed=val_fixed, keeps=keeps)
    if not recipe.fit:
        raise BudgetError(
            f"{count}; the budget is {recipe.budget:,} by both counts. Nearest split that fits: "
            f"train {nearest.train:,} + val {nearest.val:,}; --fit, or fit: true in a recipe, "
            "takes it"
        )
    notes.append(f"fitted to the budget: {count} became {nearest}")
    return nearest


def _what_to_do(recipe: Recipe, count: Count) -> str:
    """Return what helps against too few images of a part."""
    if all(part.per_class is not None for part in (*recipe.mix, *recipe.val.mix)):
        limit = IN_A_COPY
    elif count.exact < 2 * len(CLASSES) <= (recipe.images or recipe.budget):
        return "the sources hold no more; add images, or take val from elsewhere (--val-from)"
    else:
        limit = "--images (`images` in a recipe)" if recipe.images else "--budget"
    return f"raise {limit}, or change --val-fraction"


def _one_per_class(count: Count) -> bool:
    return min(count.train, count.val) >= len(CLASSES)


def _nearest(
    count: Count, budget: int, *, val_fixed: bool, keeps: Callable[[Count], bool]
) -> Count:
    """Return the nearest split that the budget allows.

    Raises:
        BudgetError: there is none with an image of every class, or with the exact numbers.
    """
    nearest = count.fitted(budget, val_fixed=val_fixed)
    if nearest is None or not _one_per_class(nearest):
        raise BudgetError(
            f"{count}; the budget is {budget:,}, too small for {len(CLASSES)} classes on both sides"
        )
    if not keeps(nearest):
        raise BudgetError(
            f"{count}; the budget is {budget:,} by both counts, and the exact numbers per "
            f"class do not fit into it: raise --budget, or lower {IN_A_COPY}"
        )
    return nearest
