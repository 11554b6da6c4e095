"""Quotas: what every ingredient gives to each side, as a share or in exact numbers. Pure.

Enters: the divided sources of a recipe. Leaves: quotas per side, and how many images of which
class every one of them is to give.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from datagen.core.budget import Count, shares
from datagen.core.errors import BudgetError, RecipeError
from datagen.core.glyphs import NumeralPool
from datagen.core.numerals import CLASSES, SPLITS, Split
from datagen.planning.resolve import SidePart
from datagen.planning.split import SplitSources, by_class
from datagen.recipes.schema import Recipe


@dataclass(frozen=True, slots=True)
class Quota:
    """What one ingredient gives to one side.

    Attributes:
        source: key of its pool in the plan.
        pipeline: what its images pass through.
        ratio: its share of what exact quotas leave open.
        exact: images of each class; None where the ratio decides.
        twins: share of its images that are made in pairs.
    """

    source: str
    pipeline: str | None
    ratio: float
    exact: Mapping[str, int] | None = None
    twins: float = 0.0

    @property
    def number(self) -> int:
        """Images, where they are exact; else 0."""
        return sum(self.exact.values()) if self.exact is not None else 0


IN_A_COPY: Final = "per_class in a copy of the recipe"
"""What a person who built a recipe by its name has to change; no flag sets it."""

Quotas = Mapping[Split, Sequence[Quota]]


@dataclass(frozen=True, slots=True)
class ClassBlock:
    """The images that one quota gives to one side."""

    split: Split
    source: str
    pipeline: str | None
    numerals: tuple[str, ...]
    twins: float = 0.0


def quotas(sources: SplitSources) -> dict[Split, list[Quota]]:
    """Return what gives how much to each side, in the order of the recipe.

    Raises:
        RecipeError: "all" is asked of a source of letters.
    """
    return {
        split: _merged(
            Quota(part.source, part.pipeline, part.ratio, _exact(part, sources, split), part.twins)
            for part in parts
        )
        for split, parts in sources.resolved.parts.items()
    }


def _merged(given: Iterator[Quota]) -> list[Quota]:
    """Add up the ratios of quotas that are otherwise alike; exact ones stay apart."""
    merged: dict[tuple[str, str | None, float, bool, int], Quota] = {}
    for place, quota in enumerate(given):
        exact = quota.exact is not None
        name = (quota.source, quota.pipeline, quota.twins, exact, place if exact else 0)
        known = merged.get(name)
        merged[name] = (
            replace(known, ratio=known.ratio + quota.ratio) if known is not None else quota
        )
    return list(merged.values())


def _exact(part: SidePart, sources: SplitSources, split: Split) -> Mapping[str, int] | None:
    """Return the exact numbers asked of a part, by class; None where its ratio decides."""
    if part.per_class is None:
        return None
    if part.per_class == "all":
        return _all_images(part, sources, split)
    per_class = part.per_class
    asked: dict[str, int] = {
        numeral: per_class if isinstance(per_class, int) else per_class.get(numeral, 0)
        for numeral in CLASSES
    }
    shared = sources.resolved.shared
    if split not in shared or len(shared) == 1:
        return asked
    # the numbers count all parts that share the mix
    held_out = {
        part: {numeral: round(n * fraction) for numeral, n in asked.items()}
        for part, fraction in sources.resolved.held_out(shared).items()
    }
    if split in held_out:
        return held_out[split]
    return {n: asked[n] - sum(part[n] for part in held_out.values()) for n in CLASSES}


def _all_images(part: SidePart, sources: SplitSources, split: Split) -> dict[str, int]:
    pool = sources.pools[part.source]
    if not isinstance(pool, NumeralPool):
        name = sources.resolved.ingredients[part.source].source
        raise RecipeError(
            f"per_class: all asks for every image of source {name}, which has letters "
            "to compose and no images; give a number"
        )
    offered = by_class(pool.infos, sources.splits[part.source].sides[split])
    return {numeral: len(found) for numeral, found in offered.items()}


def count_of(recipe: Recipe, given: Quotas) -> Count:
    """Return how many images train and val are to have, the budget not yet asked.

    Raises:
        BudgetError: exact numbers leave no room for what else is asked.
    """
    fixed = {split: sum(quota.number for quota in given[split]) for split in SPLITS}
    open_ = {split: any(quota.exact is None for quota in given[split]) for split in SPLITS}
    total = recipe.images or recipe.budget
    if (open_["train"] or open_["val"]) and sum(fixed.values()) > total:
        raise BudgetError(
            f"the recipe's exact numbers per class add up to {sum(fixed.values()):,} images, "
            + (
                f"--images (`images` in a recipe) is {total:,}; raise it or leave it out"
                if recipe.images
                else f"the budget is {total:,}; raise --budget"
            )
            + f", or lower {IN_A_COPY}"
        )
    if not (open_["train"] or open_["val"]):
        count = Count(fixed["train"], fixed["val"])
        if recipe.images not in (None, count.exact):
            raise BudgetError(
                f"--images (`images` in a recipe) is {recipe.images:,}, but the recipe's exact "
                f"numbers per class add up to {count.exact:,}; leave --images out, or give one "
                f"source a ratio instead of {IN_A_COPY}"
            )
        return count
    if not open_["val"]:
        count = Count(total - fixed["val"], fixed["val"])
        if recipe.images is None:  # nobody asked for a number: fill what the budget leaves
            count = count.fitted(recipe.budget, val_fixed=True) or count
    elif open_["train"] or recipe.images is not None:
        val = round(total * recipe.val_share)
        count = Count(total - val, val)
        if recipe.images is None and recipe.test is not None:  # as above: nobody asked for it
            count = count.fitted(recipe.budget) or count
    else:
        share = recipe.val_share
        count = Count(fixed["train"], round(fixed["train"] * share / (1 - share)))
    return count


def with_test(count: Count, recipe: Recipe, given: Quotas) -> Count:
    """Return train and val with as many images of test as their numbers ask for.

    Args:
        count: of train and val, as they will be.
        recipe: what fraction test is of all.
        given: quotas.
    """
    quotas_of_test = given.get("test", ())
    if all(quota.exact is not None for quota in quotas_of_test):
        return replace(count, test=sum(quota.number for quota in quotas_of_test))
    share = recipe.test_share
    return replace(count, test=round(count.exact * share / (1 - share)))


def check_room(count: Count, given: Quotas) -> None:
    """Refuse counts that the exact numbers exceed, or do not reach.

    Raises:
        BudgetError: they do.
    """
    for split, fixed, number in _misfits(count, given):
        raise BudgetError(
            f"the recipe's exact numbers per class add up to {fixed:,} images in {split}, the plan "
            f"has {number:,}; change --images or --{_fraction_of(split)}-fraction, or {IN_A_COPY}"
        )


def _fraction_of(split: Split) -> str:
    return "test" if split == "test" else "val"


def numbers(count: Count) -> dict[Split, int]:
    """Return how many images each part has."""
    return {"train": count.train, "val": count.val, "test": count.test}


def has_room(count: Count, given: Quotas) -> bool:
    """Return whether `check_room` would pass."""
    return not any(_misfits(count, given))


def _misfits(count: Count, given: Quotas) -> Iterator[tuple[Split, int, int]]:
    """Yield each side whose exact numbers are too many or too few: they, and its images."""
    for split in given:
        number = numbers(count)[split]
        fixed = sum(quota.number for quota in given[split])
        filled = any(quota.exact is None for quota in given[split])
        if fixed > number or (fixed < number and not filled):
            yield split, fixed, number


def blocks_of(given: Quotas, count: Count) -> list[ClassBlock]:
    """Decide every image's class: as exact quotas ask, the others so that all classes are even."""
    shared_out = _numbers(given, count)
    blocks: list[ClassBlock] = []
    start = 0
    for split in given:
        exact = [quota.exact for quota in given[split] if quota.exact is not None]
        fixed: dict[str, int] = {
            numeral: sum(part.get(numeral, 0) for part in exact) for numeral in CLASSES
        }
        rest = sum(shared_out[split])
        turns = iter(_rounds(_evened(fixed, rest, start), start))
        for quota, number in zip(given[split], shared_out[split], strict=True):
            numerals = (
                [next(turns) for _ in range(number)]
                if quota.exact is None
                else _rounds(quota.exact, 0)
            )
            blocks.append(
                ClassBlock(split, quota.source, quota.pipeline, tuple(numerals), quota.twins)
            )
        start += rest
    return blocks


def _numbers(given: Quotas, count: Count) -> dict[Split, list[int]]:
    """Divide what exact quotas leave open by the ratios; 0 for exact quotas.

    Where train and val have the same mix, the whole is divided first, so that a source's total is
    exact, and each source's total then between the two. Test is divided by itself.
    """
    ratios = {
        split: {k: p.ratio for k, p in enumerate(given[split]) if p.exact is None}
        for split in given
    }
    rest = {
        split: numbers(count)[split] - sum(quota.number for quota in given[split])
        for split in given
    }
    found = {split: shares(rest[split], ratios[split]) if ratios[split] else {} for split in given}
    same_mix = [(p.source, p.pipeline, p.ratio, p.exact is None) for p in given["train"]] == [
        (p.source, p.pipeline, p.ratio, p.exact is None) for p in given["val"]
    ]
    if same_mix and ratios["train"]:
        totals = shares(rest["train"] + rest["val"], ratios["train"])
        train = shares(rest["train"], totals) if any(totals.values()) else totals
        found |= {"train": train, "val": {k: totals[k] - train[k] for k in totals}}
    return {split: [found[split].get(k, 0) for k in range(len(given[split]))] for split in given}


def _evened(fixed: Mapping[str, int], rest: int, start: int) -> dict[str, int]:
    """Say how many of each class `rest` images are to be: each goes to the rarest class so far."""
    totals = {numeral: fixed[numeral] for numeral in _from(start)}
    for _ in range(rest):
        totals[min(totals, key=totals.__getitem__)] += 1
    return {numeral: totals[numeral] - fixed[numeral] for numeral in totals}


def _rounds(wanted: Mapping[str, int], start: int) -> list[str]:
    """List classes in rounds, so that every part of the list has them in proportion."""
    most = max(wanted.values(), default=0)
    places = [
        (k * most // wanted[numeral], place, numeral)
        for place, numeral in enumerate(_from(start))
        for k in range(wanted[numeral])
    ]
    return [numeral for _, _, numeral in sorted(places)]


def _from(start: int) -> list[str]:
    """Return the classes in turn, beginning where the other side ended."""
    first = start % len(CLASSES)
    return [*CLASSES[first:], *CLASSES[:first]]
