"""Near-duplicates: pictures of one and the same writing, rescaled, shifted or cropped anew.

Enters: pictures, ink 0 on paper 255. Leaves: which of them belong together. Pure functions.

Two cheap signatures name the pairs worth a look, one by the box of the ink (it forgives scale and
place) and one by the spectrum (it forgives place, also where the box has changed); each such pair
is then laid over one another at the best shift, and the correlation decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from datagen.core.arrays import Coverage, GrayImage
from pipelines.ops.gray import box_of_pieces

SAME: Final = 0.96
"""Correlation of two overlaid pictures, 0 … 1, from which they count as the same writing.

Chosen by looking at pairs of the competition's 2,663 distinct sound images. The two pairs that are
one scan cropped twice have 0.996 and 0.985. The 24 others from 0.96 up are bare strokes and plain
Vs written twice, too much alike for any measure to part, and no harm together; below 0.96 more
and more of them follow, then I with bars. Of 300 real images rescaled by 0.6 … 1.6 and shifted,
98.5 ± 0.7 % (three draws) reach it; of those cropped into the ink, 99 % where under 5 % of it is
lost, 44 % at 5 … 10 %, 3 % beyond (tests/benchmarks/near_duplicates.py).
"""

Signatures = npt.NDArray[np.float32]

_INK: Final = 96  # coverage (of 255) from which a pixel is ink and not haze
_SPECK: Final = 0.02  # share of the ink below which a connected stroke is a speck
_LONG: Final = 64  # pixels: the longer side of the ink's box in a sketch
_MARGIN: Final = 0.25  # of that side, kept around the box: a neighbour's stroke may be ink too
_SPACE: Final = 160  # pixels: room to shift one sketch over another without wrapping round
_BOX_LIKE: Final = 0.8  # correlation of box signatures from which a pair is looked at
_SPECTRUM_LIKE: Final = 0.94  # the same of spectra
_COMMON: Final = 20  # pixels: the median ink box in the pictures that spectra are taken of
_BLOCK: Final = 1024  # rows compared at once, so that memory stays linear in the images


@dataclass(frozen=True, slots=True)
class _Sketch:
    """The ink of one picture: coverage `uint8`, its box `_LONG` pixels long, and its scale."""

    ink: Coverage
    box: tuple[int, int, int, int]  # left, top, right, bottom inside `ink`
    native: float  # pixels: the longer side of the box in the picture itself


def group(images: Iterable[GrayImage]) -> list[int]:
    """Return for each image the number of its group: equal numbers, same writing.

    Pairs are joined transitively, so a group may hold two images that are less alike.

    Args:
        images: `uint8 H×W`, at least one pixel of each darker than 160.
    """
    sketches = [_sketch(image) for image in images]
    pairs = _pairs(sketches)
    count = len(sketches)
    if not count:
        return []
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (first, second)), shape=(count, count))
    return [int(label) for label in connected_components(graph, directed=False)[1]]


def between(a: Iterable[GrayImage], b: Iterable[GrayImage]) -> list[tuple[int, int]]:
    """Return which images of `a` have a near-duplicate in `b`: pairs of positions, sorted.

    Args:
        a: as for `group`.
        b: as for `group`.
    """
    sketches = [_sketch(image) for image in a]
    border = len(sketches)
    sketches += [_sketch(image) for image in b]
    return [(i, j - border) for i, j in _pairs(sketches) if i < border <= j]


def likeness(one: GrayImage, other: GrayImage) -> float:
    """Return how well two pictures cover one another at the best shift and scale, 0 … 1."""
    return _likeness(_sketch(one), _sketch(other))


def _pairs(sketches: Sequence[_Sketch]) -> list[tuple[int, int]]:
    """Return the pairs of one writing, the lower position first, sorted."""
    if not sketches:
        return []
    return [
        pair
        for pair in sorted(_candidates(sketches))
        if _likeness(sketches[pair[0]], sketches[pair[1]]) >= SAME
    ]


def _sketch(image: GrayImage) -> _Sketch:
    coverage = 255 - image
    left, top, right, bottom = _ink_box(coverage)
    native = max(right - left, bottom - top)
    margin = round(_MARGIN * native)
    x, y = max(0, left - margin), max(0, top - margin)
    part = coverage[y : bottom + margin, x : right + margin]
    scale = _LONG / native
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    box = (
        round((left - x) * scale),
        round((top - y) * scale),
        round((right - x) * scale),
        round((bottom - y) * scale),
    )
    return _Sketch(_resized(part, size), box, native)


def _resized(image: GrayImage, size: tuple[int, int]) -> GrayImage:
    """Return `image` at another size (width, height)."""
    how = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=how).astype(np.uint8, copy=False)


def _ink_box(coverage: Coverage) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the ink, the scanner's specks left out."""
    box = box_of_pieces((coverage >= _INK).astype(np.uint8), _SPECK)
    # fainter than any stroke: the whole sheet is all there is
    return box or (0, 0, coverage.shape[1], coverage.shape[0])


def _candidates(sketches: Sequence[_Sketch]) -> set[tuple[int, int]]:
    scale = _COMMON / float(np.median([sketch.native for sketch in sketches]))
    boxes = np.stack([_box_signature(sketch) for sketch in sketches])
    spectra = np.stack([_spectrum(sketch, scale) for sketch in sketches])
    return {*_alike(boxes, _BOX_LIKE), *_alike(spectra, _SPECTRUM_LIKE)}


def _alike(signatures: Signatures, least: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs of rows whose product is at least `least`."""
    for start in range(0, len(signatures), _BLOCK):
        products = signatures[start : start + _BLOCK] @ signatures[start:].T
        for i, j in np.argwhere(np.triu(products, 1) >= least):
            yield start + int(i), start + int(j)


def _unit(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return `values` in one row, with mean 0 and length 1."""
    flat = values.ravel() - values.mean()
    unit: npt.NDArray[np.float32] = flat / max(float(np.linalg.norm(flat)), 1e-9)
    return unit


def _box_signature(sketch: _Sketch) -> npt.NDArray[np.float32]:
    """Return the ink's box, centred in a square of 24×24 pixels."""
    left, top, right, bottom = sketch.box
    part = sketch.ink[top:bottom, left:right]
    square = np.zeros((_LONG + 2, _LONG + 2), np.uint8)
    part = part[: square.shape[0], : square.shape[1]]
    y, x = (square.shape[0] - part.shape[0]) // 2, (square.shape[1] - part.shape[1]) // 2
    square[y : y + part.shape[0], x : x + part.shape[1]] = part
    small = cv2.GaussianBlur(_resized(square, (24, 24)).astype(np.float32), (0, 0), 0.8)
    return _unit(small.astype(np.float32, copy=False))


def _spectrum(sketch: _Sketch, scale: float) -> npt.NDArray[np.float32]:
    """Return the magnitudes of the ink's Fourier transform, which no shift changes."""
    factor = sketch.native / _LONG * scale
    height, width = (min(64, max(1, round(side * factor))) for side in sketch.ink.shape)
    small = _resized(sketch.ink, (width, height)).astype(np.float32)
    magnitudes = np.fft.fftshift(np.abs(scipy.fft.rfft2(small, (64, 64)))[:, :32], axes=0)
    coarse = magnitudes.reshape(32, 2, 16, 2).mean(axis=(1, 3))
    return _unit(np.sqrt(coarse, dtype=np.float32))


def _likeness(one: _Sketch, other: _Sketch) -> float:
    """Return the better of two overlays: boxes of one size, or pictures at their own scale."""
    best = _overlay(one.ink, other.ink)
    small, large = sorted((one, other), key=lambda sketch: sketch.native)
    ratio = small.native / large.native
    if 0.25 < ratio < 1:
        height, width = (max(1, round(side * ratio)) for side in small.ink.shape)
        best = max(best, _overlay(_resized(small.ink, (width, height)), large.ink))
    return best


def _overlay(one: GrayImage, other: GrayImage) -> float:
    """Return the largest normalised correlation over all shifts."""
    a, b = (cv2.GaussianBlur(ink.astype(np.float32), (0, 0), 0.7) for ink in (one, other))
    space = (_SPACE, _SPACE)
    product = scipy.fft.rfft2(a, space) * np.conj(scipy.fft.rfft2(b, space))
    peak = float(scipy.fft.irfft2(product, space).max())
    return peak / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
