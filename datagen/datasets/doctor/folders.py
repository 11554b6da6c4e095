"""Findings about folders and files by their names and kinds: no image is looked at."""

from collections import Counter
from collections.abc import Iterable, Iterator

from datagen.core.numerals import CLASSES, SPLITS
from datagen.core.text import is_unicode
from datagen.datasets.doctor.finding import Finding, Severity
from datagen.datasets.doctor.layout import FolderLayout
from datagen.files.class_folders import advice


def folder_findings(layout: FolderLayout) -> Iterator[Finding]:
    """Yield what is wrong with folders, and with files that are no images of a class."""
    yield from _strangers(layout)
    yield from _empty(layout)
    yield from _odd_files(layout)
    yield from litter_findings(layout.litter)
    for name in layout.outside:
        yield Finding(
            "outside",
            "warning",
            name,
            "lies in no class folder, so no command reads it",
            "move it into the folder of its class",
        )


def litter_findings(names: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for each of the files and folders that were passed over."""
    for name in names:
        yield Finding(
            "litter",
            "note",
            name,
            "left behind by a system or an editor",
            "delete it, or leave it: every command skips it",
        )


def _strangers(layout: FolderLayout) -> Iterator[Finding]:
    for name, numeral in layout.misspelt.items():
        yield Finding(
            "misspelt-class",
            "broken",
            name,
            f"is not one of the class folders; it means {numeral}",
            advice(layout.root / name),
        )
    for name in layout.unknown:
        yield Finding(
            "unknown-folder",
            "broken",
            name,
            f"is not one of the class folders {' '.join(CLASSES)}",
            advice(layout.root / name),
        )


def _empty(layout: FolderLayout) -> Iterator[Finding]:
    if layout.role != "dataset" and layout.parts[0]:
        (other,) = set(SPLITS) - {*layout.parts}
        yield Finding(
            "missing-split",
            "warning",
            other,
            f"there is {layout.parts[0]}/ with class folders, but no {other}/",
            "add it if this is to be a dataset; a source may have only one of them",
        )
    counts: Counter[tuple[str, str]] = Counter((f.part, f.numeral) for f in layout.images)
    others: Counter[tuple[str, str]] = Counter((f.part, f.numeral) for f in layout.others)
    for part in layout.parts:
        for numeral in CLASSES:
            if counts[part, numeral]:
                continue
            severity: Severity = (
                "warning"
                if part in ("val", "test") and any(counts[part, other] for other in CLASSES)
                else "broken"
            )
            yield Finding(
                "empty-class",
                severity,
                f"{part}/{numeral}" if part else numeral,
                "has no image" + (" that the evaluator reads" if others[part, numeral] else ""),
                "add images of this class",
            )


def _odd_files(layout: FolderLayout) -> Iterator[Finding]:
    for name, what in layout.special.items():
        yield Finding("special-file", "broken", name, f"is {what}, no file of pixels", "remove it")
    for name, target in layout.links.items():
        if target is None:
            yield Finding(
                "link-to-nowhere",
                "broken",
                name,
                "is a broken link: its target does not exist",
                "remove it, or restore its target",
            )
        else:
            followed = "not followed" if target.startswith("the folder") else "read as a file"
            yield Finding(
                "link",
                "note",
                name,
                f"is a link to {target}, {followed}",
                "replace it by a copy if you give the folder to others",
            )
    for listed in (*layout.images, *layout.others):
        if not is_unicode(listed.name):
            yield Finding(
                "not-unicode",
                "broken",
                listed.name,
                "has a name that is no Unicode, which no record can hold",
                "rename it",
            )
