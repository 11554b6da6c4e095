"""Does a dataset keep its rules? Counts, budget, duplicates, leakage, integrity."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from datagen.core.budget import ELIGIBLE_BUDGET, Count
from datagen.core.numerals import Split
from datagen.datasets.class_counts import ClassCounts, class_counts, empty_classes, total_count
from datagen.datasets.format import (
    INFO,
    MANIFEST,
    DatasetInfo,
    ManifestEntry,
    fingerprint,
    image_files,
    read_info,
    read_manifest,
)
from datagen.files.decode import decode_as_evaluator

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
    counts: ClassCounts
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
        MissingInputError: there is no dataset.
        CorruptInputError: a file cannot be read as an image; the message names it.
    """
    files = _read(root)
    has_manifest = (root / MANIFEST).is_file()
    entries = read_manifest(root) if has_manifest else []
    info = read_info(root) if (root / INFO).is_file() else None
    budget = info.budget.limit if info else ELIGIBLE_BUDGET
    content = fingerprint((f.split, f.numeral, f.sha256) for f in files)
    counts = class_counts((file.split, file.numeral) for file in files)
    count = total_count(counts)
    sides = _sides((file.pixels, file.split) for file in files)
    duplicates = sum(n - 1 for n in Counter((f.split, f.pixels) for f in files).values())
    leaked = sum(len(found) > 1 for found in sides.values())
    shared = _shared_identities(entries, info)
    integrity = _integrity_problems(files, entries) if has_manifest else []
    return Inspection(
        path=root,
        fingerprint=content,
        count=count,
        counts=counts,
        styles=Counter(entry.style for entry in entries),
        sources=Counter(entry.source for entry in entries),
        budget=budget,
        duplicates=duplicates,
        leaked=leaked,
        shared=shared,
        has_manifest=has_manifest,
        problems=tuple(
            _budget_problems(count, budget)
            + _empty_problems(counts)
            + _leak_problems(leaked, shared)
            + (integrity or _record_problems(info, content))
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
    image = decode_as_evaluator(content, str(path))
    pixels = hashlib.sha256(np.array(image.shape).tobytes())
    pixels.update(image.data)
    return hashlib.sha256(content).hexdigest(), pixels.hexdigest()


def _sides(pairs: Iterable[tuple[Key, Split]]) -> dict[Key, set[Split]]:
    sides: dict[Key, set[Split]] = defaultdict(set)
    for key, split in pairs:
        sides[key].add(split)
    return sides


def _shared_identities(
    entries: Sequence[ManifestEntry], info: DatasetInfo | None
) -> tuple[str, ...]:
    """Name every glyph, writer's letters and parent that stand on both sides.

    A source that is used under two keys, with other options, still has the same writers.
    """
    first: dict[tuple[str, str | None], str] = {}
    known_as = {
        used.key: first.setdefault((used.source, used.path), used.key)
        for used in (info.sources if info else ())
    }
    named = [
        (f"{kind} {name} of {known_as.get(entry.source, entry.source)}", entry.split)
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


def _empty_problems(counts: ClassCounts) -> list[str]:
    """Say what the evaluator refuses: a class without training images, a val without any."""
    empty = [place for place in empty_classes(counts) if place.startswith("train/")]
    problems = [f"no image in {', '.join(empty)}"] if empty else []
    return problems if any(counts["val"].values()) else [*problems, "no image in val"]


def _leak_problems(leaked: int, shared: Sequence[str]) -> list[str]:
    problems = []
    if leaked:
        problems.append(f"{leaked} pictures stand in both train and val")
    if shared:
        more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
        problems.append(f"{shared[0]}{more} on both sides of the split")
    return problems


def _record_problems(info: DatasetInfo | None, content: str) -> list[str]:
    """Compare the files with `dataset.json`."""
    if info is None or info.fingerprint == content:
        return []
    return [f"the files' fingerprint is {content[:16]}, {INFO} says {info.fingerprint[:16]}"]


def _integrity_problems(files: Sequence[ImageFile], entries: Sequence[ManifestEntry]) -> list[str]:
    """Compare the files with the manifest."""
    found = {file.path: file.sha256 for file in files}
    listed = {entry.path: entry.sha256 for entry in entries}
    changed = sorted(p for p in found.keys() & listed.keys() if found[p] != listed[p])
    repeated = sorted(path for path, n in Counter(e.path for e in entries).items() if n > 1)
    elsewhere = sorted(e.path for e in entries if not e.path.startswith(f"{e.split}/{e.numeral}/"))
    groups = (
        ("missing, but in the manifest", sorted(listed.keys() - found.keys())),
        ("not in the manifest", sorted(found.keys() - listed.keys())),
        ("changed since the manifest was written", changed),
        ("more than once in the manifest", repeated),
        ("of another split or class by the manifest", elsewhere),
    )
    return [f"{len(paths)} files {what}, first {paths[0]}" for what, paths in groups if paths]
