"""Findings about pictures of a test set."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from datagen.datasets.doctor.finding import Finding, few
from datagen.datasets.doctor.images import is_sound
from datagen.datasets.doctor.layout import look
from datagen.datasets.doctor.near import twins
from datagen.datasets.doctor.pictures import Picture, measure


def leak_findings(
    root: Path,
    pictures: Sequence[Picture],
    test: Path,
    *,
    near_duplicates: bool,
    tell: Callable[[int], None] = lambda _: None,
) -> Iterator[Finding]:
    """Yield the pictures that a test set holds too, equal or as a near-duplicate.

    Args:
        root: the folder.
        pictures: its images.
        test: class folders of a test set.
        near_duplicates: look for them too.
        tell: told how many pictures near-duplicates were looked for in.

    Raises:
        MissingInputError: there is no such test set.
    """
    given = measure(test, look(test).images)
    known: dict[str, list[str]] = defaultdict(list)
    for picture in given:
        if picture.unusable is None:
            known[picture.seen].append(picture.name)
    for picture in pictures:
        names = known.get(picture.seen) if picture.unusable is None else None
        if names:
            yield Finding(
                "in-test",
                "broken",
                picture.name,
                f"is a picture of {test}: {few(names)}",
                "remove it: a score on that test would count what was learnt by heart",
                tuple(names),
            )
    if near_duplicates:
        ours = [p for p in pictures if is_sound(p) and p.seen not in known]
        theirs = [p for p in given if is_sound(p)]
        for picture, others in twins((root, ours), (test, theirs), tell):
            yield Finding(
                "near-test",
                "warning",
                picture.name,
                f"shows the same writing as {few(others)} of {test}",
                "look at both, and remove it if it is one writing",
                others,
            )
