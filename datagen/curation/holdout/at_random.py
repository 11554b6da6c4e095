"""Sides drawn at random: each class divided alike, groups kept whole.

Enters: pictures with their classes and groups. Leaves: the side, or the fold, of every group.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from datagen.core.errors import SplitError
from datagen.core.numerals import CLASSES
from datagen.core.text import how_many
from datagen.curation.holdout.record import SIDES, Side


@dataclass(frozen=True, slots=True)
class GroupedImage:
    """What decides a picture's side."""

    sha256: str
    numeral: str
    group: str


def assign(pictures: Iterable[GroupedImage], fraction: float, seed: int) -> dict[str, Side]:
    """Return group → side, so that each class has `fraction` of its pictures held out, rounded.

    Groups are taken in the order of a hash of seed and content, not by a generator: so a picture
    more or less in the collection moves few others, and no listing order can matter. A group that
    would exceed the share of any of its classes stays in the rest.

    Raises:
        SplitError: a class cannot have at least one picture on each side.
    """
    members = _members(pictures)
    total = _total(members)
    sides = _fill(members, total, fraction, seed)
    _refuse_empty_sides(members, sides, total, fraction)
    return sides


def assign_rest(pictures: Iterable[GroupedImage], fraction: float, seed: int) -> dict[str, Side]:
    """Do as `assign` where a class may be all on one side: of pictures that only add to others."""
    members = _members(pictures)
    return _fill(members, _total(members), fraction, seed)


def assign_folds(pictures: Iterable[GroupedImage], folds: int, seed: int) -> dict[str, int]:
    """Return group → fold, 1 … `folds`, so that each class is spread evenly over the folds.

    Each group, large ones first, goes where its classes have the most room left.
    """
    members = _members(pictures)
    total = _total(members)
    filled = [Counter[str]() for _ in range(folds)]
    result: dict[str, int] = {}
    for name in sorted(members, key=lambda name: (-len(members[name]), _draw(name, seed))):
        needed = Counter(picture.numeral for picture in members[name])
        # as shares of their class, so that a rare class is spread as evenly as a common one
        cost = [
            (sum((fold[c] + 1) * n / total[c] for c, n in needed.items()), fold.total())
            for fold in filled
        ]
        best = min(range(folds), key=lambda k: (*cost[k], _draw(f"{name}\n{k}", seed)))
        filled[best].update(needed)
        result[name] = best + 1
    return result


def _members(pictures: Iterable[GroupedImage]) -> dict[str, list[GroupedImage]]:
    members: dict[str, list[GroupedImage]] = {}
    for picture in pictures:
        members.setdefault(picture.group, []).append(picture)
    return members


def _total(members: Mapping[str, Sequence[GroupedImage]]) -> Counter[str]:
    return Counter(picture.numeral for group in members.values() for picture in group)


def _fill(
    members: Mapping[str, Sequence[GroupedImage]],
    total: Mapping[str, int],
    fraction: float,
    seed: int,
) -> dict[str, Side]:
    free = {numeral: round(fraction * count) for numeral, count in total.items()}
    sides: dict[str, Side] = {}
    for name in sorted(members, key=lambda name: _draw(name, seed)):
        needed = Counter(picture.numeral for picture in members[name])
        fits = all(free[numeral] >= count for numeral, count in needed.items())
        sides[name] = "holdout" if fits else "rest"
        if fits:
            for numeral, count in needed.items():
                free[numeral] -= count
    return sides


def _draw(name: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()


def _refuse_empty_sides(
    members: Mapping[str, Sequence[GroupedImage]],
    sides: Mapping[str, Side],
    total: Mapping[str, int],
    fraction: float,
) -> None:
    there = {(sides[name], picture.numeral) for name, group in members.items() for picture in group}
    for numeral in CLASSES:
        if total[numeral] and any((side, numeral) not in there for side in SIDES):
            groups = sum(numeral in {p.numeral for p in group} for group in members.values())
            pictures = how_many(total[numeral], "picture")
            raise SplitError(
                f"class {numeral} has {pictures} in {how_many(groups, 'group')} of "
                f"near-duplicates, of which a share of {fraction} cannot leave one on each side; "
                "add pictures, or change --fraction"
            )
