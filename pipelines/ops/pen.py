"""What the pen did: thicker, thinner, dry, serif bars. Pure functions on `uint8 H×W`.

Lengths are in pen widths, which each op measures on the image it is given.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.ops.gray import Field, GrayImage, ink_box, ink_level, ink_mask, smooth_noise
from pipelines.ops.gray import pen_width as measure_pen

LEAST_PEN: Final = 1.2
"""A pen is not thinned below this, pixels: a numeral must not vanish."""
_EYE: Final = 2
"""Pixels of paper within a letter up to which it is grain."""
_THICKEST: Final = 0.3
"""Share of the ink's height that a thickened pen has at most."""
_STEPS: Final = 8
"""Of how much thicker a pen may get, tried from the thickest."""
_BAND: Final = 0.25
"""Share of the ink's height, at its top and bottom, in which a serif bar lies."""
_BARRED: Final = 0.6
"""A band whose ink covers this share of the numeral's width without a gap is a bar."""


def pen_width(image: GrayImage, change: float) -> GrayImage:
    """Return `image` as a thicker or thinner pen would have written it.

    Args:
        image: `uint8 H×W`.
        change: of the pen's width, share of it: 0.5 is half as thick again, -0.3 thinner by 30 %;
            no pen gets thinner than 1.2 pixels.
    """
    pen = measure_pen(image)
    if not pen:
        return image.copy()
    grow = (max(pen * (1 + change), min(pen, LEAST_PEN)) - pen) / 2
    mask = ink_mask(image)
    level = ink_level(image)
    if grow >= 0:
        distance = cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, 5)
        cover = np.clip(grow + 1 - distance, 0, 1) * (distance > 0)
        if grow >= 1:  # the old soft edge lies inside now: it takes its neighbours' ink
            image = np.asarray(cv2.erode(image, np.ones((3, 3), np.uint8)), np.uint8)
        thicker: GrayImage = np.minimum(image, (255 - cover * (255 - level)).astype(np.uint8))
        return thicker
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    paper = np.clip(1 - (distance + grow), 0, 1) * (distance > 0)
    # the stroke's own soft edge goes too: what was half ink outside is paper now
    paper[mask == 0] = 1
    thinner: GrayImage = np.maximum(image, (paper * 255).astype(np.uint8))
    return thinner


def most_apart(image: GrayImage, change: float, gap: float) -> float:
    """Return how much thicker the pen may get, at most `change`, and its strokes stay apart.

    They do while no two pieces of ink join and no paper between strokes closes or parts in two,
    and, where that is to be seen, a gap of that width is left.

    Args:
        image: `uint8 H×W`.
        change: of the pen's width, share of it; above 0.
        gap: pixels of paper that stay between strokes.
    """
    pen = measure_pen(image)
    if not pen or change <= 0:
        return change
    box = ink_box(image)
    if box is not None:  # of dense ink the pen cannot be told, and no gap says when to stop
        change = min(change, max(_THICKEST * box[3] / pen - 1, 0.0))
    least = pen * pen / 4
    mask = _without_specks(ink_mask(image), least)
    distance = np.asarray(cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, 5), np.float32)
    own = _pieces(distance, 0.0)
    for step in range(_STEPS, 0, -1):
        tried = change * step / _STEPS
        if _pieces(distance, pen * tried / 2 + gap / 2) == own:
            return round(tried, 4)
    return 0.0


def _without_specks(mask: GrayImage, least: float) -> GrayImage:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    kept = stats[:, cv2.CC_STAT_AREA] > least
    kept[0] = False
    return np.asarray(kept[labels] * 255, np.uint8)


def _pieces(distance: Field, grow: float) -> tuple[int, int]:
    """Return how many pieces of ink, and of paper of some size, there are with thicker strokes."""
    ink = (distance <= grow).astype(np.uint8)
    pieces = cv2.connectedComponents(ink)[0]
    paper = cv2.connectedComponentsWithStats(1 - ink, connectivity=4)[2][1:, cv2.CC_STAT_AREA]
    return pieces, int((paper > _EYE).sum())


def fade(image: GrayImage, amount: float, seed: int, patch: float = 0.6) -> GrayImage:
    """Return `image` as a dry pen would have written it: strokes with gaps and ragged edges.

    Args:
        image: `uint8 H×W`.
        amount: share of the ink that is missing, 0 … 1.
        seed: where.
        patch: size of the gaps, pen widths; above 2 strokes break into dashes.
    """
    mask = ink_mask(image) > 0
    pen = measure_pen(image)
    if not pen or amount <= 0:
        return image.copy()
    rng = np.random.default_rng(seed)
    patches = smooth_noise(image.shape, max(patch * pen, 0.5), rng)
    grain = smooth_noise(image.shape, max(0.1 * pen, 0.3), rng)
    flow = patches + np.float32(min(0.6, 0.36 / max(patch, 0.1))) * grain
    reach = 2 * round(max(2.0, 3 * patch) * pen) + 1
    flow -= cv2.blur(flow, (reach, reach))  # no stroke vanishes as a whole
    out = image.copy()
    out[mask & (flow < np.quantile(flow[mask], amount))] = 255
    return out


def has_bars(image: GrayImage) -> bool:
    """Return whether a bar runs along the top or the bottom of the whole numeral.

    What is hardly wider than the pen is a plain I and has none.
    """
    box = ink_box(image)
    if box is None or box[2] < 2 * measure_pen(image):
        return False
    left, top, width, height = box
    band = max(round(_BAND * height), 1)
    mask = ink_mask(image)[top : top + height, left : left + width]
    return any(
        _longest_run(part.max(axis=0) > 0) >= _BARRED * width
        for part in (mask[:band], mask[-band:])
    )


def has_loose_ink(image: GrayImage) -> bool:
    """Return whether there is ink beside the letters' bodies: dots, specks, lines, a neighbour.

    A body is at least half as high as the highest; specks below half a pen do not count.
    """
    stats = cv2.connectedComponentsWithStats(ink_mask(image))[2][1:]
    sizes = np.asarray(stats)[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    low = sizes[:, 1] < 0.5 * sizes[:, 1].max(initial=0)
    return bool((low & (sizes.max(axis=1) > 0.5 * measure_pen(image))).any())


def bars(
    image: GrayImage, overhang: float, thickness: float, tilt: float, wobble: float, seed: int
) -> GrayImage:
    """Return `image` with a bar along its top and one along its bottom.

    Args:
        image: `uint8 H×W`.
        overhang: how far a bar stands out on either side, pen widths.
        thickness: of a bar, pen widths.
        tilt: degrees by which the bars rise to the right.
        wobble: deviation of a bar's course, pen widths.
        seed: of the wobble.
    """
    box = ink_box(image)
    if box is None:
        return image.copy()
    left, top, width, height = box
    pen = measure_pen(image)
    rng = np.random.default_rng(seed)
    x = np.linspace(left - overhang * pen, left + width - 1 + overhang * pen, 8)
    rise = np.tan(np.deg2rad(tilt)) * (x - x.mean())
    out = image.copy()
    for y in (top + pen / 2, top + height - 1 - pen / 2):
        course = y - rise + rng.normal(0, wobble * pen, x.size).cumsum() / np.sqrt(x.size)
        points = np.stack([x, course], axis=1)
        cv2.polylines(  # sixteenths of a pixel: `shift`
            out,
            [np.rint(points * 16).astype(np.int32)],
            False,
            ink_level(image),
            max(round(thickness * pen), 1),
            cv2.LINE_AA,
            shift=4,
        )
    return np.minimum(image, out)


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    """Return the length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
