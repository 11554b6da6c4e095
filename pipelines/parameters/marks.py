"""Parameters of stray marks and blots, and how they are drawn."""

from typing import Annotated, Final

import numpy as np
from pydantic import Field

from pipelines.ops.gray import box_of_pieces, ink_level, ink_mask, pen_width
from pipelines.parameters.base import (
    DIGITS,
    SPECK,
    Bounded,
    Drawn,
    Ordered,
    Parameters,
    Share,
    Subject,
    pick,
    pick_count,
    seed,
)

_TRIES: Final = 8
"""Places tried for a mark before it is left out."""

Count = Annotated[int, Field(ge=0, le=20)]
Counts = Annotated[tuple[Count, Count], Bounded, Ordered]
Pens = Annotated[float, Field(ge=0, le=4)]
Length = Annotated[float, Field(ge=0.02, le=0.6)]


class StrayMarks(Parameters):
    """Short lines beside what is written: dashes, dots, and ends of a neighbour's strokes.

    Attributes:
        count: how many.
        length: share of the height of what is written; short, so that none is read as a letter.
        thickness: pen widths.
        edge: share of the marks that come in over an edge of the sheet.
    """

    count: Counts = (1, 3)
    length: Annotated[tuple[Length, Length], Bounded, Ordered] = (0.03, 0.3)
    thickness: Annotated[tuple[Pens, Pens], Bounded, Ordered] = (0.5, 1.2)
    edge: Share = 0.5

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw marks that keep two pen widths away; None where there is no room, or no ink."""
        box = box_of_pieces(ink_mask(subject.image), SPECK)
        pen = pen_width(subject.image)
        if box is None or not pen:
            return None
        thickness = round(pick(self.thickness, rng) * pen, 2)
        count = pick_count(self.count, rng)
        drawn = (self._mark(box, pen, subject.image.shape, rng) for _ in range(count))
        lines = [line for line in drawn if line is not None]
        if not lines:
            return None
        return {"lines": lines, "thickness": thickness, "level": ink_level(subject.image)}

    def _mark(
        self,
        box: tuple[int, int, int, int],
        pen: float,
        shape: tuple[int, ...],
        rng: np.random.Generator,
    ) -> list[float] | None:
        """Draw one mark, ends as shares of the sheet; None where none of the tries had room."""
        rows, columns = shape
        left, top, right, bottom = box
        away = 2 * pen + 1
        for _ in range(_TRIES):
            length = pick(self.length, rng) * (bottom - top)
            middle = rng.random(2) * (columns, rows)
            if rng.random() < self.edge:  # half of it lies on the neighbour's sheet
                side = int(rng.integers(2))
                middle[side] = (columns, rows)[side] * int(rng.integers(2))
            angle = rng.uniform(0, np.pi)
            half = length / 2 * np.array([np.cos(angle), np.sin(angle)])
            ends = np.stack([middle - half, middle + half])
            (x0, y0), (x1, y1) = ends.min(axis=0), ends.max(axis=0)
            beside = x1 < left - away or x0 > right + away
            if beside or y1 < top - away or y0 > bottom + away:
                return [float(v) for v in np.round(ends / (columns, rows), DIGITS).ravel()]
        return None


class Blots(Parameters):
    """Blots on the strokes, where the pen rested or leaked.

    Attributes:
        count: how many.
        size: mean diameter, pen widths.
    """

    count: Counts = (1, 3)
    size: Annotated[tuple[Pens, Pens], Bounded, Ordered] = (1.2, 2.2)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw their number, size and seed."""
        return {
            "count": pick_count(self.count, rng),
            "size": pick(self.size, rng),
            "seed": seed(rng),
        }
