"""What a picture's style is, in numbers: the pen, the writing, the paper, the sheet.

Enters: a picture, ink 0 on paper 255. Leaves: one number per name in `FEATURES`. Pure functions.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from datagen.core.arrays import GrayImage
from datagen.images.shrinking import shrunk
from pipelines.ops.gray import box_of_pieces

Features = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Feature:
    """How one number is compared.

    Attributes:
        weight: how much it counts beside the others.
        by_class: what is usual for a class is taken off first: a VIII is wider than an I, whoever
            wrote it. A bar or ruled paper is one in any class.
    """

    weight: float
    by_class: bool = False


FEATURES: Final[dict[str, Feature]] = {
    "sheet": Feature(1.2, by_class=True),
    "ink height": Feature(1.5, by_class=True),
    "ink width": Feature(0.5, by_class=True),
    "pen": Feature(1.5),
    "darkness": Feature(1.0),
    "bar above": Feature(1.2),
    "bar below": Feature(1.2),
    "slant": Feature(0.6, by_class=True),
    "pieces": Feature(0.6, by_class=True),
    "dots": Feature(0.8),
    "ragged": Feature(0.7, by_class=True),
    "place across": Feature(0.4),
    "place down": Feature(0.4),
    "paper": Feature(1.0),
    "noise": Feature(0.8),
    "specks": Feature(0.5),
    "ruled": Feature(1.0),
    "cut": Feature(0.5),
    "levels": Feature(0.5),
}
"""What a style is made of; see `describe`."""

_PIECE: Final = 0.02  # share of the ink below which a connected stroke is a speck
_BAR: Final = 0.35  # of the box's width: a run of ink that long is a bar, no stroke's end …
_BAR_PENS: Final = 2.5  # … if it is so many times the pen's width, unlike across a bare stroke
_RULE: Final = 0.8  # of the sheet's side: a straight run of ink that long is no writing
_UPRIGHT: Final = np.deg2rad(40)  # strokes that lean by more are not asked for the slant
_SIDE: Final = 384  # pixels: a larger picture is described at this size; sizes count as they were


@dataclass(frozen=True, slots=True)
class _Writing:
    """The ink of a picture, `uint8 H×W` of 0 and 1, and the box around its pieces.

    In `joined` the dots that a faint pen leaves are strokes.
    """

    mask: GrayImage
    joined: GrayImage
    box: tuple[int, int, int, int]  # left, top, right, bottom

    @property
    def part(self) -> GrayImage:
        left, top, right, bottom = self.box
        return self.mask[top:bottom, left:right]


def describe(image: GrayImage) -> Features:
    """Return the numbers that `FEATURES` names, `float64`, not yet brought to one scale.

    Args:
        image: `uint8 H×W`; a blank sheet has numbers too.
    """
    small = shrunk(image, _SIDE)
    writing = _writing(small)
    scale = max(image.shape) / max(small.shape)
    pen = _pen_width(writing.part)
    values = {
        "sheet": float(np.log(np.sqrt(image.shape[0] * image.shape[1]))),
        **_size(writing, small.shape),
        **_pen(small, writing, pen, scale),
        **_strokes(writing, pen),
        **_paper(small, writing),
        "levels": float(np.log2(np.count_nonzero(np.bincount(image.ravel())))),
    }
    return np.array([values[name] for name in FEATURES])


def _writing(image: GrayImage) -> _Writing:
    """Find the ink: what is darker than Otsu's threshold."""
    how = cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU
    mask = np.asarray(cv2.threshold(image, 0, 1, how)[1], np.uint8)
    square = np.ones((5, 5), np.uint8)
    joined = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, square), np.uint8)
    box = box_of_pieces(joined, _PIECE)
    return _Writing(mask, joined, box or (0, 0, image.shape[1], image.shape[0]))


def _size(writing: _Writing, sheet: tuple[int, ...]) -> dict[str, float]:
    """Return how much of the sheet the writing takes, and where it stands."""
    left, top, right, bottom = writing.box
    height, width = sheet[0], sheet[1]
    return {
        "ink height": float(np.log((bottom - top) / height)),
        "ink width": float(np.log((right - left) / width)),
        "place across": (left + right) / 2 / width,
        "place down": (top + bottom) / 2 / height,
    }


def _pen_width(part: GrayImage) -> float:
    """Return the pen's width in pixels, 0 where there is no ink."""
    framed = np.pad(part, 1)
    # over a stroke of width w the distance to its edge is w / 4 on average
    return 4 * cv2.mean(cv2.distanceTransform(framed, cv2.DIST_L2, 3), framed)[0]


def _pen(image: GrayImage, writing: _Writing, width: float, scale: float) -> dict[str, float]:
    """Return the pen's width on the sheet, its darkness, and how even its edge is."""
    part = np.pad(writing.part, 1)
    area = int(part.sum())
    if not area:
        return {"pen": 0.0, "darkness": 0.0, "ragged": 0.0}
    edge = area - int(cv2.erode(part, np.ones((3, 3), np.uint8)).sum())
    left, top, right, bottom = writing.box
    drawn = image[top:bottom, left:right][writing.part > 0]
    return {
        "pen": float(np.log(width * scale)),
        "darkness": 1 - float(drawn.mean()) / 255,
        "ragged": edge * width / area,
    }


def _strokes(writing: _Writing, pen: float) -> dict[str, float]:
    """Return its bars, its slant, and what it consists of."""
    part = writing.part
    height, width = part.shape
    third = max(1, height // 3)
    # a bar that leans a little is one run
    thick = np.asarray(cv2.dilate(part, np.ones((3, 1), np.uint8)), np.uint8)
    run = round(max(_BAR * width, _BAR_PENS * pen))
    bars = _runs(thick, (1, run)) if run <= width else np.zeros_like(thick)
    _, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    pieces = stats[1:]
    areas = pieces[:, cv2.CC_STAT_AREA] if len(pieces) else np.zeros(0)
    sound = pieces[areas >= 0.005 * max(1, areas.sum())]
    low = sound[:, cv2.CC_STAT_HEIGHT] < 0.3 * height
    high = sound[:, cv2.CC_STAT_TOP] + sound[:, cv2.CC_STAT_HEIGHT] < 0.5 * height
    narrow = sound[:, cv2.CC_STAT_WIDTH] < 0.4 * height
    return {
        "bar above": float(bars[:third].any(axis=0).mean()),
        "bar below": float(bars[-third:].any(axis=0).mean()),
        "slant": _slant(part),
        "pieces": float(np.log(max(1, len(sound)))),
        "dots": float((low & high & narrow).any()),
    }


def _runs(mask: GrayImage, shape: tuple[int, int]) -> GrayImage:
    """Return what of a mask straight runs of that many rows and columns cover."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(shape, np.uint8)), np.uint8)


def _slant(part: GrayImage) -> float:
    """Return how far the near-upright strokes lean on average, radians, to the right positive."""
    soft = cv2.GaussianBlur(part.astype(np.float32), (0, 0), 1.0)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    lean = np.arctan2(down, across)
    lean = np.where(lean > np.pi / 2, lean - np.pi, np.where(lean < -np.pi / 2, lean + np.pi, lean))
    weight = np.hypot(across, down) * (np.abs(lean) < _UPRIGHT)
    total = float(weight.sum())
    return float((lean * weight).sum()) / total if total else 0.0


def _paper(image: GrayImage, writing: _Writing) -> dict[str, float]:
    """Return how the sheet looks beside the writing."""
    mask = writing.mask
    height, width = mask.shape
    bare = cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0
    grey = image[bare] if bare.any() else np.array([255], np.uint8)
    outside = int(mask.sum()) - int(writing.part.sum())
    lines = [
        _runs(writing.joined, shape)
        for shape in ((1, max(3, round(_RULE * width))), (max(3, round(_RULE * height)), 1))
    ]
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return {
        "paper": float(np.median(grey)) / 255,
        "noise": float(grey.std()) / 255,
        "specks": float(np.sqrt(outside / mask.size)),
        "ruled": float(np.sqrt(sum(int(line.sum()) for line in lines) / mask.size)),
        "cut": float(np.sqrt(border.mean())),
    }
