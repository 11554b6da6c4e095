"""The embedded default: a hand that holds a pen.

`source` is what the registry knows; `writer` draws a writer's habits, `letters` the paths of the
letters, `hand` the writing itself. No file enters, only numbers and a generator.
"""

from datagen.sources.pen.source import PenSource

__all__ = ["PenSource"]
