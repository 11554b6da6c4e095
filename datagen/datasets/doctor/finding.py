"""What is found wrong: its kind, how bad it is, where, and what to do. No I/O."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

Severity = Literal["broken", "warning", "note"]
"""`broken`: a command refuses the folder, or a rule of datasets is broken. `warning`: training
would suffer from it. `note`: a hint, or what every command passes over anyway."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

KINDS: Final = {
    "unreadable": "files that cannot be read as images",
    "special-file": "neither files nor folders: pipes, devices, sockets",
    "link-to-nowhere": "broken links: their target does not exist",
    "link": "links",
    "not-unicode": "names that are not valid Unicode",
    "blank": "images without ink",
    "too-small": "images too small for a numeral",
    "polarity": "light ink on dark paper",
    "alpha": "transparency, which the evaluator ignores",
    "orientation": "rotated by EXIF, which the evaluator ignores",
    "depth": "16-bit images that use fewer bits; the evaluator takes the upper 8",
    "format": "formats that the evaluator cannot read",
    "unread-image": "images whose names the evaluator does not read",
    "no-image": "files that are not images",
    "outside": "images that are not in a class folder",
    "misspelt-class": "class folders with a misspelt name",
    "unknown-folder": "folders that are not a class",
    "empty-class": "classes without images",
    "missing-split": "train or val is missing",
    "litter": "left behind by systems and editors; every command skips them",
    "budget": "more images than the budget",
    "contradiction": "one picture under several classes",
    "in-both-splits": "one picture in more than one of train, val and test",
    "shared-identity": "one writer, glyph or parent in more than one part",
    "near-duplicate": "one writing in more than one part",
    "copy": "the same picture again",
    "in-test": "pictures of a test set",
    "near-test": "near-duplicates of a test set's pictures",
    "record": "files that differ from the dataset's records",
    "unlike-size": "sizes unlike the rest",
    "unlike-gray": "gray levels unlike the rest",
}
"""Kinds of findings, by the order in which they are listed, and what they are."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        kind: its stable name, one of `KINDS`.
        severity: how bad it is.
        path: below the folder, with `/`; "." is the folder itself.
        message: what is wrong with it.
        advice: what to do.
        others: paths that it has to do with, such as the file that it is a copy of.
    """

    kind: str
    severity: Severity
    path: str
    message: str
    advice: str
    others: tuple[str, ...] = ()


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings the worst first, then by kind and path."""
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    key = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return tuple(sorted(findings, key=lambda f: (key[f.severity], ranks[f.kind], f.path)))


def count_by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many there are of each severity, 0 included."""
    found = Counter(finding.severity for finding in findings)
    return {severity: found[severity] for severity in SEVERITIES}


def few(names: Iterable[str], limit: int = 3) -> str:
    """Return the first of some names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more
