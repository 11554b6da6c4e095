"""Finished images are divided between the parts: whole identities, each class by its fraction."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set

import numpy as np

from datagen.core.glyphs import NumeralInfo
from datagen.core.numerals import Split


def divide_images(
    infos: Sequence[NumeralInfo],
    held_out: Mapping[Split, float],
    rng: np.random.Generator,
    rest: Split,
) -> dict[Split, list[int]]:
    """Give each part about its fraction of the images of each class, one identity after the other.

    Identities are drawn in the order of their names, which are hashes: so neither the names of
    files nor the order of a listing matters. An identity with more images than a part has room for
    stays in the rest, except where the part would have none of a class.
    """
    positions: dict[str, list[int]] = defaultdict(list)
    for position, info in enumerate(infos):
        positions[info.identity].append(position)
    held = {name: Counter(infos[k].numeral for k in found) for name, found in positions.items()}
    total = Counter(info.numeral for info in infos)
    taken: dict[str, Split] = {}
    for part, fraction in held_out.items():
        for name in _chosen(held, total, fraction, taken.keys(), rng):
            taken[name] = part
    sides: dict[Split, list[int]] = {part: [] for part in (rest, *held_out)}
    for position, info in enumerate(infos):
        sides[taken.get(info.identity, rest)].append(position)
    return sides


def _chosen(
    held: Mapping[str, Counter[str]],
    total: Mapping[str, int],
    fraction: float,
    taken: Set[str],
    rng: np.random.Generator,
) -> set[str]:
    """Choose the identities of one part, of those that no other part has taken.

    Args:
        held: images of each class, by identity.
        total: images of each class.
        fraction: of them that the part is to have.
        taken: identities of other parts.
        rng: draws their order.
    """
    left = sum((held[name] for name in held if name not in taken), Counter[str]())
    free = {
        numeral: min(max(round(count * fraction), 1), left[numeral] - 1)
        for numeral, count in total.items()
    }
    names = sorted(held)
    chosen: set[str] = set()
    for name in (names[k] for k in rng.permutation(len(names))):
        if name not in taken and all(n <= free[numeral] for numeral, n in held[name].items()):
            chosen.add(name)
            for numeral, count in held[name].items():
                free[numeral] -= count
    for numeral in total:
        if not any(numeral in held[name] for name in chosen):
            chosen.update(_smallest_to_spare(numeral, held, chosen | taken))
    return chosen


def _smallest_to_spare(
    numeral: str, held: Mapping[str, Counter[str]], taken: Set[str]
) -> Sequence[str]:
    """Return the smallest identity with images of a class that the rest can spare, if any."""
    left = sum((held[name] for name in held if name not in taken), Counter[str]())
    spare = [
        name
        for name in sorted(held)
        if numeral in held[name]
        and name not in taken
        and all(left[other] > count for other, count in held[name].items())
    ]
    return sorted(spare, key=lambda name: held[name].total())[:1]
