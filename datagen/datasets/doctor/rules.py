"""The rules of a dataset as a whole: its budget, its records, no identity on both sides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from datagen.core.budget import ELIGIBLE_BUDGET, Count
from datagen.core.errors import InputError
from datagen.core.numerals import PARTS, Split
from datagen.datasets.class_counts import class_counts, total_count
from datagen.datasets.doctor.finding import Finding
from datagen.datasets.doctor.pictures import Picture
from datagen.datasets.format import (
    INFO,
    MANIFEST,
    TEST,
    DatasetInfo,
    ManifestEntry,
    fingerprint,
    manifest_if_any,
    read_info,
    read_manifest,
)

Key = TypeVar("Key")


def rule_findings(root: Path, pictures: Sequence[Picture]) -> Iterator[Finding]:
    """Yield what breaks the rules of a dataset; records that cannot be read are findings too.

    Args:
        root: the dataset's folder.
        pictures: of all files that the evaluator takes for images.
    """
    entries: list[ManifestEntry] = []
    info: DatasetInfo | None = None
    try:
        info = read_info(root) if (root / INFO).exists() else None
        entries = read_manifest(root) if (root / MANIFEST).exists() else []
    except InputError as error:
        name = MANIFEST if info else INFO
        yield Finding("record", "broken", name, str(error), "build it again, or remove the record")
    yield from broken_rules(pictures, entries, info)


def broken_rules(
    pictures: Sequence[Picture], entries: Sequence[ManifestEntry], info: DatasetInfo | None
) -> Iterator[Finding]:
    """Yield what breaks the rules of a dataset whose records are read.

    Args:
        pictures: of all files that the evaluator takes for images.
        entries: of its manifest; none where it has none.
        info: its `dataset.json`; None where it has none.
    """
    yield from budget_findings(pictures, info)
    yield from shared_findings(_shared(entries, info))
    if entries:
        yield from record_findings(pictures, entries)
    elif info is not None:
        yield from fingerprint_findings(pictures, info)


def manifest_of(root: Path) -> list[ManifestEntry]:
    """Return the entries of a manifest, none where there is none or it cannot be read."""
    try:
        return manifest_if_any(root)
    except InputError:
        return []  # `rule_findings` tells of it


def budget_findings(pictures: Sequence[Picture], info: DatasetInfo | None) -> Iterator[Finding]:
    """Yield a finding if there are more images than the budget."""
    count = total_count(class_counts((side(p), p.numeral) for p in pictures))
    problem = budget_problem(count, info.budget.limit if info else ELIGIBLE_BUDGET)
    if problem:
        yield Finding("budget", "broken", ".", problem, "remove images, or build fewer")


def budget_problem(count: Count, budget: int) -> str | None:
    """Return in a sentence that there are too many images, or None."""
    if count.within(budget):
        return None
    nearest = count.fitted(budget)
    hint = f"; remove {count.exact - nearest.exact:,}" if nearest else ""
    return f"{count}; the budget is {budget:,}{hint}"


def side(picture: Picture) -> Split:
    """Return the part of the dataset that a picture stands in."""
    return next((part for part in PARTS if part == picture.part), "train")


def shared_findings(shared: Mapping[str, Sequence[Split]]) -> Iterator[Finding]:
    """Yield a finding for each identity that stands in several parts."""
    for name, parts in shared.items():
        message = f"{name} stands in {' and in '.join(parts)}"
        yield Finding("shared-identity", "broken", MANIFEST, message, "build it again")


def fingerprint_findings(pictures: Sequence[Picture], info: DatasetInfo) -> Iterator[Finding]:
    """Yield a finding if the files are not those that `dataset.json` tells of."""
    problem = fingerprint_problem(content_of(pictures), info)
    if problem:
        yield Finding("record", "broken", INFO, problem, "build it again, or remove the record")


def fingerprint_problem(content: str, info: DatasetInfo) -> str | None:
    """Return in a sentence that `dataset.json` tells of other files, or None."""
    if info.fingerprint == content:
        return None
    return f"the files' fingerprint is {content[:16]}, {INFO} says {info.fingerprint[:16]}"


def content_of(pictures: Iterable[Picture]) -> str:
    """Return the fingerprint of a dataset's pictures, those of test left out."""
    return fingerprint((p.part, p.numeral, p.sha256) for p in pictures if p.part != TEST)


def shared_identities(
    entries: Sequence[ManifestEntry], info: DatasetInfo | None
) -> tuple[str, ...]:
    """Name every glyph, writer's letters and parent that stand in two parts or more.

    A source that is used under two keys, with other options, still has the same writers.
    """
    return tuple(_shared(entries, info))


def _shared(
    entries: Sequence[ManifestEntry], info: DatasetInfo | None
) -> dict[str, tuple[Split, ...]]:
    """Return the names of what stands in several parts, sorted → these parts."""
    first: dict[tuple[str, str | None], str] = {}
    known_as = {
        used.key: first.setdefault((used.source, used.path), used.key)
        for used in (info.sources if info else ())
    }
    sides: dict[str, set[Split]] = defaultdict(set)
    for entry in entries:
        for kind, names in (
            ("glyph", entry.glyphs),
            ("writer", entry.writers),
            ("parent", (entry.parent,) if entry.parent else ()),
        ):
            for name in names:
                key = f"{kind} {name} of {known_as.get(entry.source, entry.source)}"
                sides[key].add(entry.split)
    return {
        name: tuple(part for part in PARTS if part in sides[name])
        for name in sorted(sides)
        if len(sides[name]) > 1
    }


def against_manifest(
    pictures: Iterable[Picture], entries: Sequence[ManifestEntry]
) -> Mapping[str, list[str]]:
    """Return what is wrong → the paths for which the files and the manifest differ so."""
    found = {picture.name: picture.sha256 for picture in pictures}
    listed = {entry.path: entry.sha256 for entry in entries}
    return {
        "missing, but in the manifest": sorted(listed.keys() - found.keys()),
        "not in the manifest": sorted(found.keys() - listed.keys()),
        "changed since the manifest was written": sorted(
            path for path in found.keys() & listed.keys() if found[path] != listed[path]
        ),
        "of another split or class by the manifest": sorted(
            e.path for e in entries if not e.path.startswith(f"{e.split}/{e.numeral}/")
        ),
    }


def record_findings(
    pictures: Iterable[Picture], entries: Sequence[ManifestEntry]
) -> Iterator[Finding]:
    """Yield a finding for each file that is not as the manifest says."""
    for what, paths in against_manifest(pictures, entries).items():
        for path in paths:
            yield Finding("record", "broken", path, f"is {what}", "build the dataset again")
