"""Where ink lies on the sheet: turns, flips, warps, crops. Pure functions on `uint8 H×W`.

`pipelines.labels` says which of them a numeral survives.
"""

import math
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.ops.gray import GrayImage, box_of_pieces, ink_box, ink_mask, pen_width

Fill = Literal["white", "nearest", "reflect"]
Edge = Literal["left", "right", "top", "bottom"]
Matrix = npt.NDArray[np.float64]

_BORDERS: Final[dict[str, int]] = {
    "white": cv2.BORDER_CONSTANT,
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
}
_POINTS: Final = 2.0
"""Points per sigma at which a field of shifts is drawn."""
MOST_CUT: Final = 0.15
"""Share of the ink's extent beyond which `edge_crop` could take a stroke or the foot of a v."""
LEAST_SIDE: Final = 8
"""A sheet is never cropped below this, pixels."""


def affine(
    image: GrayImage,
    rotate: float = 0.0,
    shear: float = 0.0,
    scale: tuple[float, float] = (1.0, 1.0),
    translate: tuple[float, float] = (0.0, 0.0),
    fill: Fill = "white",
) -> GrayImage:
    """Return `image` scaled, turned, sheared and moved, in this order, about its middle.

    Args:
        image: `uint8 H×W`.
        rotate: degrees, counter-clockwise.
        shear: degrees by which upright strokes lean.
        scale: factors in x and y.
        translate: shares of the width and of the height.
        fill: what lies beyond the sheet's edge.
    """
    rows, columns = image.shape
    moved = cv2.warpAffine(
        image,
        affine_matrix(image.shape, rotate, shear, scale, translate),
        (columns, rows),
        flags=cv2.INTER_LINEAR,
        borderMode=_BORDERS[fill],
        borderValue=(255,),
    )
    return np.asarray(moved, np.uint8)


def affine_matrix(
    shape: tuple[int, ...],
    rotate: float,
    shear: float,
    scale: tuple[float, float],
    translate: tuple[float, float],
) -> Matrix:
    """Return the 2×3 matrix by which `affine` moves points (x, y, 1) of a sheet of that shape.

    It is albumentations' `create_affine_transformation_matrix` multiplied out, ten times as
    fast: at 32×32 that product took longer than the warp itself. A test holds the two equal.
    """
    rows, columns = shape[:2]
    x, y = (columns - 1) / 2, (rows - 1) / 2
    cosine, sine = math.cos(math.radians(rotate)), math.sin(math.radians(rotate))
    lean = math.tan(math.radians(shear))
    xx, xy = (cosine - lean * sine) * scale[0], (sine + lean * cosine) * scale[1]
    yx, yy = -sine * scale[0], cosine * scale[1]
    return np.array(
        [
            [xx, xy, x + translate[0] * columns - xx * x - xy * y],
            [yx, yy, y + translate[1] * rows - yx * x - yy * y],
        ]
    )


def horizontal_flip(image: GrayImage) -> GrayImage:
    """Return `image` mirrored left to right."""
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    return np.ascontiguousarray(library.hflip(image))


def vertical_flip(image: GrayImage) -> GrayImage:
    """Return `image` mirrored top to bottom."""
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    return np.ascontiguousarray(library.vflip(image))


def rotate90(image: GrayImage, turns: int) -> GrayImage:
    """Return `image` turned counter-clockwise by `turns` × 90°."""
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    return np.ascontiguousarray(library.rot90(image, turns))


def shrink(image: GrayImage, factor: float, left: int, top: int) -> GrayImage:
    """Return `image` smaller on a white sheet of its size; what falls off the sheet is left out.

    Args:
        image: `uint8 H×W`.
        factor: above 0, at most 1.
        left: column of its corner, pixels; may be negative.
        top: row of its corner, pixels; may be negative.
    """
    rows, columns = image.shape
    size = (max(round(columns * factor), 1), max(round(rows * factor), 1))
    small = image if factor >= 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    down, across = (
        slice(max(top, 0), max(top + size[1], 0)),
        slice(max(left, 0), max(left + size[0], 0)),
    )
    out = np.full_like(image, 255)
    seen = out[down, across]
    y, x = max(-top, 0), max(-left, 0)
    seen[...] = small[y : y + seen.shape[0], x : x + seen.shape[1]]
    return out


def perspective(image: GrayImage, corners: list[list[float]]) -> GrayImage:
    """Return `image` as seen from the side, on white.

    Args:
        image: `uint8 H×W`.
        corners: how far (x, y) each corner of the sheet moves inwards, shares of the sides:
            top left, top right, bottom right, bottom left; negative: outwards.
    """
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    rows, columns = image.shape
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * np.asarray(corners)
    points = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - inwards  # a corner drawn in shows more
    points = np.float32(points * (columns, rows))
    matrix, _, _ = library.compute_perspective_params(points, (rows, columns))
    warped = library.perspective(
        image, matrix, columns, rows, 255, cv2.BORDER_CONSTANT, True, cv2.INTER_LINEAR
    )
    return np.asarray(warped, np.uint8)


def elastic(image: GrayImage, reach: float, smoothness: float, seed: int) -> GrayImage:
    """Return `image` distorted by a smooth random field, on white.

    Args:
        image: `uint8 H×W`.
        reach: largest shift of a point, share of the shorter side.
        smoothness: sigma of the field, share of the shorter side.
        seed: of the field.
    """
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    side = min(image.shape)
    rows, columns = image.shape
    # smooth over sigma, the field needs two points per sigma; a blur at full size took four
    # times as long as all of this
    cell = max(smoothness * side / _POINTS, 1.0)
    coarse = (math.ceil(rows / cell) + 1, math.ceil(columns / cell) + 1)
    fields = library.generate_displacement_fields(
        coarse,
        1.0,
        smoothness * side / cell,
        False,
        (0, 0),
        np.random.default_rng(seed),
        "gaussian",
    )
    peak = max(float(np.abs(field).max()) for field in fields) or 1.0
    dx, dy = (
        cv2.resize(field, (columns, rows), interpolation=cv2.INTER_CUBIC)
        * np.float32(reach * side / peak)
        for field in fields
    )
    x = np.arange(columns, dtype=np.float32)[None, :] + dx
    y = np.arange(rows, dtype=np.float32)[:, None] + dy
    moved = library.remap(image, x, y, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, 255)
    return np.asarray(moved, np.uint8)


def crop(image: GrayImage, shares: list[float], keep_size: bool = True) -> GrayImage:
    """Return `image` without a margin on each side.

    Args:
        image: `uint8 H×W`.
        shares: what goes at the top, right, bottom and left, shares of the sides; below 0.5.
        keep_size: enlarge the rest to the size of `image`.
    """
    from pipelines.ops import library  # noqa: PLC0415 - 0.8 s

    rows, columns = image.shape
    top, right, bottom, left = (
        int(share * side) for share, side in zip(shares, (rows, columns) * 2, strict=True)
    )
    box = (left, top, columns - right, rows - bottom)
    cut = library.crop_and_pad(
        image, box, None, None, image.shape, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, keep_size
    )
    return np.ascontiguousarray(cut, np.uint8)


def edge_crop(image: GrayImage, edge: Edge, depth: float) -> GrayImage:
    """Return `image` cut on one side so that the numeral runs off the sheet.

    Args:
        image: `uint8 H×W`.
        edge: which side.
        depth: how much of the ink goes, pen widths; at most 15 % of the ink's extent.

    Returns:
        A smaller sheet, at least 8 pixels on a side; a copy of `image` where there is no ink.
    """
    box = ink_box(image)
    if box is None:
        return image.copy()
    left, top, width, height = box
    extent = width if edge in ("left", "right") else height
    cut = round(min(depth * pen_width(image), MOST_CUT * extent))
    rows, columns = image.shape
    if edge == "left":
        kept = image[:, min(left + cut, max(columns - LEAST_SIDE, 0)) :]
    elif edge == "right":
        kept = image[:, : max(left + width - cut, LEAST_SIDE)]
    elif edge == "top":
        kept = image[min(top + cut, max(rows - LEAST_SIDE, 0)) :]
    else:
        kept = image[: max(top + height - cut, LEAST_SIDE)]
    return kept.copy()


def crop_to_ink(image: GrayImage, margins: list[float], speck: float = 0.0) -> GrayImage:
    """Return the part of `image` around its ink; the ink is kept whole.

    Args:
        image: `uint8 H×W`.
        margins: paper left at the top, right, bottom and left, shares of the longer side of the
            ink's box; less where the sheet ends before.
        speck: share of all ink; smaller pieces do not hold the box open, and may be cut off.

    Returns:
        A sheet of at least 8 pixels on a side, unless `image` has less; a copy of `image` where
        there is no ink.
    """
    box = box_of_pieces(ink_mask(image), speck)
    if box is None:
        return image.copy()
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    above, after, below, before = (round(margin * side) for margin in margins)
    rows, columns = image.shape
    down, across = (
        _span(top - above, bottom + below, rows),
        _span(left - before, right + after, columns),
    )
    return image[down, across].copy()


def _span(start: int, stop: int, side: int) -> slice:
    """Return what of a side of the sheet lies from `start` to `stop`, at least `LEAST_SIDE`."""
    first = max(min(start, side - LEAST_SIDE), 0)
    return slice(first, min(max(stop, first + LEAST_SIDE), side))
