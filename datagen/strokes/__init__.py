"""Recorded pen strokes: reading files of them, and bringing each letter to one measure.

Files and raw points enter; letters in the units of `Glyph.strokes` leave.
"""

from datagen.strokes.read import Trajectory, read_trajectories
from datagen.strokes.settle import smooth, survey

__all__ = ["Trajectory", "read_trajectories", "smooth", "survey"]
