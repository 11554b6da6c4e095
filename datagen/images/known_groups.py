"""Groups of near-duplicates, remembered by what the pictures hold, wherever they lie.

Enters: the names of pictures by their content, and how to load one. Leaves: the name of each one's
group. Grouping takes seconds per thousand pictures; the second time it is a file in the cache.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from datagen.core.arrays import GrayImage
from datagen.files.cache_dir import cache_folder, cache_key, read_cached, write_cached
from datagen.files.json_records import read_json
from datagen.images.near_duplicates import Sketches, between, group

FORMAT: Final = 1
"""Raised whenever the same pictures get other groups, so that old files are never used."""

Pictures = Mapping[str, Callable[[], GrayImage]]
"""What loads a picture, by a name that tells pictures apart by their content."""

_MANY: Final = 1000  # pictures from which a person is told what takes so long

_log = logging.getLogger(__name__)


def group_names(pictures: Pictures) -> dict[str, str]:
    """Return for each picture the name of its group: the first name in it, by the alphabet.

    The groups depend on the pictures alone, not on their order.

    Args:
        pictures: by name, which is to be equal for equal pictures alone: a hash of the pixels.
    """
    names = sorted(pictures)
    groups = _remembered("groups", [names], lambda: _groups(names, pictures))
    first = {name: members[0] for members in groups for name in members}
    return {name: first.get(name, name) for name in pictures}


def pairs_between(a: Pictures, b: Pictures) -> list[tuple[str, str]]:
    """Return which pictures of `a` have a near-duplicate in `b`, with the first of them, sorted.

    Args:
        a: as for `group_names`; the smaller collection, for the time goes with it.
        b: as for `group_names`.
    """
    ours, theirs = sorted(a), sorted(b)
    found = _remembered("pairs", [ours, theirs], lambda: _pairs(ours, a, theirs, b))
    return [(mine, yours) for mine, yours in found]


def _remembered(
    kind: str, collections: list[list[str]], work: Callable[[], list[list[str]]]
) -> list[list[str]]:
    """Return lists of names from the cache, else from `work`, and remember them."""
    key = cache_key([FORMAT, kind, *collections])
    memory = cache_folder() / "near-duplicates" / f"{key}.json"
    count = sum(map(len, collections))
    found = read_cached(memory, lambda path: _read(path, collections, pairs=kind == "pairs"))
    if found is None:
        if count >= _MANY:
            _log.warning(
                "comparing %s pictures for near-duplicates; the next run is faster", f"{count:,}"
            )
        made = found = work()
        write_cached(memory, lambda path: path.write_text(json.dumps(made), "utf-8"))
    return found


def _groups(names: Sequence[str], pictures: Pictures) -> list[list[str]]:
    """Return the groups of several pictures, their names sorted."""
    members: dict[int, list[str]] = {}
    labels = group(pictures[name]() for name in names)
    for name, label in zip(names, labels, strict=True):
        members.setdefault(label, []).append(name)
    return [found for found in members.values() if len(found) > 1]


def _pairs(ours: Sequence[str], a: Pictures, theirs: Sequence[str], b: Pictures) -> list[list[str]]:
    mine = Sketches.of(a[name]() for name in ours)
    pairs = between(mine, Sketches.of(b[name]() for name in theirs))
    first: dict[str, str] = {}
    for i, j in pairs:
        first.setdefault(ours[i], theirs[j])
    return [[mine, yours] for mine, yours in first.items()]


def _read(memory: Path, collections: list[list[str]], *, pairs: bool) -> list[list[str]]:
    """Return the lists of names in a cache file.

    Raises:
        CorruptInputError: it is not JSON.
        ValueError: it holds no groups, or no pairs, of these pictures.
    """
    found = read_json(memory)
    whole = isinstance(found, list) and all(isinstance(names, list) for names in found)
    if not whole or not all(isinstance(name, str) for names in found for name in names):
        raise ValueError("not a list of lists of names")
    if pairs:
        ours, theirs = (set(names) for names in collections)
        sound = all(len(p) == 2 and p[0] in ours and p[1] in theirs for p in found)
    else:
        held = [name for names in found for name in names]
        apart = len(held) == len(set(held)) and set(held) <= set(collections[0])
        sound = apart and all(len(names) > 1 and names == sorted(names) for names in found)
    if not sound:
        raise ValueError("names of other pictures, or out of order")
    return list(found)
