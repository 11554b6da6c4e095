"""A recipe is resolved once: which pools it reads, and what each side takes from them. Pure.

Enters: a `Recipe`. Leaves: a `ResolvedRecipe`, which planning and building hand down. Nothing
after this module derives sources, sides or pipelines from the recipe again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.core.errors import SplitError
from datagen.core.numerals import SPLITS, Split
from datagen.planning.pool_keys import PoolRequest, pool_keys
from datagen.recipes.schema import NO_PIPELINE, Ingredient, PerClass, Recipe


@dataclass(frozen=True, slots=True)
class SidePart:
    """What one ingredient gives to one side.

    Attributes:
        source: key of its pool.
        pipeline: name or file of the pipeline that its images pass through; None: no pipeline.
        ratio: above 0; its share of the images that exact numbers leave open.
        per_class: exact numbers instead of a share, as in `Ingredient`.
    """

    source: str
    pipeline: str | None
    ratio: float
    per_class: PerClass | None


@dataclass(frozen=True, slots=True)
class ResolvedRecipe:
    """A recipe and what follows from it before any source is opened.

    Attributes:
        recipe: validated.
        ingredients: per key (`pen`, `images`, `images-2`, …) the ingredient that opens its pool.
        parts: per side, what its ingredients give, in the order of the recipe.
        own_val: whether val has a mix or a folder of its own; else both sides share one mix.
    """

    recipe: Recipe
    ingredients: Mapping[str, Ingredient]
    parts: Mapping[Split, tuple[SidePart, ...]]
    own_val: bool

    @property
    def paths(self) -> list[Path]:
        """The files and folders that the recipe reads its sources from."""
        return [part.path for part in self.ingredients.values() if part.path is not None]

    @property
    def pipelines(self) -> list[str]:
        """The names of all pipelines in use, sorted."""
        names = {part.pipeline for split in SPLITS for part in self.parts[split]}
        return sorted(name for name in names if name is not None)

    def sources(self, split: Split) -> frozenset[str]:
        """Return the keys of the pools that a side draws from."""
        return frozenset(part.source for part in self.parts[split])


def resolve(recipe: Recipe) -> ResolvedRecipe:
    """Resolve a recipe; the same recipe always gives an equal value.

    Ingredients of ratio 0 are left out. Ingredients that differ only in what is asked of them
    share a key, and so a pool.

    Raises:
        SplitError: one folder is to be all of val and a source of train too.
    """
    val_mix = _val_mix(recipe)
    keyed = _keyed((*recipe.mix, *val_mix))
    mixes = {"train": keyed[: len(recipe.mix)], "val": keyed[len(recipe.mix) :] or keyed}
    ingredients: dict[str, Ingredient] = {}
    for key, part in keyed:
        if part.ratio > 0:
            ingredients.setdefault(key, part)
    resolved = ResolvedRecipe(
        recipe=recipe,
        ingredients=ingredients,
        parts={
            split: tuple(_part(key, part, recipe) for key, part in mixes[split] if part.ratio > 0)
            for split in SPLITS
        },
        own_val=bool(val_mix),
    )
    _check_val_folder(resolved)
    return resolved


def _val_mix(recipe: Recipe) -> tuple[Ingredient, ...]:
    """Return what val alone is made of; nothing where it is a part of what train is made of."""
    if recipe.val.folder:
        # taken as it is: no pipeline of the recipe changes it
        folder = Ingredient(
            source="images", path=recipe.val.folder, per_class="all", pipeline=NO_PIPELINE
        )
        return (folder,)
    return recipe.val.mix


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
    )


def _check_val_folder(resolved: ResolvedRecipe) -> None:
    both = resolved.sources("train") & resolved.sources("val")
    if (folder := resolved.recipe.val.folder) and both:
        raise SplitError(
            f"the folder {folder} is to be all of val and source {min(both)!r} of train too; name "
            "another folder for one of them, or leave --val-dir out to divide it"
        )
