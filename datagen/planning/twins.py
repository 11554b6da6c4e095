"""Twins: pairs of images of two classes that are easily confused. Pure: no I/O, no image.

Both are drawn alike, by one writer, with the same letters as far as the spelling allows, in the
same place, through the same pipeline; one stroke or letter makes the difference. Nothing here
changes an image's class, part or case style, so budgets and class balance stay as they are.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from datagen.core.numerals import CaseStyle

EDITS: Final[Mapping[tuple[str, str], tuple[int, ...]]] = {
    # one stroke less at the end, or the first letter left out
    ("ii", "i"): (0,),
    ("iii", "ii"): (0, 1),
    ("vi", "v"): (0,),
    ("vii", "vi"): (0, 1),
    ("viii", "vii"): (0, 1, 2),
    ("viii", "iii"): (1, 2, 3),
    ("ix", "x"): (1,),
    # the same letters in the other order
    ("iv", "vi"): (1, 0),
    # another letter in the same place
    ("x", "v"): (0,),
    ("x", "i"): (0,),
    ("v", "i"): (0,),
    ("iv", "ii"): (0, 1),
    ("ix", "iv"): (0, 1),
}
"""The pairs (leader, follower): for each letter of the follower, which of the leader's it takes
the place of. The leader has as many letters as the follower, or more."""

_ROUNDS: Final = (
    (("viii", "vii"), ("iii", "ii"), ("iv", "vi"), ("v", "i"), ("ix", "x")),
    (("viii", "iii"), ("vii", "vi"), ("ii", "i"), ("ix", "iv"), ("x", "v")),
    (("viii", "vii"), ("iii", "ii"), ("vi", "v"), ("ix", "iv"), ("x", "i")),
    (("viii", "iii"), ("vii", "vi"), ("iv", "ii"), ("v", "i"), ("ix", "x")),
)
"""Each round has every class once, so that as many images of every class are twins."""


@dataclass(frozen=True, slots=True)
class Twin:
    """The other image of a pair.

    Attributes:
        index: its place in the plan.
        numeral: its class.
        leads: whether this image leads, and not the other: the leader's index draws both.
    """

    index: int
    numeral: str
    leads: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What pairing has to know of an image: its place in the plan, its class and case style."""

    index: int
    numeral: str
    style: CaseStyle


def pairs_of(
    images: Sequence[Written], share: float, can_write: Callable[[str, str, CaseStyle], bool]
) -> dict[int, Twin]:
    """Choose which images of one block are twins, as even over the classes as they are.

    Args:
        images: of one source, part and pipeline, all composed of letters.
        share: of them that are to be twins, 0 … 1.
        can_write: whether one writer has the letters of a leader and of a follower in a style.

    Returns:
        By index the other image of its pair; fewer than asked for where classes or styles differ
        too much.
    """
    waiting: dict[tuple[str, CaseStyle], deque[int]] = {}
    for image in images:
        waiting.setdefault((image.numeral, image.style), deque()).append(image.index)
    twins: dict[int, Twin] = {}
    most = 2 * int(share * len(images) / 2 + 1e-9)
    while len(twins) < most:
        before = len(twins)
        for leader, follower in (edge for edges in _ROUNDS for edge in edges):
            style = _commonest(waiting, leader, follower, can_write)
            if style is not None and len(twins) < most:
                one, other = (waiting[name, style].popleft() for name in (leader, follower))
                twins[one] = Twin(other, follower, leads=True)
                twins[other] = Twin(one, leader, leads=False)
        if len(twins) == before:
            break
    return twins


def _commonest(
    waiting: Mapping[tuple[str, CaseStyle], deque[int]],
    leader: str,
    follower: str,
    can_write: Callable[[str, str, CaseStyle], bool],
) -> CaseStyle | None:
    """Return the case style in which most images of both classes wait; None where none do."""
    left = {
        style: min(len(found), len(waiting.get((follower, style), ())))
        for (numeral, style), found in waiting.items()
        if numeral == leader and can_write(leader, follower, style)
    }
    best = max(left, key=left.__getitem__, default=None)
    return best if best is not None and left[best] else None
