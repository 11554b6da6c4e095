"""Which letter or image may serve which side: pools are divided by identity, before composing.

Enters: a resolved recipe and its opened pools. Leaves: `SplitSources`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np

from datagen.core.errors import SplitError
from datagen.core.glyphs import GlyphPool, NumeralInfo, NumeralPool
from datagen.core.numerals import CLASSES, PARTS, Split
from datagen.planning.divide_images import divide_images
from datagen.planning.resolve import ResolvedRecipe
from datagen.planning.writer_index import WriterIndex

Info = TypeVar("Info")
Pool = GlyphPool | NumeralPool
Sides = Mapping[Split, Sequence[int]]
"""Positions in a pool that each part may use."""

_LATER: Final[Mapping[Split, tuple[Split, ...]]] = {"train": ("val", "test"), "val": ("test",)}
"""What keeps a letter or image that two pools have: the later part, the smaller one."""


@dataclass(frozen=True, slots=True)
class PoolSplit:
    """One pool divided.

    Attributes:
        sides: per part, the positions in the pool that it may use.
        dropped: letters or images left out of train because another pool has them in val or test.
        dropped_val: letters or images left out of val because another pool has them in test.
    """

    sides: Sides
    dropped: int = 0
    dropped_val: int = 0


@dataclass(frozen=True, slots=True)
class SplitSources:
    """The sources of a recipe, opened and divided between train, val and test.

    Attributes:
        resolved: the recipe.
        pools: per source key.
        splits: per source key, which part of its pool stands on which side.
    """

    resolved: ResolvedRecipe
    pools: Mapping[str, Pool] = field(repr=False, compare=False)  # loaders know no equality
    splits: Mapping[str, PoolSplit]
    _writers: dict[tuple[str, Split], WriterIndex] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def writers(self, key: str, split: Split) -> WriterIndex:
        """Return the letters of one part of a source by writer; each can write every class.

        Raises:
            SplitError: the source is of finished images, or no writer has every letter of a class;
                the message says which and how many.
        """
        if (key, split) not in self._writers:
            pool = self.pools[key]
            if not isinstance(pool, GlyphPool):
                raise SplitError(f"source {key} has finished images, which nobody writes")
            self._writers[key, split] = writer_index(key, pool, self.splits[key], split)
        return self._writers[key, split]


def split_sources(resolved: ResolvedRecipe, pools: Mapping[str, Pool]) -> SplitSources:
    """Decide which images or letters of every pool stand where; the same for the same recipe.

    A pool that serves several parts is divided by identity, any other goes to its part whole.

    Args:
        resolved: the recipe.
        pools: one per key of `resolved.ingredients`, in that order.
    """
    splits = {}
    for k, (key, pool) in enumerate(pools.items()):
        parts = resolved.serves(key)
        if len(parts) > 1:
            # three numbers in the key: never an item's own seed
            seed = np.random.SeedSequence(resolved.recipe.seed, spawn_key=(k, 0, 0))
            held_out = resolved.held_out(parts)
            splits[key] = divide(pool, held_out, np.random.default_rng(seed), rest=parts[0])
        else:
            splits[key] = whole(pool, parts[0])
    return SplitSources(resolved, pools, without_shared(pools, splits))


def divide(
    pool: Pool,
    held_out: Mapping[Split, float],
    rng: np.random.Generator,
    *,
    rest: Split = "train",
) -> PoolSplit:
    """Divide a pool by identity: about those fractions of the identities go to `held_out`.

    Writers are grouped by the letters and cases they wrote and each group is divided, so that
    every part can write the same things; a group of one goes to the rest, one of two to the rest
    and the first part. Images: see `divide_images`.

    Args:
        pool: letters or finished images.
        held_out: fraction of each part but one, in the order in which they choose.
        rng: draws the identities.
        rest: the part that gets all others.
    """
    if isinstance(pool, GlyphPool):
        found = _divide(
            pool.infos,
            lambda info: info.identity,
            lambda info: (info.letter, info.case),
            held_out,
            rng,
            rest,
        )
    else:
        found = divide_images(pool.infos, held_out, rng, rest)
    return PoolSplit({part: found.get(part, ()) for part in PARTS})


def whole(pool: Pool, split: Split) -> PoolSplit:
    """Give a pool to one part entirely."""
    return PoolSplit({side: range(len(pool)) if side == split else () for side in PARTS})


def without_shared(
    pools: Mapping[str, Pool], pool_splits: Mapping[str, PoolSplit]
) -> dict[str, PoolSplit]:
    """Take out of train what is in val or test too, and out of val what is in test.

    Whichever pool it comes from: pixel-identical images have one identity. Of letters, two pools
    may hold the same where one source is used twice, with other options or from another place. The
    later part keeps them: it is the smaller one, and often a folder that is to be taken as it is.
    """
    finished = {key: pool for key, pool in pools.items() if isinstance(pool, NumeralPool)}
    stands_in = {
        part: {
            finished[key].infos[position].identity
            for key in finished
            for position in pool_splits[key].sides[part]
        }
        for part in PARTS
    }
    cleaned = dict(pool_splits)
    for key, pool in finished.items():
        later = {part: set().union(*(stands_in[p] for p in _LATER[part])) for part in _LATER}
        cleaned[key] = _without(pool_splits[key], pool, later)
    letters = {key: pool for key, pool in pools.items() if isinstance(pool, GlyphPool)}
    for key, one in letters.items():
        others = [
            (other, pool_splits[name])
            for name, other in letters.items()
            if name != key and other.source == one.source
        ]
        known = {part: _known_writers(one, pool_splits[key], others, part) for part in _LATER}
        cleaned[key] = _without(pool_splits[key], one, known)
    return cleaned


def _without(pool_split: PoolSplit, pool: Pool, gone: Mapping[Split, Set[str]]) -> PoolSplit:
    """Take identities out of the parts that lose them."""
    sides = dict(pool_split.sides)
    for part, names in gone.items():
        if names:
            sides[part] = [k for k in sides[part] if pool.infos[k].identity not in names]
    lost = {part: len(pool_split.sides[part]) - len(sides[part]) for part in gone}
    return PoolSplit(sides, dropped=lost["train"], dropped_val=lost["val"])


def _known_writers(
    pool: GlyphPool,
    pool_split: PoolSplit,
    others: Sequence[tuple[GlyphPool, PoolSplit]],
    part: Split,
) -> set[str]:
    """Return every writer in one part with a letter that is in a later part of `others`."""
    own = pool_split.sides[part]
    later = {
        letter
        for other, divided in others
        for other_part in _LATER[part]
        for letter in _letters(other, divided.sides[other_part] if own else ())
    }
    if not later:
        return set()
    return {
        pool.infos[position].identity
        for position, letter in zip(own, _letters(pool, own), strict=True)
        if letter in later
    }


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
    """Return the classes that a divided source cannot have in all its parts, and their images.

    All its images of such a class have one identity, as printed numerals of one font do; or two,
    where there are three parts.
    """
    pool, parts = sources.pools[key], len(sources.resolved.serves(key))
    if isinstance(pool, GlyphPool) or parts < 2:
        return {}
    identities: dict[str, set[str]] = defaultdict(set)
    for info in pool.infos:
        identities[info.numeral].add(info.identity)
    images = Counter(info.numeral for info in pool.infos)
    return {c: images[c] for c in CLASSES if len(identities[c]) < min(parts, images[c])}


def one_writing_in_words(sources: SplitSources, key: str, images: Mapping[str, int]) -> str:
    """Return why a source cannot have some classes in all its parts, and what to do."""
    classes = ", ".join(f"{numeral!r} ({count})" for numeral, count in images.items())
    parts = sources.resolved.serves(key)
    if len(parts) > 2:
        return (
            f"source {key}: its images of {classes} are near-duplicates of one another, fewer than "
            "three writings, and near-duplicates stay in one part; add other writings of the "
            "class, or take val or test from elsewhere (val.folder, test.folder)"
        )
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
            raise SplitError(_too_few(key, pool, numeral, split, pool_split))
    return side


def _too_few(key: str, pool: GlyphPool, numeral: str, split: Split, pool_split: PoolSplit) -> str:
    """Say which letters are too few for a part."""
    dropped = pool_split.dropped
    parts = "train, val and test" if pool_split.sides.get("test") else "train and val"
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
        f"{together} with all of one case{lost}; {parts} need at least one each. "
        "Use a larger source, or take val from elsewhere (--val-from, --val-dir)"
    )


def _divide(
    infos: Sequence[Info],
    identity: Callable[[Info], str],
    content: Callable[[Info], Hashable],
    held_out: Mapping[Split, float],
    rng: np.random.Generator,
    rest: Split,
) -> dict[Split, list[int]]:
    positions: dict[str, list[int]] = defaultdict(list)
    contents: dict[str, set[Hashable]] = defaultdict(set)
    for position, info in enumerate(infos):
        positions[identity(info)].append(position)
        contents[identity(info)].add(content(info))
    groups: dict[frozenset[Hashable], list[str]] = defaultdict(list)
    for name, held in contents.items():
        groups[frozenset(held)].append(name)
    sides: dict[Split, list[int]] = {part: [] for part in (rest, *held_out)}
    for members in groups.values():
        shuffled = [members[k] for k in rng.permutation(len(members))]
        for part, fraction in held_out.items():
            number = min(max(round(len(members) * fraction), 1), len(shuffled) - 1)
            for name in shuffled[:number]:
                sides[part] += positions[name]
            shuffled = shuffled[number:]
        for name in shuffled:
            sides[rest] += positions[name]
    return sides
