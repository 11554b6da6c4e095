"""Findings about pictures of a test set, as `datagen.datasets.leakage` knows them."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from datagen.datasets.compared_pictures import Held
from datagen.datasets.content import Content
from datagen.datasets.doctor.finding import Finding, few
from datagen.datasets.doctor.layout import look
from datagen.datasets.doctor.pictures import Picture, measure
from datagen.datasets.format import TEST, fingerprint
from datagen.datasets.leakage import find_leaks
from datagen.datasets.parents import parents_of

_TODO = "remove it: a score on that test would count pictures that were trained on"


def leak_findings(
    root: Path, pictures: Sequence[Picture], test: Path, *, near_duplicates: bool
) -> Iterator[Finding]:
    """Yield the pictures that a test set holds too, that come from one in it, or that look alike.

    Args:
        root: the folder.
        pictures: its images.
        test: class folders of a test set.
        near_duplicates: look for them too.

    Raises:
        MissingInputError: there is no such test set.
    """
    known, given = _content(root, pictures), _content(test, measure(test, look(test).images))
    held, parents = Held(known), parents_of(root)
    leaks = find_leaks(held, parents, given, test, near=near_duplicates, near_limit=math.inf)
    named: dict[str, list[str]] = {}
    for name, digest in given.paths.items():
        named.setdefault(digest, []).append(name)
    for name, (kind, digests) in leaks.ours.items():
        names = tuple(each for digest in digests for each in named[digest])
        if kind == "near-duplicate":
            yield Finding(
                "near-test",
                "warning",
                name,
                f"shows the same writing as {names[0]} of {test}",
                "look at both, and remove it if it is one writing",
                names[:1],
            )
            continue
        says = "is a picture" if kind == "same picture" else "was made from a picture"
        message = f"{says} of {test}: {few(names)}"
        yield Finding("in-test", "broken", name, message, _TODO, names)


def _content(root: Path, pictures: Sequence[Picture]) -> Content:
    """Return the images that can be read as leaks are looked for in them."""
    # the dataset's own test part is not learnt from
    read = [p for p in pictures if p.unusable is None and p.part != TEST]
    rows = tuple((picture.part or "train", picture.numeral, picture.sha256) for picture in read)
    return Content(
        fingerprint=fingerprint(rows),
        files={picture.sha256: root / picture.name for picture in read},
        rows=rows,
        paths={picture.name: picture.sha256 for picture in read},
    )
