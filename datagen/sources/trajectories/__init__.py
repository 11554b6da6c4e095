"""Letters from recorded pen strokes.

`source` is what the registry knows; `read` reads files of strokes, `settle` brings each letter to
the units of `Glyph.strokes`.
"""

from datagen.sources.trajectories.source import TrajectorySource

__all__ = ["TrajectorySource"]
