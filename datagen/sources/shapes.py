"""Letters of ink as shapes: the pen's way in place of the ink, so that any pen can write it again.

Enters: a pool of letters as ink. Leaves: the same letters as strokes, drawn as those of the pen.
"""

from typing import Final

import cv2
import numpy as np

from datagen.core.glyphs import Glyph, GlyphPool
from datagen.images.skeleton import paths
from datagen.sources.settle import StrokeSurvey, smooth

_HEIGHT: Final = 96
"""Pixels of a letter when its middle line is taken: EMNIST's 20 pixels are too coarse a grid."""
_SMOOTHING: Final = 0.025
"""Letter heights: over the steps of the grid, below the bends of a hand."""


def as_shapes(pool: GlyphPool) -> GlyphPool:
    """Return the pool whose letters are strokes; the same ids, letters and writers."""
    return GlyphPool(pool.source, pool.infos, lambda key: shape_of(pool[key]))


def shape_of(glyph: Glyph) -> Glyph:
    """Return a letter of ink as strokes; as it is where it has strokes, or no line to follow."""
    if glyph.ink is None:
        return glyph
    scale = _HEIGHT / glyph.ink.shape[0]
    size = (max(round(glyph.ink.shape[1] * scale), 1), _HEIGHT)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    ink = cv2.resize(glyph.ink, size, interpolation=way)
    mask = np.pad((ink > 127).astype(np.uint8), 1)
    strokes = [path for path in paths(mask) if len(path) > 1]
    top = glyph.body_top * scale
    dots = tuple(k for k, stroke in enumerate(strokes) if stroke[:, 1].max() < top)
    body = tuple(k for k in range(len(strokes)) if k not in dots)
    if not body or np.ptp(np.concatenate([strokes[k][:, 1] for k in body])) < _HEIGHT / 8:
        return glyph
    found = StrokeSurvey(body, dots, 0, None)
    return Glyph(glyph.info, glyph.source, strokes=smooth(strokes, found, _SMOOTHING))
