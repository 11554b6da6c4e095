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
from datagen.images.near_duplicates import group

FORMAT: Final = 1
"""Raised whenever the same pictures get other groups, so that old files are never used."""

_MANY: Final = 1000  # pictures from which a person is told what takes so long

_log = logging.getLogger(__name__)


def group_names(pictures: Mapping[str, Callable[[], GrayImage]]) -> dict[str, str]:
    """Return for each picture the name of its group: the first name in it, by the alphabet.

    The groups depend on the pictures alone, not on their order.

    Args:
        pictures: name → loads the picture. Equal names must stand for equal pictures, whatever
            their files: a hash of the pixels.
    """
    names = sorted(pictures)
    memory = cache_folder() / "near-duplicates" / f"{cache_key([FORMAT, names])}.json"
    groups = read_cached(memory, lambda path: _read(path, names))
    if groups is None:
        if len(names) >= _MANY:
            _log.warning(
                "comparing %s pictures for near-duplicates, once; the cache remembers them",
                f"{len(names):,}",
            )
        groups = _group(names, pictures)
        found = groups
        write_cached(memory, lambda path: path.write_text(json.dumps(found), "utf-8"))
    first = {name: members[0] for members in groups for name in members}
    return {name: first.get(name, name) for name in pictures}


def _group(
    names: Sequence[str], pictures: Mapping[str, Callable[[], GrayImage]]
) -> list[list[str]]:
    """Return the groups of several pictures, their names sorted."""
    members: dict[int, list[str]] = {}
    labels = group(pictures[name]() for name in names)
    for name, label in zip(names, labels, strict=True):
        members.setdefault(label, []).append(name)
    return [found for found in members.values() if len(found) > 1]


def _read(memory: Path, names: Sequence[str]) -> list[list[str]]:
    """Return the groups of a cache file.

    Raises:
        ValueError: it does not hold groups of these pictures.
    """
    groups = json.loads(memory.read_text("utf-8"))
    if not isinstance(groups, list) or not all(isinstance(found, list) for found in groups):
        raise ValueError("not a list of groups")
    held = [name for found in groups for name in found]
    known = set(names)
    if any(not isinstance(name, str) or name not in known for name in held):
        raise ValueError("a picture of another collection")
    if len(held) != len(set(held)) or any(found != sorted(found) or not found for found in groups):
        raise ValueError("groups that overlap or are not sorted")
    return groups
