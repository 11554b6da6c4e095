"""The sources of a recipe are opened here, and nowhere else in a build."""

from collections.abc import Callable

from datagen.planning.near_duplicates import with_groups
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


def open_sources(resolved: ResolvedRecipe, opened: OpenPool = open_pool) -> SplitSources:
    """Open every source of a recipe and divide it between train and val, near-duplicates together.

    Args:
        resolved: the recipe.
        opened: opens one pool; another than the default may keep what it opened.

    Raises:
        UsageError, InputError: see `datagen.sources.open_source`.
    """
    pools = {key: opened(part) for key, part in resolved.ingredients.items()}
    return split_sources(resolved, with_groups(resolved, pools))
