"""Near-duplicates: pictures of one and the same writing, scanned, lit, cut or turned anew.

Enters: pictures, ink darker than paper. Leaves: which of them belong together. Pure functions.

Each picture is looked at beside those that are most like it by two cheap signatures. Such a pair is
laid over one another by a small affine map (ECC: Evangelidis and Psarakis, PAMI 2008), and the mean
distance between the two outlines decides. A thicker pen alone moves all of an outline by the same,
which does not count.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import GrayImage
from datagen.images.outlines import SIDE, Distances, Sketch, sketch

SAME: Final = 0.8
"""Likeness, 0 … 1, from which two pictures count as one writing.

Of the competition's 2,066 distinct training images 24 stand with another from here up: ten pairs
that are one scan cropped twice, and two pairs of plain Vs that people wrote alike. Of 1,000 images
that datagen builds there are 8: pairs of bare strokes, and pairs that look like the same letters.
Three draws of copies of either find 95 … 100 % of those with a pen two pixels thicker or thinner,
98 … 100 % of all others (tests/benchmarks/near_duplicates.py).
"""

Signatures = npt.NDArray[np.float32]
Labels = npt.NDArray[np.intp]
Affine = npt.NDArray[np.float32]
Pair = tuple[int, int]
Given = TypeVar("Given")
Made = TypeVar("Made")

_NEAREST: Final = 5  # pictures that each is laid over, by each signature
_SIGNATURE: Final = 24  # pixels: side of a signature's picture
_LOOKED_AT: Final = 0.8  # correlation of signatures from which a pair is looked at
_PYRAMID: Final = ((24, 6, 0.85), (24, 9, 0.92), (48, 8, 0.93), (SIDE, 5, 0.9))
"""Side in pixels, steps of alignment, and the correlation below which a pair is given up."""
_STRETCH: Final = 1.25  # the most that one direction may be stretched against the other
_TURN: Final = 8.5  # degrees: the most that a picture may be turned, half of a shear counted too
_PEN: Final = 2.5  # pixels of a sketch: the most that a pen's width may move an outline
_ALLOWANCE: Final = 0.2  # for each of these pixels, a distance counts so much less
_BARE: Final = 4.0  # times as long as wide: a bare stroke, which tells little of who wrote it
_BARE_STROKE: Final = 1.35  # its outlines must fit so much better
_BAND: Final = 0.7  # pixels to either side of an outline, where distances are read off
_FAR: Final = 2.0  # pixels: where outlines are further apart, they count as this far apart
_REACH_INSIDE: Final = 4  # pixels: in signatures, what is deeper in the ink is all one
_PAPER: Final = 8  # pixels of paper that belong to a box when boxes are compared
_BLOCK: Final = 512  # pictures treated at once, so that memory stays linear in the pictures


def group(images: Iterable[GrayImage]) -> list[int]:
    """Return for each image the number of its group: equal numbers, same writing.

    Pairs are joined transitively, so a group may hold two images that are less alike. A blank
    image is in no group but its own. The groups do not depend on the order of the images.

    Args:
        images: `uint8 H×W`, ink darker than paper.
    """
    known = Sketches.of(images)
    sketches = known.sketches
    joined: list[Pair] = []
    labels = np.arange(len(sketches))
    sizes = np.ones(len(sketches), np.intp)
    rows = labels
    while len(rows):
        near = {
            (min(rows[k], j), max(rows[k], j))
            for each in known.signatures
            for k, j in _nearest(each[rows], each, labels[rows], labels)
        }
        joined += _same(sketches, sketches, near)
        labels = _components(len(sketches), joined)
        before, sizes = sizes, np.bincount(labels)[labels]
        # all that was nearest to a picture may have been its own copies: then look further
        rows = np.flatnonzero((sizes > before) & (sizes > _NEAREST))
    return [int(label) for label in labels]


@dataclass(frozen=True, slots=True)
class Sketches:
    """Images made ready for comparisons, once for several of them; some 20 kB for each.

    Attributes:
        sketches: one of each image.
        signatures: their two cheap descriptions, `float32 N×576` each.
    """

    sketches: list[Sketch]
    signatures: tuple[Signatures, Signatures]

    @classmethod
    def of(cls, images: Iterable[GrayImage]) -> "Sketches":
        """Sketch images; they are as for `group`."""
        sketches = list(_in_threads(sketch, images))
        return cls(sketches, _signatures(sketches))


def between(a: Sketches, b: Sketches) -> list[Pair]:
    """Return which images of `a` have a near-duplicate in `b`: pairs of positions, sorted.

    Each image of `a` is looked at beside those of `b` that are most like it, so an image with more
    than five near-duplicates need not be paired with all of them.

    Args:
        a: the smaller collection, for the time goes with it.
        b: the other one.
    """
    nearest = (_nearest(*each) for each in zip(a.signatures, b.signatures, strict=True))
    return _same(a.sketches, b.sketches, {pair for pairs in nearest for pair in pairs})


def signatures(images: Iterable[GrayImage]) -> tuple[Signatures, Signatures]:
    """Return two cheap descriptions of images, `float32 N×576` each; products are correlations.

    Args:
        images: as for `group`.
    """
    blocks = [_signatures(block) for block in _in_blocks(_in_threads(sketch, images))]
    if not blocks:
        return _signatures([])
    one, other = zip(*blocks, strict=True)
    return np.concatenate(one), np.concatenate(other)


def likeness(one: GrayImage, other: GrayImage) -> float:
    """Return how near the outlines of two pictures come, laid over one another, 0 … 1.

    Of writing 64 pixels long, 1 says that they are one, 0.5 that they are 1 pixel apart on average,
    0 that they are 2 or more, or cannot be laid over one another at all.
    """
    return _likeness(sketch(one), sketch(other))


def are_same(one: Sketch, other: Sketch) -> bool:
    """Return whether two sketches are of one and the same writing."""
    return _likeness(one, other) >= SAME


def _in_threads(work: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Yield what `work` makes of each item, in order; OpenCV lets threads run side by side."""
    with ThreadPoolExecutor() as pool:
        for block in _in_blocks(items):
            yield from pool.map(work, block)


def _in_blocks(items: Iterable[Given]) -> Iterator[list[Given]]:
    waiting = iter(items)
    while block := list(islice(waiting, _BLOCK)):
        yield block


def _components(count: int, pairs: Sequence[Pair]) -> Labels:
    from scipy.sparse import coo_array  # noqa: PLC0415 - with csgraph a third of a build's start
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (first, second)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.intp)


def _same(a: Sequence[Sketch], b: Sequence[Sketch], near: set[Pair]) -> list[Pair]:
    """Return those of the pairs of positions that are one writing, sorted."""
    pairs = sorted(near)
    found = _in_threads(lambda pair: _likeness(a[pair[0]], b[pair[1]]) >= SAME, pairs)
    return [pair for pair, same in zip(pairs, found, strict=True) if same]


def _signatures(sketches: Sequence[Sketch]) -> tuple[Signatures, Signatures]:
    """Return two cheap descriptions, `float32 N×576` each, whose products are correlations.

    One is the sketch itself, the other has its box stretched to a square.
    """
    plain = np.zeros((len(sketches), _SIGNATURE**2), np.float32)
    square = plain.copy()
    for k, one in enumerate(sketches):
        near = np.clip(one.distances, None, _REACH_INSIDE)
        plain[k] = _unit(_resized(near, _SIGNATURE))
        square[k] = _unit(_squared(near, one))
    return plain, square


def _squared(near: Distances, one: Sketch) -> Distances:
    """Return a sketch with its box, and some paper around it, stretched to a square."""
    half = _SIGNATURE / 2
    x, y = (_SIGNATURE / (side + _PAPER) for side in (one.width, one.height))
    middle = (SIDE - 1) / 2
    place = np.array([[x, 0, half - 0.5 - x * middle], [0, y, half - 0.5 - y * middle]])
    smooth = cv2.GaussianBlur(near, (0, 0), 1.2)
    return np.asarray(
        cv2.warpAffine(smooth, place, (_SIGNATURE, _SIGNATURE), borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def _unit(values: Distances) -> Distances:
    """Return `values` in one row, with mean 0 and length 1, or all 0."""
    flat = values.ravel() - values.mean()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-6), np.float32)


def _nearest(
    queries: Signatures,
    base: Signatures,
    own: Labels | None = None,
    labels: Labels | None = None,
) -> Iterator[Pair]:
    """Yield for each row of `queries` its nearest rows of `base`, with positions in both.

    Args:
        queries: what is looked for.
        base: where.
        own: labels of the queries: rows of `base` with the same label are passed over.
        labels: of the rows of `base`.
    """
    count = min(_NEAREST, len(base))
    if not count:
        return
    for start in range(0, len(queries), _BLOCK):
        products = queries[start : start + _BLOCK] @ base.T
        if own is not None:
            products[own[start : start + _BLOCK, None] == labels] = -1
        columns = np.argpartition(products, -count, axis=1)[:, -count:]
        rows = np.arange(len(products))[:, None]
        for i, k in np.argwhere(products[rows, columns] >= _LOOKED_AT):
            yield start + int(i), int(columns[i, k])


def _likeness(one: Sketch, other: Sketch) -> float:
    # one order for a pair, whichever comes first: the two alignments differ a little
    a, b = sorted((one, other), key=lambda found: (found.native, int(found.steps.sum(dtype=int))))
    place = _start(a, b)
    wide, deep = a.distances, b.distances
    before = _PYRAMID[0][0]
    for side, steps, least in _PYRAMID:
        place, before = (_doubled(place) if side > before else place), side
        criteria = (cv2.TERM_CRITERIA_COUNT, steps, 0.0)
        template, picture = _resized(wide, side), _resized(deep, side)
        try:
            like, found = cv2.findTransformECC(
                template, picture, place, cv2.MOTION_AFFINE, criteria, _everywhere(side), 1
            )
        except cv2.error:  # it has left the picture
            return 0.0
        if like < least:
            return 0.0
        place = np.asarray(found, np.float32)
    if not _is_small(place):
        return 0.0
    short, long = sorted((a.width, a.height))
    strict = _BARE_STROKE if long > _BARE * short else 1.0
    return max(0.0, 1 - strict * _gap(wide, deep, place) / _FAR)


@lru_cache
def _everywhere(side: int) -> npt.NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)


def _resized(distances: Distances, side: int) -> Distances:
    if side == SIDE:
        return distances
    small = cv2.resize(distances, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _start(a: Sketch, b: Sketch) -> Affine:
    """Return the map that brings the box of `a` to the size of that of `b`, roughly."""
    x, y = (
        float(np.clip((there + _PAPER) / (here + _PAPER), 0.7, 1.4))
        for here, there in ((a.width, b.width), (a.height, b.height))
    )
    middle = (_PYRAMID[0][0] - 1) / 2
    return np.array([[x, 0, middle * (1 - x)], [0, y, middle * (1 - y)]], np.float32)


def _doubled(place: Affine) -> Affine:
    """Return the same map for pictures of twice the size, pixels measured at their middles."""
    larger = place.copy()
    larger[:, 2] = 2 * place[:, 2] + 0.5 * (place[:, :2].sum(axis=1) - 1)
    return larger


def _is_small(place: Affine) -> bool:
    """Whether a map is one that a copy may have gone through: a small turn, shear or stretch."""
    linear = place[:, :2].astype(np.float64)
    large, small = np.linalg.svd(linear, compute_uv=False)
    turn = np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
    return bool(large <= _STRETCH * small and abs(turn) <= _TURN)


def _gap(a: Distances, b: Distances, place: Affine) -> float:
    """Return the mean distance between the outlines of `a` and of `b` laid over it, in pixels.

    The thinner pen is made as thick as the other first; where that closes a gap between strokes,
    no outline is left to compare.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    over = cv2.warpAffine(b, place, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    band = np.minimum(np.abs(a), np.abs(over)) < _BAND
    pen = float(np.median((a - over)[band])) if band.any() else _FAR
    thick, thin = (a, over) if pen > 0 else (over, a)
    pen = abs(pen)
    for _ in range(2):
        band = np.minimum(np.abs(thick), np.abs(thin + np.float32(pen))) < _BAND
        if not band.any() or pen > _PEN:
            return _FAR
        apart = (thick - thin)[band]
        pen = max(0.0, float(np.median(apart)))
    gap = float(np.minimum(np.abs(apart - pen), _FAR).mean())
    return gap / (1 + _ALLOWANCE * pen)
