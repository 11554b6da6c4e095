"""Which letter or image may serve which side: pools are divided by identity, before composing.

Enters: a resolved recipe and its opened pools. Leaves: `SplitSources`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from datagen.core.errors import SplitError
from datagen.core.glyphs import GlyphPool, NumeralInfo, NumeralPool
from datagen.core.numerals import CLASSES, SPLITS, Split
from datagen.planning.resolve import ResolvedRecipe
from datagen.planning.writer_index import WriterIndex

Info = TypeVar("Info")
Pool = GlyphPool | NumeralPool
Sides = Mapping[Split, Sequence[int]]
"""Positions in a pool that each side may use."""


@dataclass(frozen=True, slots=True)
class PoolSplit:
    """One pool divided.

    Attributes:
        sides: per split, the positions in the pool that it may use.
        dropped: letters or images left out of train because another pool has them in val.
    """

    sides: Sides
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class SplitSources:
    """The sources of a recipe, opened and divided between train and val.

    Attributes:
        resolved: the recipe.
        pools: per source key.
        splits: per source key, which part of its pool stands on which side.
    """

    resolved: ResolvedRecipe
    pools: Mapping[str, Pool] = field(repr=False, compare=False)  # loaders know no equality
    splits: Mapping[str, PoolSplit]


def split_sources(resolved: ResolvedRecipe, pools: Mapping[str, Pool]) -> SplitSources:
    """Decide which part of every pool stands on which side; the same for the same recipe.

    A pool that serves both sides is divided by identity, any other goes to its side whole.

    Args:
        resolved: the recipe.
        pools: one per key of `resolved.ingredients`, in that order.
    """
    recipe = resolved.recipe
    in_train, in_val = resolved.sources("train"), resolved.sources("val")
    splits = {}
    for k, (key, pool) in enumerate(pools.items()):
        if key in in_train and key in in_val:
            # three numbers in the key: never an item's own seed
            rng = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(k, 0, 0)))
            splits[key] = divide(pool, recipe.val.fraction, rng)
        else:
            splits[key] = whole(pool, "val" if key in in_val else "train")
    return SplitSources(resolved, pools, without_shared(pools, splits))


def divide(pool: Pool, val_fraction: float, rng: np.random.Generator) -> PoolSplit:
    """Divide a pool by identity: about `val_fraction` of the identities go to val.

    Writers are grouped by the letters and cases they wrote and each group is divided, so that
    both sides can write the same things; a group of one goes to train. Images: see
    `_divide_images`.
    """
    if isinstance(pool, GlyphPool):
        return PoolSplit(
            _divide(
                pool.infos,
                lambda info: info.identity,
                lambda info: (info.letter, info.case),
                val_fraction,
                rng,
            )
        )
    return PoolSplit(_divide_images(pool.infos, val_fraction, rng))


def whole(pool: Pool, split: Split) -> PoolSplit:
    """Give a pool to one side entirely."""
    return PoolSplit({side: range(len(pool)) if side == split else () for side in SPLITS})


def without_shared(
    pools: Mapping[str, Pool], pool_splits: Mapping[str, PoolSplit]
) -> dict[str, PoolSplit]:
    """Take out of train what is in val too, whichever pool it comes from.

    Pixel-identical images have one identity. Of letters, two pools may hold the same where one
    source is used twice, with other options or from another place. Val keeps them: it is the
    smaller side, and often a folder that is to be taken as it is.
    """
    finished = {key: pool for key, pool in pools.items() if isinstance(pool, NumeralPool)}
    in_val = {
        finished[key].infos[position].identity
        for key in finished
        for position in pool_splits[key].sides["val"]
    }
    cleaned = dict(pool_splits)
    for key, pool in finished.items():
        sides = pool_splits[key].sides
        kept = [k for k in sides["train"] if pool.infos[k].identity not in in_val]
        cleaned[key] = PoolSplit(
            {"train": kept, "val": sides["val"]}, dropped=len(sides["train"]) - len(kept)
        )
    letters = {key: pool for key, pool in pools.items() if isinstance(pool, GlyphPool)}
    for key, one in letters.items():
        others = [
            (other, pool_splits[name])
            for name, other in letters.items()
            if name != key and other.source == one.source
        ]
        cleaned[key] = _without_writers_of(one, pool_splits[key], others)
    return cleaned


def _without_writers_of(
    pool: GlyphPool, pool_split: PoolSplit, others: Sequence[tuple[GlyphPool, PoolSplit]]
) -> PoolSplit:
    """Take out of train every writer of a letter that is in the val of `others`."""
    train = pool_split.sides["train"]
    in_val = {
        letter
        for other, divided in others
        for letter in _letters(other, divided.sides["val"] if train else ())
    }
    if not in_val:
        return pool_split
    seen = {
        pool.infos[position].identity
        for position, letter in zip(train, _letters(pool, train), strict=True)
        if letter in in_val
    }
    kept = [position for position in train if pool.infos[position].identity not in seen]
    sides: Sides = {"train": kept, "val": pool_split.sides["val"]}
    return PoolSplit(sides, dropped=len(train) - len(kept))


def _letters(pool: GlyphPool, positions: Iterable[int]) -> Iterator[Hashable]:
    """Yield, per letter, what is equal for the same letter in another pool of its source.

    That is its ink: archives number their writers each for itself. Strokes are drawn when asked
    for, which takes long, and the names of their writers hold everywhere.
    """
    drawn = len(pool) > 0 and pool[0].ink is None
    for position in positions:
        ink = None if drawn else pool[position].ink
        yield pool.infos[position].identity if ink is None else (ink.shape, ink.tobytes())


def of_one_writing(sources: SplitSources, key: str) -> dict[str, int]:
    """Return the classes that a divided source cannot have on both sides, and their images.

    All its images of such a class have one identity, as printed numerals of one font do.
    """
    pool = sources.pools[key]
    both = all(key in sources.resolved.sources(split) for split in SPLITS)
    if isinstance(pool, GlyphPool) or not both:
        return {}
    identities: dict[str, set[str]] = defaultdict(set)
    for info in pool.infos:
        identities[info.numeral].add(info.identity)
    images = Counter(info.numeral for info in pool.infos)
    return {c: images[c] for c in CLASSES if images[c] > 1 and len(identities[c]) == 1}


def one_writing_in_words(key: str, images: Mapping[str, int]) -> str:
    """Return why a source cannot have some classes on both sides, and what to do."""
    classes = ", ".join(f"{numeral!r} ({count})" for numeral, count in images.items())
    return (
        f"source {key}: all its images of {classes} are near-duplicates of one another, and "
        "near-duplicates stay on one side of the split; add other writings of the class, or take "
        "val from elsewhere (--val-from, --val-dir)"
    )


def by_class(infos: Sequence[NumeralInfo], positions: Iterable[int]) -> dict[str, list[int]]:
    """Return the positions of finished images, per class."""
    found: dict[str, list[int]] = {numeral: [] for numeral in CLASSES}
    for position in positions:
        found[infos[position].numeral].append(position)
    return found


def writer_index(key: str, pool: GlyphPool, pool_split: PoolSplit, split: Split) -> WriterIndex:
    """Return the glyphs of one side by writer; every class can be written with them.

    Raises:
        SplitError: no writer has every letter of a class; the message says which and how many.
    """
    side = WriterIndex(pool.infos, pool_split.sides[split])
    for numeral in CLASSES:
        if not side.styles[numeral]:
            raise SplitError(_too_few(key, pool, numeral, split, pool_split.dropped))
    return side


def _too_few(key: str, pool: GlyphPool, numeral: str, split: Split, dropped: int) -> str:
    """Say which letters are too few for a side."""
    everyone = WriterIndex(pool.infos, range(len(pool)))
    letters = {
        letter: len({info.identity for info in pool.infos if info.letter == letter})
        for letter in sorted(set(numeral))
    }
    have = ", ".join(f"{count} with {letter!r}" for letter, count in letters.items())
    together = max(
        (len(everyone.writers(numeral, style)) for style in everyone.styles[numeral]), default=0
    )
    who = "writers" if any(info.writer for info in pool.infos) else "glyphs"
    lost = f" ({dropped:,} letters left out, val has the same or their writers')" if dropped else ""
    return (
        f"source {key} has too few letters for {numeral!r} in {split}: of its {who} {have}, "
        f"{together} with all of one case{lost}; train and val need at least one each. "
        "Use a larger source, or take val from elsewhere (--val-from, --val-dir)"
    )


def _divide_images(
    infos: Sequence[NumeralInfo], val_fraction: float, rng: np.random.Generator
) -> dict[Split, list[int]]:
    """Give val about `val_fraction` of the images of each class, one identity after the other.

    Identities are drawn in the order of their names, which are hashes: so neither the names of
    files nor the order of a listing matters. An identity with more images than val has room for
    stays in train, except where val would have none of a class.
    """
    positions: dict[str, list[int]] = defaultdict(list)
    for position, info in enumerate(infos):
        positions[info.identity].append(position)
    held = {name: Counter(infos[k].numeral for k in found) for name, found in positions.items()}
    total = Counter(info.numeral for info in infos)
    free = {
        numeral: min(max(round(count * val_fraction), 1), count - 1)
        for numeral, count in total.items()
    }
    names = sorted(positions)
    in_val: set[str] = set()
    for name in (names[k] for k in rng.permutation(len(names))):
        if all(count <= free[numeral] for numeral, count in held[name].items()):
            in_val.add(name)
            for numeral, count in held[name].items():
                free[numeral] -= count
    for numeral in total:
        if not any(numeral in held[name] for name in in_val):
            in_val.update(_smallest_to_spare(numeral, held, in_val))
    return {
        "train": [k for k, info in enumerate(infos) if info.identity not in in_val],
        "val": [k for k, info in enumerate(infos) if info.identity in in_val],
    }


def _smallest_to_spare(
    numeral: str, held: Mapping[str, Counter[str]], in_val: Set[str]
) -> Sequence[str]:
    """Return the smallest identity with images of a class that train can spare, if there is one."""
    train = sum((held[name] for name in held if name not in in_val), Counter[str]())
    spare = [
        name
        for name in sorted(held)
        if numeral in held[name]
        and name not in in_val
        and all(train[other] > count for other, count in held[name].items())
    ]
    return sorted(spare, key=lambda name: held[name].total())[:1]


def _divide(
    infos: Sequence[Info],
    identity: Callable[[Info], str],
    content: Callable[[Info], Hashable],
    val_fraction: float,
    rng: np.random.Generator,
) -> dict[Split, list[int]]:
    positions: dict[str, list[int]] = defaultdict(list)
    contents: dict[str, set[Hashable]] = defaultdict(set)
    for position, info in enumerate(infos):
        positions[identity(info)].append(position)
        contents[identity(info)].add(content(info))
    groups: dict[frozenset[Hashable], list[str]] = defaultdict(list)
    for name, held in contents.items():
        groups[frozenset(held)].append(name)
    sides: dict[Split, list[int]] = {"train": [], "val": []}
    for members in groups.values():
        shuffled = [members[k] for k in rng.permutation(len(members))]
        val_count = min(max(round(len(members) * val_fraction), 1), len(members) - 1)
        for rank, name in enumerate(shuffled):
            sides["val" if rank < val_count else "train"] += positions[name]
    return sides
