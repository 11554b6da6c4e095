"""Parameters of the ops on the pen, and how they are drawn."""

from typing import Annotated

import numpy as np
from pydantic import Field

from pipelines.ops.gray import ink_box, pen_width
from pipelines.ops.pen import has_bars, has_loose_ink, most_apart
from pipelines.parameters.base import (
    DIGITS,
    Bounded,
    Drawn,
    Ordered,
    Parameters,
    Subject,
    pick,
    seed,
    seen,
)

Change = Annotated[float, Field(ge=-0.6, le=3)]
Loss = Annotated[float, Field(ge=0, le=0.7)]
Seen = Annotated[float, Field(ge=0, le=4)]
Pens = Annotated[float, Field(ge=0, le=4)]
Tilt = Annotated[float, Field(ge=-15, le=15)]
Ranges = Annotated[tuple[Pens, Pens], Bounded, Ordered]


class PenWidth(Parameters):
    """A thicker or thinner pen.

    Attributes:
        change: of the pen's width, share of it.
        keep_apart: paper that stays between strokes that were apart, share of the longer side:
            the pen gets less thick where it must; at 0 strokes may join.
        least_pen: width below which the pen is not thinned, pixels of an image of 32×32.
    """

    change: Annotated[tuple[Change, Change], Bounded, Ordered] = (-0.3, 0.5)
    keep_apart: Annotated[float, Field(ge=0, le=0.1)] = 0.0
    least_pen: Seen = 0.0

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:
        """Draw the change."""
        change = pick(self.change, rng)
        if self.keep_apart and change > 0:
            gap = self.keep_apart * max(subject.image.shape)
            change = most_apart(subject.image, change, gap)
        if self.least_pen and change < 0:
            pen = max(seen(pen_width(subject.image), subject.image), 1e-6)
            change = max(change, round(min(self.least_pen / pen - 1, 0.0), DIGITS))
        return {"change": change}


class Fade(Parameters):
    """A dry pen.

    Attributes:
        amount: share of the ink that is missing.
        patch: size of the gaps, pen widths; above 2 strokes break into dashes.
        least_pen: width below which a pen's ink is left alone, pixels of an image of 32×32.
    """

    amount: Annotated[tuple[Loss, Loss], Bounded, Ordered] = (0.05, 0.4)
    patch: Ranges = (0.6, 0.6)
    least_pen: Seen = 0.0

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw the amount, the seed and the size of the gaps; None where the pen is too thin."""
        if self.least_pen and seen(pen_width(subject.image), subject.image) < self.least_pen:
            return None
        drawn: Drawn = {"amount": pick(self.amount, rng), "seed": seed(rng)}
        if self.patch != (0.6, 0.6):
            drawn["patch"] = pick(self.patch, rng)
        return drawn


class Bars(Parameters):
    """Serif bars along the top and the bottom, as capitals carry them.

    Attributes:
        overhang: how far a bar stands out, pen widths.
        thickness: pen widths.
        tilt: degrees.
        wobble: deviation of a bar's course, pen widths.
    """

    overhang: Ranges = (0.3, 2.0)
    thickness: Ranges = (0.8, 1.1)
    tilt: Annotated[tuple[Tilt, Tilt], Bounded, Ordered] = (-4.0, 4.0)
    wobble: Ranges = (0.0, 0.5)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw a pair of bars; None for small letters, bars, dots or no ink."""
        if (
            subject.style in ("lower", "mixed")
            or ink_box(subject.image) is None
            or has_bars(subject.image)
            or has_loose_ink(subject.image)
        ):
            return None
        return {
            "overhang": pick(self.overhang, rng),
            "thickness": pick(self.thickness, rng),
            "tilt": pick(self.tilt, rng),
            "wobble": pick(self.wobble, rng),
            "seed": seed(rng),
        }
