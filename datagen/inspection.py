"""Does a dataset keep its rules? Counts, budget, duplicates, leakage, integrity."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from datagen.budget import Count
from datagen.dataset import (
    INFO,
    MANIFEST,
    Entry,
    fingerprint,
    image_files,
    read_info,
    read_manifest,
)
from datagen.errors import CorruptInput
from datagen.numerals import CLASSES, SPLITS, Split
from datagen.recipe import ELIGIBLE_BUDGET

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image as found: where, and its two hashes."""

    split: Split
    numeral: str
    path: str
    sha256: str
    pixels: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a dataset's folder.

    Attributes:
        fingerprint: of what is there now.
        counts: images per split and class.
        styles, sources: images per case style and source, from the manifest; empty without one.
        budget: the limit that the dataset was built for; 10,000 without `dataset.json`.
        duplicates: pictures that occur more than once within a split, beyond the first.
        leaked: pictures that stand on both sides of the split.
        shared: glyphs, writers and parents that stand on both sides, with their names.
        has_manifest: whether integrity could be checked.
        problems: sentences, one per broken rule; empty means clean.
    """

    path: Path
    fingerprint: str
    count: Count
    counts: Mapping[Split, Mapping[str, int]]
    styles: Mapping[str, int]
    sources: Mapping[str, int]
    budget: int
    duplicates: int
    leaked: int
    shared: tuple[str, ...]
    has_manifest: bool
    problems: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether every rule is kept."""
        return not self.problems


def inspect(root: Path) -> Inspection:
    """Check a dataset, built by us or not: everything is recounted from its files.

    Raises:
        MissingInput: there is no dataset.
        CorruptInput: a file cannot be read as an image; the message names it.
    """
    files = _read(root)
    has_manifest = (root / MANIFEST).is_file()
    entries = read_manifest(root) if has_manifest else []
    budget = read_info(root).budget.limit if (root / INFO).is_file() else ELIGIBLE_BUDGET
    cells = Counter((file.split, file.numeral) for file in files)
    count = Count(*(sum(file.split == split for file in files) for split in SPLITS))
    sides = _sides((file.pixels, file.split) for file in files)
    duplicates = sum(n - 1 for n in Counter((f.split, f.pixels) for f in files).values())
    leaked = sum(len(found) > 1 for found in sides.values())
    shared = _shared_identities(entries)
    return Inspection(
        path=root,
        fingerprint=fingerprint((f.split, f.numeral, f.sha256) for f in files),
        count=count,
        counts={split: {c: cells[split, c] for c in CLASSES} for split in SPLITS},
        styles=Counter(entry.style for entry in entries),
        sources=Counter(entry.source for entry in entries),
        budget=budget,
        duplicates=duplicates,
        leaked=leaked,
        shared=shared,
        has_manifest=has_manifest,
        problems=tuple(
            _budget_problems(count, budget)
            + _empty_problems(cells)
            + _leak_problems(leaked, shared)
            + (_integrity_problems(files, entries) if has_manifest else [])
        ),
    )


def _read(root: Path) -> list[ImageFile]:
    """Read and hash every image, several at a time."""
    found = list(image_files(root))
    with ThreadPoolExecutor() as pool:
        hashes = pool.map(_hashes, [path for _, _, path in found])
        return [
            ImageFile(split, numeral, path.relative_to(root).as_posix(), sha256, pixels)
            for (split, numeral, path), (sha256, pixels) in zip(found, hashes, strict=True)
        ]


def _hashes(path: Path) -> tuple[str, str]:
    """Return the hashes of a file's bytes and of its decoded pixels."""
    content = path.read_bytes()
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if image is None:
        raise CorruptInput(
            f"{path} is no readable image ({len(content)} bytes); remove or replace it"
        )
    shape = np.array(image.shape).tobytes()
    return hashlib.sha256(content).hexdigest(), hashlib.sha256(shape + image.tobytes()).hexdigest()


def _sides(pairs: Iterable[tuple[Key, Split]]) -> dict[Key, set[Split]]:
    sides: dict[Key, set[Split]] = defaultdict(set)
    for key, split in pairs:
        sides[key].add(split)
    return sides


def _shared_identities(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Name every glyph, writer's letters and parent that stand on both sides."""
    named = [
        (f"{kind} {name} of {entry.source}", entry.split)
        for entry in entries
        for kind, names in (
            ("glyph", entry.glyphs),
            ("writer", entry.writers),
            ("parent", (entry.parent,) if entry.parent else ()),
        )
        for name in names
    ]
    return tuple(sorted(name for name, found in _sides(named).items() if len(found) > 1))


def _budget_problems(count: Count, budget: int) -> list[str]:
    if count.within(budget):
        return []
    nearest = count.fitted(budget)
    hint = f"; remove {count.exact - nearest.exact:,}" if nearest else ""
    return [f"{count}; the budget is {budget:,}{hint}"]


def _empty_problems(cells: Mapping[tuple[Split, str], int]) -> list[str]:
    empty = [f"{split}/{c}" for split in SPLITS for c in CLASSES if not cells.get((split, c))]
    return [f"no image in {', '.join(empty)}"] if empty else []


def _leak_problems(leaked: int, shared: Sequence[str]) -> list[str]:
    problems = []
    if leaked:
        problems.append(f"{leaked} pictures stand in both train and val")
    if shared:
        more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
        problems.append(f"{shared[0]}{more} on both sides of the split")
    return problems


def _integrity_problems(files: Sequence[ImageFile], entries: Sequence[Entry]) -> list[str]:
    """Compare the files with the manifest."""
    found = {file.path: file.sha256 for file in files}
    listed = {entry.path: entry.sha256 for entry in entries}
    changed = sorted(p for p in found.keys() & listed.keys() if found[p] != listed[p])
    groups = (
        ("missing, but in the manifest", sorted(listed.keys() - found.keys())),
        ("not in the manifest", sorted(found.keys() - listed.keys())),
        ("changed since the manifest was written", changed),
    )
    return [f"{len(paths)} files {what}, first {paths[0]}" for what, paths in groups if paths]
