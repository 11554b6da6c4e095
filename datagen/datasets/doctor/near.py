"""Findings about near-duplicates on both sides of the split."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from datagen.core.arrays import GrayImage
from datagen.datasets.doctor.finding import Finding, few
from datagen.datasets.doctor.pictures import Picture
from datagen.files.decode import decode_gray
from datagen.files.reading import IMAGE, read_bytes

Pictures = tuple[Path, Sequence[Picture]]
"""A folder and pictures of it that have ink."""


def near_findings(
    root: Path, sound: Sequence[Picture], tell: Callable[[int], None] = lambda _: None
) -> Iterator[Finding]:
    """Yield the val pictures that show the same writing as a train picture, but are not equal."""
    train = [picture for picture in sound if picture.part == "train"]
    val = [picture for picture in sound if picture.part == "val"]
    for picture, others in twins((root, val), (root, train), tell):
        yield Finding(
            "near-duplicate",
            "warning",
            picture.name,
            f"shows the same writing as {few(others)}",
            "keep both on one side; `datagen holdout` divides so",
            others,
        )


def twins(
    ours: Pictures, theirs: Pictures, tell: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[Picture, tuple[str, ...]]]:
    """Yield each of our pictures that has near-duplicates among theirs, with their names.

    Pictures that are equal are none.
    """
    if not ours[1] or not theirs[1]:
        return
    from datagen.images.near_duplicates import between  # noqa: PLC0415 - 0.5 s of scipy

    done = 0

    def read(folder: Path, pictures: Sequence[Picture]) -> Iterator[GrayImage]:
        nonlocal done
        for picture in pictures:
            yield decode_gray(read_bytes(folder / picture.name, IMAGE), picture.name)
            done += 1
            tell(done)

    found: dict[int, list[str]] = defaultdict(list)
    for i, j in between(read(*ours), read(*theirs)):
        if ours[1][i].seen != theirs[1][j].seen:
            found[i].append(theirs[1][j].name)
    for i, names in sorted(found.items()):
        yield ours[1][i], tuple(names)
