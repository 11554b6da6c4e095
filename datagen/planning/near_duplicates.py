"""Near-duplicates among finished images get one identity, so that a split keeps them together.

Enters: a resolved recipe and its opened pools. Leaves: the same pools, an identity for each group.
"""

from collections.abc import Callable, Mapping
from functools import partial

from datagen.core.arrays import GrayImage
from datagen.core.glyphs import NumeralPool
from datagen.images.known_groups import group_names
from datagen.planning.resolve import ResolvedRecipe
from datagen.planning.split import Pool


def with_groups(resolved: ResolvedRecipe, pools: Mapping[str, Pool]) -> dict[str, Pool]:
    """Return the pools, near-duplicates of all of them together under one identity.

    Where only one part has finished images nothing can stand in two, and nothing is compared.

    Args:
        resolved: the recipe.
        pools: one per source key.
    """
    finished = {key: pool for key, pool in pools.items() if isinstance(pool, NumeralPool)}
    if sum(bool(finished.keys() & resolved.sources(split)) for split in resolved.parts) < 2:
        return dict(pools)
    pictures: dict[str, Callable[[], GrayImage]] = {}
    shown: dict[str, str] = {}  # identity → the name of the picture that is looked at
    for pool in finished.values():
        for position, info in enumerate(pool.infos):
            if info.identity not in shown:
                shown[info.identity] = info.loaded or info.identity
                pictures[shown[info.identity]] = partial(pool.__getitem__, position)
    groups = group_names(pictures)
    first: dict[str, str] = {}
    for identity in sorted(shown):
        first.setdefault(groups[shown[identity]], identity)
    names = {identity: first[groups[picture]] for identity, picture in shown.items()}
    return {
        key: pool.with_identities(names) if isinstance(pool, NumeralPool) else pool
        for key, pool in pools.items()
    }
