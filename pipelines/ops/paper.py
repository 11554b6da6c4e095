"""The sheet under the ink: lines, shade, other sheets. Pure functions on `uint8 H×W`.

Lines and shade are grey and uneven, darkest near the scan's threshold: `pipelines.ops.tone.scan`
breaks them into the dashes and grain of the organisers' scans, as it did on theirs.
"""

from typing import Final, Literal

import cv2
import numpy as np

from pipelines.ops.gray import Field, GrayImage, darken, ink_mask, pen_width, smooth_noise

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
_GRAIN: Final = 0.16
"""Deviation of a printed line's darkness along it; by eye, beside the organisers' grid sheets."""

_BLOT: Final = 3.0
"""Times the strokes' width from which ink is a blot; on the competition's gridded sheets, where
lines make the middle thin, it is about 2, beside blots 5 and more."""
_THIN: Final = 1.5
"""Pixels from the paper below which ink is grain."""


def ruled_paper(
    image: GrayImage,
    spacing: float,
    offset: float,
    tilt: float,
    thickness: float,
    darkness: float,
    seed: int,
    upright: bool = False,
) -> GrayImage:
    """Return `image` on paper with parallel lines.

    Args:
        image: `uint8 H×W`.
        spacing: between lines, share of the shorter side.
        offset: of the first line, share of the spacing.
        tilt: degrees off the horizontal (or, `upright`, the vertical).
        thickness: of a line, share of the shorter side; at least one pixel.
        darkness: mean of a line, 0 … 1; at 0.5 half of its length survives the scan.
        seed: of the lines' unevenness.
        upright: lines run top to bottom.
    """
    rng = np.random.default_rng(seed)
    angle = tilt + (90 if upright else 0)
    lines = _lines(image.shape, spacing, offset, angle, thickness)
    return darken(image, _uneven(lines, darkness, rng))


def grid_paper(
    image: GrayImage,
    spacing: tuple[float, float],
    offset: tuple[float, float],
    tilt: float,
    thickness: float,
    darkness: float,
    seed: int,
) -> GrayImage:
    """Return `image` on squared paper.

    Args:
        image: `uint8 H×W`.
        spacing: between upright and between level lines, shares of the shorter side.
        offset: of the first upright and first level line, shares of their spacing.
        tilt: degrees.
        thickness: of a line, share of the shorter side; at least one pixel.
        darkness: mean of a line, 0 … 1; at 0.5 half of its length survives the scan.
        seed: of the lines' unevenness.
    """
    rng = np.random.default_rng(seed)
    upright = _lines(image.shape, spacing[0], offset[0], tilt + 90, thickness)
    level = _lines(image.shape, spacing[1], offset[1], tilt, thickness)
    return darken(image, _uneven(np.maximum(upright, level), darkness, rng))


def shadow_corner(
    image: GrayImage, corner: Corner, reach: float, darkness: float, grain: float, seed: int
) -> GrayImage:
    """Return `image` with a corner in the shade, grainy as paper is.

    Args:
        image: `uint8 H×W`.
        corner: which.
        reach: how far the shade goes, share of the sheet's diagonal.
        darkness: in the corner itself, 0 … 1; above 0.5 the scan turns it black.
        grain: deviation of the paper's darkness, 0 … 1.
        seed: of the grain.
    """
    rows, columns = image.shape
    y = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, columns, dtype=np.float32)[None, :]
    far_y = 1 - y if corner.startswith("bottom") else y
    far_x = 1 - x if corner.endswith("right") else x
    distance = np.hypot(far_x * np.float32(columns), far_y * np.float32(rows))
    shade = np.clip(1 - distance / np.float32(reach * np.hypot(rows, columns)), 0, 1)
    fibres = smooth_noise(image.shape, (1.2, 0.5), np.random.default_rng(seed))
    # grain shows where light fails: bright paper is white however rough it is
    return darken(image, shade * np.float32(darkness) + np.sqrt(shade) * np.float32(grain) * fibres)


def background(image: GrayImage, paper: GrayImage) -> GrayImage:
    """Return the ink of `image` on another sheet: pixel by pixel the darker of the two.

    Args:
        image: `uint8 H×W`.
        paper: `uint8`, any size: cut or repeated, mirrored, to that of `image`.
    """
    rows, columns = image.shape
    down, right = max(rows - paper.shape[0], 0), max(columns - paper.shape[1], 0)
    if down or right:
        paper = np.pad(paper, ((0, down), (0, right)), mode="symmetric")
    return np.minimum(image, paper[:rows, :columns])


def paper_of(scan: GrayImage) -> GrayImage:
    """Return the paper of a scan: specks, shade and broken lines without what was written.

    What was written is every piece of ink at least 0.8 pen widths long and not thinner than
    half a pen; where specks and lines touch it they go with it.
    """
    mask = ink_mask(scan)
    pen = _pen_beside_blots(scan, mask)
    core = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=max(round(pen / 4), 1))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    long = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= 0.8 * pen
    thick = np.zeros(len(stats), bool)
    thick[np.unique(labels[core > 0])] = True
    written = (long & thick)[labels] & (labels > 0)
    halo = cv2.dilate(written.astype(np.uint8), np.ones((5, 5), np.uint8))
    paper = scan.copy()
    paper[halo > 0] = 255
    return paper


def _pen_beside_blots(scan: GrayImage, mask: GrayImage) -> float:
    """Return the pen's width in pixels, also beside a blot or shade far wider than the strokes.

    By area a blot outweighs them and would pass for the pen, and they for specks. Along the middle
    of strokes, where the distance to the paper is greatest, length counts and not area.
    """
    wide = pen_width(scan)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    ridge = distance[(distance >= cv2.dilate(distance, np.ones((3, 3)))) & (distance > _THIN)]
    middle = 2 * float(np.median(ridge)) - 1 if ridge.size else wide
    return middle if wide > _BLOT * middle else wide


def _lines(
    shape: tuple[int, ...], spacing: float, offset: float, angle: float, thickness: float
) -> Field:
    """Return the coverage, `float32 H×W` in 0 … 1, of parallel lines at `angle` degrees."""
    rows, columns = shape
    side = min(shape)
    step = max(spacing * side, 3.0)
    across = np.deg2rad(angle)
    y = np.arange(rows, dtype=np.float32)[:, None] * np.float32(np.cos(across))
    x = np.arange(columns, dtype=np.float32)[None, :] * np.float32(np.sin(across))
    place = np.mod(y - x - np.float32(offset * step) + np.float32(step / 2), np.float32(step))
    half = max(thickness * side, 1.0) / 2
    cover = np.clip(half + 0.5 - np.abs(place - np.float32(step / 2)), 0, 1)
    return np.asarray(cover, np.float32)


def _uneven(lines: Field, darkness: float, rng: np.random.Generator) -> Field:
    """Return the lines' darkness: patches where the print is faint, and grain."""
    pixel = max(min(lines.shape) / 256, 0.3)
    patches = smooth_noise(lines.shape, 3 * pixel, rng)
    grain = smooth_noise(lines.shape, 1.2 * pixel, rng)
    noise = np.float32(_GRAIN) * (patches + grain) * np.float32(np.sqrt(0.5))
    return np.asarray(lines * np.clip(np.float32(darkness) + noise, 0, 1), np.float32)
