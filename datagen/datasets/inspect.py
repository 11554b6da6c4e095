"""Does a dataset keep its rules? Counts, budget, duplicates, leakage, integrity."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.core.budget import ELIGIBLE_BUDGET, Count
from datagen.core.errors import CorruptInputError
from datagen.core.numerals import Split
from datagen.core.text import how_many
from datagen.datasets.class_counts import ClassCounts, class_counts, empty_classes, total_count
from datagen.datasets.doctor import rules
from datagen.datasets.doctor.copies import copy_findings
from datagen.datasets.doctor.finding import Finding, in_order
from datagen.datasets.doctor.folders import litter_findings
from datagen.datasets.doctor.images import image_findings, is_sound
from datagen.datasets.doctor.layout import Listed
from datagen.datasets.doctor.near import near_findings
from datagen.datasets.doctor.pictures import Picture, measure
from datagen.datasets.format import (
    MANIFEST,
    DatasetInfo,
    ManifestEntry,
    all_image_files,
    info_if_any,
    read_manifest,
)
from datagen.datasets.near_duplicates import near_duplicates


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a dataset's folder.

    Attributes:
        fingerprint: of what is there now in train and val.
        count: by both counts, and images of test.
        counts: images per part and class.
        styles, sources: images per case style and source, from the manifest; empty without one.
        budget: the limit that the dataset was built for; 10,000 without `dataset.json`.
        duplicates: pictures that occur more than once within a split, beyond the first.
        leaked: pictures that stand in two parts, as a rule train and val.
        shared: glyphs, writers and parents that stand in two parts, with their names.
        near_duplicates: images of val that have a near-duplicate in train, and of test in train or
            val, with the first of them: paths below the dataset.
        has_manifest: whether integrity could be checked.
        problems: sentences, one per broken rule; empty means clean.
        findings: each file with something wrong, the broken rules first; some break none.
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
    near_duplicates: tuple[tuple[str, str], ...]
    has_manifest: bool
    problems: tuple[str, ...]
    findings: tuple[Finding, ...]

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
    litter: list[Path] = []
    files = _read(root, litter)
    has_manifest = (root / MANIFEST).is_file()
    entries = read_manifest(root) if has_manifest else []
    info = info_if_any(root)
    budget = info.budget.limit if info else ELIGIBLE_BUDGET
    content = rules.content_of(files)
    counts = class_counts((rules.side(file), file.numeral) for file in files)
    count = total_count(counts)
    sides = _sides(files)
    duplicates = sum(n - 1 for n in Counter((f.part, f.seen) for f in files).values())
    leaked = sum(len(found) > 1 for found in sides.values())
    shared = rules.shared_identities(entries, info)
    alike = near_duplicates(root, {f.name: f.seen for f in files if is_sound(f)}, entries)
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
        near_duplicates=alike,
        has_manifest=has_manifest,
        problems=tuple(
            _budget_problems(count, budget)
            + _empty_problems(counts)
            + _leak_problems(leaked, shared, alike, three="test" in counts)
            + (integrity or _record_problems(info, content))
        ),
        findings=in_order(
            [*_findings(root, files, alike, litter), *rules.broken_rules(files, entries, info)]
        ),
    )


def _read(root: Path, litter: list[Path]) -> list[Picture]:
    """Read and measure every image.

    Raises:
        CorruptInputError: one cannot be read.
    """
    found = [
        Listed(split, numeral, path.relative_to(root).as_posix())
        for split, numeral, path in all_image_files(root, litter)
    ]
    pictures = measure(root, found)
    bad = [picture for picture in pictures if picture.refusal]
    if bad:
        what, todo = bad[0].refusal or ("", "")
        more = f"; `datagen doctor {root}` lists {len(bad) - 1} more" if len(bad) > 1 else ""
        raise CorruptInputError(f"{root / bad[0].name} {what}; {todo}{more}")
    return pictures


def _findings(
    root: Path,
    files: Sequence[Picture],
    alike: Sequence[tuple[str, str]],
    litter: Sequence[Path],
) -> Iterator[Finding]:
    yield from litter_findings(path.relative_to(root).as_posix() for path in litter)
    yield from image_findings(files, "dataset")
    yield from copy_findings(files)
    yield from near_findings(alike)


def _sides(files: Sequence[Picture]) -> dict[str, set[Split]]:
    sides: dict[str, set[Split]] = defaultdict(set)
    for file in files:
        sides[file.seen].add(rules.side(file))
    return sides


def _budget_problems(count: Count, budget: int) -> list[str]:
    problem = rules.budget_problem(count, budget)
    return [problem] if problem else []


def _empty_problems(counts: ClassCounts) -> list[str]:
    """Say what the evaluator refuses: a class without training images, a val without any."""
    empty = [place for place in empty_classes(counts) if place.startswith("train/")]
    problems = [f"no image in {', '.join(empty)}"] if empty else []
    return problems if any(counts["val"].values()) else [*problems, "no image in val"]


def _leak_problems(
    leaked: int, shared: Sequence[str], alike: Sequence[tuple[str, str]], *, three: bool
) -> list[str]:
    problems = []
    if leaked:
        where = "in more than one of train, val and test" if three else "in both train and val"
        problems.append(f"{how_many(leaked, 'picture')} {where}")
    if shared:
        more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
        where = "in more than one part" if three else "on both sides of the split"
        problems.append(f"{shared[0]}{more} {where}")
    if alike:
        where = (
            "val or test have a near-duplicate in another part"
            if three
            else ("val have a near-duplicate in train")
        )
        problems.append(
            f"{len(alike):,} pictures of {where}, first {alike[0][0]} and {alike[0][1]}"
        )
    return problems


def _record_problems(info: DatasetInfo | None, content: str) -> list[str]:
    """Compare the files with `dataset.json`."""
    problem = rules.fingerprint_problem(content, info) if info else None
    return [problem] if problem else []


def _integrity_problems(files: Sequence[Picture], entries: Sequence[ManifestEntry]) -> list[str]:
    """Compare the files with the manifest."""
    groups = rules.against_manifest(files, entries)
    return [
        f"{how_many(len(paths), 'file')} {what}, first {paths[0]}"
        for what, paths in groups.items()
        if paths
    ]
