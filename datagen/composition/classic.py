"""Two published practices of composing numerals, as faithful as their descriptions allow.

They are here for comparison with `handwritten.parameters`: same glyphs in, another image out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np

from datagen.core.arrays import Coverage, GrayImage
from datagen.core.glyphs import Glyph, GlyphInfo
from datagen.core.models import StrictModel
from pipelines import ops


class ClassicEmnistOptions(StrictModel):
    """`classic-emnist` has nothing to choose."""

    method: Literal["classic-emnist"] = "classic-emnist"


class ClassicChars74kOptions(StrictModel):
    """`classic-chars74k` has nothing to choose."""

    method: Literal["classic-chars74k"] = "classic-chars74k"


@dataclass(frozen=True, slots=True)
class ClassicEmnist:
    """One numeral pasted from EMNIST tiles.

    Attributes:
        glyphs: ids of the letters.
        shifts: how far each letter's 28×28 tile is moved to the right, pixels.
        width: of the canvas, pixels; its height is 28.
        threshold: grey levels below it are darkened to 50.
        gaussian: standard deviation of the Gaussian noise, share of 255.
        uniform: half-range of the uniform noise, share of 255.
        specks: how many pixels are set to 205, and how many to 50.
        noise_seed: of the noise and the specks' places.
    """

    glyphs: tuple[str, ...]
    shifts: tuple[int, ...]
    width: int
    threshold: int
    gaussian: float
    uniform: float
    specks: tuple[int, int]
    noise_seed: int
    method: Literal["classic-emnist"] = "classic-emnist"


@dataclass(frozen=True, slots=True)
class ClassicChars74k:
    """One numeral from one writer's letters, moved on the Chars74K page.

    Attributes:
        glyphs: ids of the letters.
        shifts: how far each letter stands right of the page's middle, pixels of the page.
        noise: which kind is added.
        amount: its strength: standard deviation, half-range or share of pixels, 0 … 1.
        dilation: diameter by which ink is thickened, pixels of the page.
        noise_seed: of the noise.
    """

    glyphs: tuple[str, ...]
    shifts: tuple[int, ...]
    noise: Literal["gaussian", "uniform", "impulse"]
    amount: float
    dilation: int
    noise_seed: int
    method: Literal["classic-chars74k"] = "classic-chars74k"


_TILE: Final = 28  # EMNIST's image side, pixels
_CANVAS_WIDTHS: Final = {"vii": 32, "viii": 36}
_SHIFTS: Final = {"i": (0,), "v": (0,), "x": (0,), "ii": (0, 8), "iii": (0, 8, -8)}
_FURTHER_SHIFTS: Final = (-7, 7, 14, 21)
_INK: Final = 50
_SPECK: Final = 205
_PAGE: Final = (900, 1200)  # Chars74K EnglishHnd, rows × columns
_SIDE: Final = 32


def sample_emnist(
    glyphs: Sequence[GlyphInfo], numeral: str, rng: np.random.Generator
) -> ClassicEmnist:
    """Draw the parameters of a `ClassicEmnist` numeral."""
    return ClassicEmnist(
        glyphs=tuple(glyph.id for glyph in glyphs),
        shifts=_SHIFTS.get(numeral, _FURTHER_SHIFTS[: len(numeral)]),
        width=_CANVAS_WIDTHS.get(numeral, _TILE),
        threshold=int(rng.integers(175, 201)),
        gaussian=float(rng.uniform(0, 0.1)),
        uniform=float(rng.uniform(0, 0.1)),
        specks=(int(rng.integers(3, 11)), int(rng.integers(3, 11))),
        noise_seed=int(rng.integers(2**32)),
    )


def render_emnist(drawn: ClassicEmnist, glyphs: Iterable[Glyph]) -> GrayImage:
    """Return the `uint8 28×width` image: tiles moved, averaged, darkened and made noisy."""
    image: GrayImage | None = None
    for glyph, shift in zip(glyphs, drawn.shifts, strict=True):
        layer = np.full((_TILE, drawn.width), 255, np.uint8)
        _paste(layer, 255 - _emnist_tile(glyph), shift)
        # blended one after the other: darkened ink stays below the threshold at every step
        blend = layer if image is None else cv2.addWeighted(image, 0.5, layer, 0.5, 0)
        image = np.where(blend < drawn.threshold, _INK, blend).astype(np.uint8)
    if image is None:
        raise ValueError("a numeral needs at least one glyph")
    rng = np.random.default_rng(drawn.noise_seed)
    image = ops.uniform_noise(ops.gaussian_noise(image, drawn.gaussian, rng), drawn.uniform, rng)
    for count, level in zip(drawn.specks, (_SPECK, _INK), strict=True):
        image.flat[rng.choice(image.size, count, replace=False)] = level
    return image


def sample_chars74k(glyphs: Sequence[GlyphInfo], rng: np.random.Generator) -> ClassicChars74k:
    """Draw the parameters of a `ClassicChars74k` numeral."""
    count = len(glyphs)
    pitch = rng.uniform(190, 330)  # letters side by side, all on the page
    places = (np.arange(count) - (count - 1) / 2) * pitch + rng.normal(0, 12, count)
    kinds: tuple[Literal["gaussian", "uniform", "impulse"], ...] = (
        "gaussian",
        "uniform",
        "impulse",
    )
    return ClassicChars74k(
        glyphs=tuple(glyph.id for glyph in glyphs),
        shifts=tuple(np.rint(places).astype(int).tolist()),
        noise=kinds[rng.integers(3)],
        amount=float(rng.uniform(0, 0.1)),
        dilation=int(rng.integers(0, 31)),
        noise_seed=int(rng.integers(2**32)),
    )


def render_chars74k(drawn: ClassicChars74k, glyphs: Iterable[Glyph]) -> GrayImage:
    """Return the `uint8 32×32` image: letters moved on white pages, the darker ink kept."""
    page = np.full(_PAGE, 255, np.uint8)
    for glyph, shift in zip(glyphs, drawn.shifts, strict=True):
        ink = _raster(glyph, 560)
        layer = np.full(_PAGE, 255, np.uint8)
        _paste(layer, 255 - ink, (_PAGE[1] - ink.shape[1]) // 2 + shift)
        np.minimum(page, layer, out=page)
    if drawn.dilation > 1:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (drawn.dilation, drawn.dilation))
        cv2.erode(page, kernel, dst=page)  # ink is dark: it grows where paper is eroded
    noisy = _NOISES[drawn.noise](page, drawn.amount, np.random.default_rng(drawn.noise_seed))
    return cv2.resize(noisy, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8)


_NOISES: Final = {
    "gaussian": ops.gaussian_noise,
    "uniform": ops.uniform_noise,
    "impulse": ops.impulse_noise,
}


def _emnist_tile(glyph: Glyph) -> Coverage:
    """Return the glyph as EMNIST's 28×28 tile: centred, at most 24 pixels in size."""
    ink = _raster(glyph, 24)
    shrink = 24 / max(*ink.shape, 24)
    if shrink < 1:
        size = (max(1, round(ink.shape[1] * shrink)), max(1, round(ink.shape[0] * shrink)))
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    tile = np.zeros((_TILE, _TILE), np.uint8)
    _paste(tile, ink, (_TILE - ink.shape[1]) // 2)
    return tile


def _raster(glyph: Glyph, height: int) -> Coverage:
    """Return the glyph's coverage; strokes are drawn `height` pixels high with EMNIST's pen."""
    if glyph.ink is not None:
        return glyph.ink
    points = np.concatenate(glyph.strokes or ())
    pen = max(1, round((glyph.pen or 0.1) * height))
    low = points.min(axis=0)
    scale = (height - pen) / max(float((points.max(axis=0) - low).max()), 1e-6)
    paths = [np.rint((s - low) * scale + pen / 2).astype(np.int32) for s in glyph.strokes or ()]
    columns = int(np.ceil((points[:, 0].max() - low[0]) * scale)) + pen + 1
    coverage = np.zeros((height + 1, columns), np.uint8)
    cv2.polylines(coverage, paths, isClosed=False, color=255, thickness=pen, lineType=cv2.LINE_AA)
    return coverage


def _paste(
    canvas: np.ndarray[tuple[int, ...], np.dtype[np.generic]], tile: Coverage, x: int
) -> None:
    """Write `tile` on `canvas` with its left edge at `x`, in the middle rows, cut at the edges."""
    rows, columns = min(tile.shape[0], canvas.shape[0]), canvas.shape[1]
    y, skip = (canvas.shape[0] - rows) // 2, (tile.shape[0] - rows) // 2
    left, right = max(x, 0), min(x + tile.shape[1], columns)
    if left < right:
        canvas[y : y + rows, left:right] = tile[skip : skip + rows, left - x : right - x]
