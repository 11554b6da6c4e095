"""Findings about near-duplicates: one writing twice, on both sides or in a test set too."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from datagen.core.evaluator_facts import SIDE
from datagen.core.evaluator_resize import evaluator_view
from datagen.datasets.doctor.finding import Finding
from datagen.datasets.doctor.pictures import Picture
from datagen.datasets.near_duplicates import loaders
from datagen.images.known_groups import pairs_between

Pictures = tuple[Path, Sequence[Picture]]
"""A folder and pictures of it that have ink."""


def near_findings(pairs: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Yield a finding for each image of val that has a near-duplicate in train.

    Args:
        pairs: as `datagen.datasets.near_duplicates` returns them.
    """
    for val, train in pairs:
        yield Finding(
            "near-duplicate",
            "broken",
            val,
            f"shows the same writing as {train}",
            "keep both on one side; `datagen holdout` divides so",
            (train,),
        )


def twins(ours: Pictures, theirs: Pictures) -> Iterator[tuple[str, str]]:
    """Yield the name of each of our pictures that has a near-duplicate among theirs, with its name.

    Pictures of a size that the evaluator uses have lost what larger ones show, so both are
    compared at that size then.
    """
    small = all((p.width, p.height) == (SIDE, SIDE) for p in ours[1])
    size = "small " if small else ""  # part of the names that the cache remembers them by
    names = {size + p.seen: p.name for p in ours[1]}
    others = {size + p.seen: p.name for p in theirs[1] if size + p.seen not in names}
    if names and others:
        view = evaluator_view if small else None
        pairs = pairs_between(loaders(ours[0], names, view), loaders(theirs[0], others, view))
        for mine, yours in pairs:
            yield names[mine], others[yours]
