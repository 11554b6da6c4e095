"""Findings about pictures of a test set."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from datagen.datasets.doctor.finding import Finding, few
from datagen.datasets.doctor.images import is_sound
from datagen.datasets.doctor.layout import look
from datagen.datasets.doctor.near import twins
from datagen.datasets.doctor.pictures import Picture, measure
from datagen.datasets.format import ManifestEntry

_TODO = "remove it: a score on that test would count what was learnt by heart"


def leak_findings(
    root: Path,
    pictures: Sequence[Picture],
    entries: Sequence[ManifestEntry],
    test: Path,
    *,
    near_duplicates: bool,
) -> Iterator[Finding]:
    """Yield the pictures that a test set holds too, that come from one in it, or that look alike.

    Args:
        root: the folder.
        pictures: its images.
        entries: of its manifest; none where it has none.
        test: class folders of a test set.
        near_duplicates: look for them too.

    Raises:
        MissingInputError: there is no such test set.
    """
    given = [p for p in measure(test, look(test).images) if p.unusable is None]
    known: dict[str, list[str]] = defaultdict(list)
    for picture in given:
        known[picture.seen].append(picture.name)
    parents = {entry.path: entry.parent_pixels for entry in entries if entry.parent_pixels}
    leaked = set()
    for picture in pictures:
        same = known.get(picture.seen) if picture.seen else None
        made = known.get(parents.get(picture.name, ""))
        if same or made:
            leaked.add(picture.name)
            names = tuple(same or made or ())
            says = "is a picture" if same else "was made from a picture"
            message = f"{says} of {test}: {few(names)}"
            yield Finding("in-test", "broken", picture.name, message, _TODO, names)
    if near_duplicates:
        ours = [p for p in pictures if is_sound(p) and p.name not in leaked]
        theirs = [p for p in given if is_sound(p)]
        for name, other in twins((root, ours), (test, theirs)):
            yield Finding(
                "near-test",
                "warning",
                name,
                f"shows the same writing as {other} of {test}",
                "look at both, and remove it if it is one writing",
                (other,),
            )
