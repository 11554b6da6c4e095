"""A recipe is resolved once: which pools it reads, and what each side takes from them. Pure.

Enters: a `Recipe`. Leaves: a `ResolvedRecipe`, which planning and building hand down. Nothing
after this module derives sources, sides or pipelines from the recipe again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import SplitError
from datagen.core.numerals import PARTS, SPLITS, Split
from datagen.planning.pool_keys import PoolRequest, pool_keys
from datagen.recipes.schema import NO_PIPELINE, Ingredient, PerClass, Recipe, Validation


@dataclass(frozen=True, slots=True)
class SidePart:
    """What one ingredient gives to one side.

    Attributes:
        source: key of its pool.
        pipeline: name or file of the pipeline that its images pass through; None: no pipeline.
        ratio: above 0; its share of the images that exact numbers leave open.
        per_class: exact numbers instead of a share, as in `Ingredient`.
        twins: share of its images that are made in pairs, as in `Ingredient`.
    """

    source: str
    pipeline: str | None
    ratio: float
    per_class: PerClass | None
    twins: float = 0.0


@dataclass(frozen=True, slots=True)
class ResolvedRecipe:
    """A recipe and what follows from it before any source is opened.

    Attributes:
        recipe: validated.
        ingredients: per key (`pen`, `images`, `images-2`, …) the ingredient that opens its pool.
        parts: per side, what its ingredients give, in the order of the recipe; no key `test` where
            there is no such part.
        own_val: whether val has a mix or a folder of its own; else it shares that of train.
        own_test: the same of test.
    """

    recipe: Recipe
    ingredients: Mapping[str, Ingredient]
    parts: Mapping[Split, tuple[SidePart, ...]]
    own_val: bool
    own_test: bool = False

    @property
    def paths(self) -> list[Path]:
        """The files and folders that the recipe reads its sources from."""
        return [part.path for part in self.ingredients.values() if part.path is not None]

    @property
    def pipelines(self) -> list[str]:
        """The names of all pipelines in use, sorted."""
        names = {part.pipeline for parts in self.parts.values() for part in parts}
        return sorted(name for name in names if name is not None)

    def sources(self, split: Split) -> frozenset[str]:
        """Return the keys of the pools that a side draws from."""
        return frozenset(part.source for part in self.parts.get(split, ()))

    def serves(self, key: str) -> tuple[Split, ...]:
        """Return the parts that draw from a pool, train before val before test."""
        return tuple(split for split in self.parts if key in self.sources(split))

    @property
    def shared(self) -> tuple[Split, ...]:
        """The parts that are made of the recipe's own mix."""
        own = {"val": self.own_val, "test": self.own_test}
        return tuple(split for split in self.parts if not own.get(split))

    def held_out(self, parts: Sequence[Split]) -> dict[Split, float]:
        """Return the fractions of what `parts` share that go to all of them but the first.

        Args:
            parts: in the order of `PARTS`.
        """
        val, test = self.recipe.val.share, self.recipe.test_share
        shares = {"train": 1 - val - test, "val": val, "test": test}
        # what is left out is taken from 1, so that train and val alone divide by exactly that
        whole = 1.0 - sum(share for part, share in shares.items() if part not in parts)
        return {part: shares[part] / whole for part in parts[1:]}


def resolve(recipe: Recipe) -> ResolvedRecipe:
    """Resolve a recipe; the same recipe always gives an equal value.

    Ingredients of ratio 0 are left out. Ingredients that differ only in what is asked of them
    share a key, and so a pool.

    Raises:
        SplitError: one folder is to be all of val and a source of train too.
    """
    val_mix = _own_mix(recipe.val)
    test_mix = () if recipe.test is None else _own_mix(recipe.test)
    keyed = _keyed((*recipe.mix, *val_mix, *test_mix))
    for_train = keyed[: len(recipe.mix)]
    for_test = keyed[len(recipe.mix) + len(val_mix) :]
    for_val = keyed[len(recipe.mix) : len(keyed) - len(for_test)]
    mixes = {"train": for_train, "val": for_val or for_train, "test": for_test or for_train}
    ingredients: dict[str, Ingredient] = {}
    for key, part in keyed:
        if part.ratio > 0:
            ingredients.setdefault(key, part)
    resolved = ResolvedRecipe(
        recipe=recipe,
        ingredients=ingredients,
        parts={
            split: tuple(_part(key, part, recipe) for key, part in mixes[split] if part.ratio > 0)
            for split in (SPLITS if recipe.test is None else PARTS)
        },
        own_val=bool(val_mix),
        own_test=bool(test_mix),
    )
    _check_folders(resolved)
    return resolved


def _own_mix(part: Validation) -> tuple[Ingredient, ...]:
    """Return what one part alone is made of; nothing where it shares the mix of train."""
    if part.folder:
        # taken as it is: no pipeline of the recipe changes it
        return (
            Ingredient(source="images", path=part.folder, per_class="all", pipeline=NO_PIPELINE),
        )
    return part.mix


def _keyed(mix: Sequence[Ingredient]) -> list[tuple[str, Ingredient]]:
    """Return every ingredient with the key of its pool."""
    requests = [
        PoolRequest(part.source, part.path, part.options, part.left_out or ()) for part in mix
    ]
    keys = pool_keys(requests)
    return list(zip(keys, mix, strict=True))


def _part(key: str, part: Ingredient, recipe: Recipe) -> SidePart:
    pipeline = part.pipeline or recipe.pipeline
    return SidePart(
        source=key,
        pipeline=None if pipeline == NO_PIPELINE else pipeline,
        ratio=part.ratio,
        per_class=part.per_class,
        twins=part.twins or 0.0,
    )


def _check_folders(resolved: ResolvedRecipe) -> None:
    """Refuse a folder that is to be all of one part, and a source of another one too."""
    val, test = resolved.recipe.val, resolved.recipe.test
    flag = {"val": "--val-dir", "test": "test.folder"}
    for part in (val, *(() if test is None else (test,))):
        for other in resolved.parts if part.folder else ():
            both = resolved.sources(other) & resolved.sources(_split(part))
            if other != part.part and both:
                raise SplitError(
                    f"the folder {part.folder} is to be all of {part.part} and source "
                    f"{min(both)!r} of {other} too; name another folder for one of them, or leave "
                    f"{flag[part.part]} out to divide it"
                )


def _split(part: Validation) -> Split:
    return "val" if part.part == "val" else "test"
