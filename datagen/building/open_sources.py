"""The sources of a recipe are opened here, and nowhere else in a build."""

from collections.abc import Callable

from datagen.building.fetch_missing import FetchMissing, lacks_archive
from datagen.core.errors import RecipeError
from datagen.core.glyphs import GlyphPool
from datagen.core.text import how_many
from datagen.planning.near_duplicates import with_groups
from datagen.planning.plan import check_counts
from datagen.planning.resolve import ResolvedRecipe
from datagen.planning.split import Pool, SplitSources, split_sources
from datagen.recipes.schema import Ingredient
from datagen.sources import open_source

OpenPool = Callable[[Ingredient], Pool]
"""Opens the pool of an ingredient."""


def open_pool(part: Ingredient) -> Pool:
    """Open the source of an ingredient, without the letters that it leaves out.

    Raises:
        UsageError, InputError: see `datagen.sources.open_source`.
        RecipeError: it leaves out what the source does not have.
    """
    pool = open_source(part.source, part.path, part.options)
    if not part.left_out:
        return pool
    left_out = set(part.left_out)
    strangers = sorted(left_out - {info.id for info in pool.infos})
    if strangers or not isinstance(pool, GlyphPool):
        letters = how_many(len(strangers or left_out), "letter")
        raise RecipeError(
            f"left_out names {letters} that the source {part.source} does not have, the first "
            f"{(strangers or sorted(left_out))[0]!r}; remove left_out and build with --vet again"
        )
    kept = [k for k, info in enumerate(pool.infos) if info.id not in left_out]
    return GlyphPool(pool.source, [pool.infos[k] for k in kept], lambda k: pool[kept[k]])


def open_sources(
    resolved: ResolvedRecipe, opened: OpenPool = open_pool, fetch: FetchMissing | None = None
) -> SplitSources:
    """Open every source of a recipe and divide it between train and val, near-duplicates together.

    Args:
        resolved: the recipe.
        opened: opens one pool; another than the default may keep what it opened.
        fetch: fetches an archive that is missing; None: that is an error.

    Raises:
        UsageError, InputError: see `datagen.sources.open_source`.
        BudgetError: known before anything is fetched.
    """
    parts = resolved.ingredients
    lacking = [key for key, part in parts.items() if fetch is not None and lacks_archive(part)]
    if lacking:
        check_counts(resolved)
    # what is here is opened first: what is wrong with it is found before a long download
    pools = {key: opened(part) for key, part in parts.items() if key not in lacking}
    for key in lacking:
        if fetch is not None:
            fetch(parts[key])
        pools[key] = opened(parts[key])
    return split_sources(resolved, with_groups(resolved, {key: pools[key] for key in parts}))
