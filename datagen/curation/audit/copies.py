"""Near-duplicates that contradict one another: under another class, or on the other side.

Enters: images and the name of the near-duplicates of each. Leaves: for each image what it is a copy
of. Pure functions.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from datagen.curation.audit.measure import MeasuredImage


@dataclass(frozen=True, slots=True)
class Copies:
    """Of one image.

    Attributes:
        other_class: path of a near-duplicate under another class; None where there is none.
        other_part: path of one on the other side of the split; None where there is none.
    """

    other_class: str | None = None
    other_part: str | None = None


def copies(images: Sequence[MeasuredImage], alike: Sequence[str]) -> list[Copies]:
    """Return what each image is a near-duplicate of, where that is wrong.

    Args:
        images: of one folder.
        alike: equal for near-duplicates.
    """
    members: dict[str, list[MeasuredImage]] = defaultdict(list)
    for image, name in zip(images, alike, strict=True):
        members[name].append(image)
    return [_of(image, members[name]) for image, name in zip(images, alike, strict=True)]


def _of(image: MeasuredImage, group: Sequence[MeasuredImage]) -> Copies:
    return Copies(
        next((other.path for other in group if other.numeral != image.numeral), None),
        next((other.path for other in group if other.part != image.part), None),
    )
