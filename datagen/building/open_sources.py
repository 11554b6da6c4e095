"""The sources of a recipe are opened here, and nowhere else in a build."""

from collections.abc import Callable

from datagen.building.fetch_missing import FetchMissing, lacks_archive
from datagen.planning.near_duplicates import with_groups
from datagen.planning.plan import check_counts
from datagen.planning.resolve import ResolvedRecipe
from datagen.planning.split import Pool, SplitSources, split_sources
from datagen.recipes.schema import Ingredient
from datagen.sources import open_source

OpenPool = Callable[[Ingredient], Pool]
"""Opens the pool of an ingredient."""


def open_pool(part: Ingredient) -> Pool:
    """Open the source of an ingredient.

    Raises:
        UsageError, InputError: see `datagen.sources.open_source`.
    """
    return open_source(part.source, part.path, part.options)


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
