"""What light and the scanner's lid do to a sheet: dark edges, patches of shade. Pure functions.

As in `pipelines.ops.paper`, shade is grey and grainy: the scan breaks it into specks.
"""

import cv2
import numpy as np

from pipelines.ops.geometry import Edge
from pipelines.ops.gray import Field, GrayImage, darken, smooth_noise

_CELLS = 8
"""Cells along a sheet for one patch of shade: enough for a smooth field, and fast."""
_ROUGH = 0.15
"""Deviation of a dark edge's border, share of its depth."""


def dark_edge(
    image: GrayImage,
    edge: Edge,
    depth: float,
    softness: float,
    tilt: float,
    darkness: float,
    grain: float,
    seed: int,
) -> GrayImage:
    """Return `image` with one edge of the sheet dark, as a scanner's lid or the desk leaves it.

    Args:
        image: `uint8 H×W`.
        edge: which.
        depth: how far the dark band goes, share of the shorter side.
        softness: share of the band over which it fades to paper; 0: a hard border.
        tilt: degrees between the band's border and the edge.
        darkness: of the band, 0 … 1; below 0.5 only its grain survives the scan.
        grain: deviation of the paper's darkness, 0 … 1.
        seed: of the border's roughness and of the grain.
    """
    rng = np.random.default_rng(seed)
    side = min(image.shape)
    upright = edge in ("left", "right")
    long, across = image.shape if upright else image.shape[::-1]
    rough = smooth_noise((1, long), (side / 16, 0), rng)[0] * np.float32(_ROUGH * depth)
    lean = (np.arange(long) - (long - 1) / 2) / side * np.tan(np.deg2rad(tilt))
    reach = (np.float32(depth) + rough + lean.astype(np.float32))[:, None]
    place = (np.arange(across, dtype=np.float32) / side)[None, :]
    fading = max(softness * depth, 1 / side)
    shade = np.clip((reach - place) / np.float32(fading), 0, 1)
    if edge in ("right", "bottom"):
        shade = shade[:, ::-1]
    if not upright:
        shade = shade.T
    return darken(image, _grainy(np.ascontiguousarray(shade), darkness, grain, rng))


def uneven_light(
    image: GrayImage, darkness: float, size: float, grain: float, seed: int
) -> GrayImage:
    """Return `image` under light that leaves smooth patches of the sheet in the shade.

    Args:
        image: `uint8 H×W`.
        darkness: of the darkest patches, 0 … 1; below 0.5 only grain survives the scan.
        size: of a patch, share of the shorter side.
        grain: deviation of the paper's darkness, 0 … 1.
        seed: where, and of the grain.
    """
    rng = np.random.default_rng(seed)
    cell = max(size * min(image.shape) / _CELLS, 1.0)
    rows, columns = (max(round(side / cell), 2) for side in image.shape)
    coarse = smooth_noise((rows, columns), _CELLS / 3, rng)
    wide = cv2.resize(coarse, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
    shade = np.asarray(np.clip(np.asarray(wide) / 2, 0, 1), np.float32)
    return darken(image, _grainy(shade, darkness, grain, rng))


def _grainy(shade: Field, darkness: float, grain: float, rng: np.random.Generator) -> Field:
    """Return the darkness of paper in the shade: grain shows where light fails."""
    fibres = smooth_noise(shade.shape, (1.2, 0.5), rng)
    return np.asarray(
        shade * np.float32(darkness) + np.sqrt(shade) * np.float32(grain) * fibres, np.float32
    )
