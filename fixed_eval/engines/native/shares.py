"""What of a batch, and of the work on its gradients, is whose in a team.

To read what another core has written takes long, on some machines very long. So a batch has halves,
each with gradients of its own: each of two members has one half, and reads nothing of the other's
but sums, and what Adam makes of both.
"""

from typing import Any

from fixed_eval.engines.native.compiled import inlined
from fixed_eval.engines.native.plan import HALF, HALVES, IMAGES
from fixed_eval.engines.native.team import share


@inlined
def own(size: int) -> bool:
    """Whether each member has a half of the batch, or both, and kernels of its own.

    Else more than two share them.
    """
    return size <= HALVES


@inlined
def share_of_kernel(pieces: int, me: int, size: int) -> Any:
    """Which of a kernel's `pieces` a member makes: all of its own kernel, or its part."""
    return share(pieces, 0 if own(size) else me, 1 if own(size) else size)


@inlined
def images_of_member(images: int, me: int, size: int) -> Any:
    """A member's images, from the first to before the last, of a batch of `images`.

    They are those that it would have of a whole batch, so that its half stays its half.
    """
    first, last = share(IMAGES, me, size)
    return min(first, images), min(last, images)


@inlined
def images_of_half(half: int, first: int, last: int) -> Any:
    """Those images from `first` to before `last` that are in a half of the batch, in the same way.

    There are none where the second number is not larger.
    """
    return max(first, half * HALF), min(last, (half + 1) * HALF)


@inlined
def share_of_half(pieces: int, half: int, me: int, size: int) -> Any:
    """Which of one half's `pieces` are a member's: all members share those of both halves."""
    begin, end = share(HALVES * pieces, me, size)
    first = half * pieces
    return min(max(begin - first, 0), pieces), min(max(end - first, 0), pieces)
