"""Findings about pictures that occur more than once: copies, contradictions, both sides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from datagen.core.numerals import CLASSES
from datagen.datasets.doctor.finding import Finding, few
from datagen.datasets.doctor.images import is_sound
from datagen.datasets.doctor.pictures import Picture


def copy_findings(pictures: Iterable[Picture]) -> Iterator[Finding]:
    """Yield what is wrong with pictures that are one and the same to the evaluator.

    Blank ones are all alike, so of them it only counts that they stand on both sides.
    """
    groups: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        if picture.unusable is None:
            groups[picture.seen].append(picture)
    for group in groups.values():
        if len(group) > 1:
            yield from _both_sides(group)
            if is_sound(group[0]):
                yield from _contradictions(group)
                yield from _copies(group)


def _contradictions(group: Sequence[Picture]) -> Iterator[Finding]:
    classes = {picture.numeral for picture in group}
    if len(classes) == 1:
        return
    for picture in group:
        others = tuple(p.name for p in group if p.numeral != picture.numeral)
        named = " and ".join(c for c in CLASSES if c in classes)
        yield Finding(
            "contradiction",
            "warning",
            picture.name,
            f"is {_same(picture, group, others)} {few(others)}: one of {named} is wrong",
            "look at it, and keep it in one class",
            others,
        )


def _both_sides(group: Sequence[Picture]) -> Iterator[Finding]:
    train, val = (tuple(p.name for p in group if p.part == part) for part in ("train", "val"))
    earlier = {"val": train, "test": (*train, *val)}
    for picture in group:
        if others := earlier.get(picture.part):
            yield Finding(
                "in-both-splits",
                "broken",
                picture.name,
                f"is {_same(picture, group, others)} {few(others)}",
                "keep it in one part",
                others,
            )


def _copies(group: Sequence[Picture]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Picture] = {}
    for picture in group:
        kept = first.setdefault((picture.part, picture.numeral), picture)
        if kept is not picture:
            yield Finding(
                "copy",
                "warning",
                picture.name,
                f"is {_same(picture, group, (kept.name,))} {kept.name}",
                "remove it: it counts in the budget and adds nothing",
                (kept.name,),
            )


def _same(picture: Picture, group: Sequence[Picture], names: Sequence[str]) -> str:
    alike = {other.sha256 for other in group if other.name in names}
    return "an exact copy of" if alike == {picture.sha256} else "the same picture as"
