"""What the page is told of each image: what an audit found, or only where it lies.

Enters: a folder of class folders, an audit of it or none. Leaves: one `Suspect` for each file's
content and class, the most urgent first.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import pstdev
from typing import Any, Final

from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.numerals import CLASSES
from datagen.curation.audit.record import AuditImage
from datagen.datasets.format import MANIFEST, read_manifest
from datagen.files.class_folders import list_numerals
from datagen.files.hashing import file_hash, hash_files
from datagen.sources.images.review import LabelCorrection

Decisions = Mapping[str, LabelCorrection]
"""SHA-256 of a file's bytes → what was decided."""

_DIGITS: Final = 4  # of numbers that the page gets


@dataclass(frozen=True, slots=True)
class Suspect:
    """One image to be looked at.

    Attributes:
        path: below the folder, with `/`; of equal files in one class the first.
        sha256: of the file's bytes: what a decision is about.
        numeral: its class as given.
        source: which part of the collection it is from; "" where there is only one.
        found: what the audit says of it; None where it was not audited.
        copies: paths of equal files in the same class.
        elsewhere: other classes that an equal file lies under.
        alike: paths of the images most like it, by the audit.
    """

    path: str
    sha256: str
    numeral: str
    source: str = ""
    found: AuditImage | None = None
    copies: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()


def listing(root: Path) -> dict[str, tuple[str, str]]:
    """Return path below a folder → class and SHA-256 of every image file.

    Raises:
        MissingInputError: no folder, or no image in its class folders.
        CorruptInputError: a folder that is no class, or a file that cannot be read.
    """
    names = list_numerals(root, partial=True, test=True)
    found: dict[str, tuple[str, str]] = {}
    for name, value in hash_files(root, list(names), "bytes", file_hash).items():
        if isinstance(value, CorruptInputError):
            raise value
        found[name] = (names[name], value)
    return found


def fits(listed: Mapping[str, tuple[str, str]], audit: Sequence[AuditImage]) -> bool:
    """Return whether an audit is of this folder: of most of its images as they are now."""
    known = {(image.path, image.sha256) for image in audit}
    same = sum((name, sha256) in known for name, (_, sha256) in listed.items())
    return 2 * same > len(listed)


def require_fit(
    file: Path, root: Path, listed: Mapping[str, tuple[str, str]], audit: Sequence[AuditImage]
) -> None:
    """Refuse an audit of another folder.

    Raises:
        MissingInputError: it knows less than half of the folder's images.
    """
    if not fits(listed, audit):
        raise MissingInputError(
            f"{file} is the audit of another folder: it knows few of the {len(listed):,} images in "
            f"{root}; make one with `datagen audit`, or leave out --audit"
        )


def suspects(
    root: Path, listed: Mapping[str, tuple[str, str]], audit: Iterable[AuditImage] = ()
) -> tuple[Suspect, ...]:
    """Return every image, the most urgent first; without an audit in the folder's order.

    Args:
        root: the folder.
        listed: as `listing` returns it.
        audit: what was found; what it says of files that are no longer there is passed over.
    """
    known = {(image.path, image.sha256): image for image in audit}
    sources = _sources(root, listed)
    first: dict[tuple[str, str], Suspect] = {}
    for path, (numeral, sha256) in listed.items():
        found = known.get((path, sha256))
        own = first.get((sha256, numeral))
        if own is not None:
            first[sha256, numeral] = replace(own, copies=(*own.copies, path))
            continue
        first[sha256, numeral] = Suspect(path, sha256, numeral, sources.get(path, ""), found)
    classes: dict[str, list[str]] = {}
    for sha256, numeral in first:
        classes.setdefault(sha256, []).append(numeral)
    whole = [
        replace(one, elsewhere=tuple(c for c in classes[one.sha256] if c != one.numeral))
        for one in first.values()
    ]
    return tuple(_in_order(_with_neighbours(whole)))


def _with_neighbours(images: Sequence[Suspect]) -> list[Suspect]:
    """Return the images, each with those of its look-alikes that are on the page."""
    known = {image.path for image in images}
    return [
        image
        if image.found is None
        else replace(image, alike=tuple(path for path in image.found.alike if path in known))
        for image in images
    ]


def urgency(found: AuditImage | None, spread: float) -> float:
    """Return by what an image is ranked: suspicion × value, 0 … 1.

    What an image is worth to the score is an estimate with much noise. It counts as the chance
    that the image harms, ½ where it is worth nothing or was not estimated: suspicion alone ranks
    images of equal worth.

    Args:
        found: what the audit says; None ranks last.
        spread: standard deviation of the values of all images; 0 where there are none.
    """
    if found is None:
        return 0.0
    if found.value is None or spread <= 0:
        return found.suspicion / 2
    return found.suspicion / (1 + math.exp(min(50.0, found.value / spread)))


def _in_order(images: Sequence[Suspect]) -> list[Suspect]:
    spread = value_spread(images)

    def key(image: Suspect) -> tuple[float, int]:
        found = image.found
        return -urgency(found, spread), found.rank if found is not None else len(images) + 1

    return sorted(images, key=key)  # stable: what was not audited stays in the folder's order


def value_spread(images: Iterable[Suspect]) -> float:
    """Return the standard deviation of what the images are worth, 0 where nobody knows."""
    values = [i.found.value for i in images if i.found is not None and i.found.value is not None]
    return pstdev(values) if len(values) > 1 else 0.0


def _sources(root: Path, listed: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the source of each image: by the manifest, else its part of a split folder."""
    if (root / MANIFEST).is_file():
        try:
            return {entry.path: entry.source for entry in read_manifest(root)}
        except CorruptInputError:  # the images can be reviewed all the same
            pass
    parts = {name: name.split("/")[0] for name in listed}
    return {name: part for name, part in parts.items() if part not in CLASSES}


def plain_suspects(images: Sequence[Suspect]) -> list[dict[str, Any]]:
    """Return the images as the page reads them: plain JSON."""
    spread = value_spread(images)
    return [_plain(image, spread) for image in images]


def _plain(image: Suspect, spread: float) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": image.sha256,
        "path": image.path,
        "class": image.numeral,
        "source": image.source,
        "copies": len(image.copies),
        "elsewhere": image.elsewhere,
    }
    found = image.found
    if found is None:
        return plain
    plain |= {
        "rank": found.rank,
        "suspicion": round(found.suspicion, _DIGITS),
        "urgency": round(urgency(found, spread), _DIGITS),
        "suggestion": found.suggestion,
        "likelier": found.likelier,
        "why": found.reason,
        "probabilities": [round(p, _DIGITS) for p in found.probabilities],
        "signals": {name: round(value, _DIGITS) for name, value in found.signals.items()},
        "style": found.style,
    }
    if found.value is not None:
        ends = (found.value, found.value_low, found.value_high)
        plain["value"] = [None if end is None else round(end, 6) for end in ends]
    return plain
