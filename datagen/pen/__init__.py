"""A hand that holds a pen: a writer's habits, the paths of the letters, the writing itself.

Pure geometry and its random draws; nothing enters but numbers and a generator.
"""

from datagen.pen.hand import Written, write
from datagen.pen.writer import Writer, draw_writer

__all__ = ["Writer", "Written", "draw_writer", "write"]
