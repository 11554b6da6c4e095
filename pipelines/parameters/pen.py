"""Parameters of the ops on the pen, and how they are drawn."""

from typing import Annotated

import numpy as np
from pydantic import Field

from pipelines.ops.gray import ink_box
from pipelines.ops.pen import has_bars, has_loose_ink
from pipelines.parameters.base import Bounded, Drawn, Ordered, Parameters, Subject, pick, seed

Change = Annotated[float, Field(ge=-0.6, le=1)]
Loss = Annotated[float, Field(ge=0, le=0.7)]
Pens = Annotated[float, Field(ge=0, le=4)]
Tilt = Annotated[float, Field(ge=-15, le=15)]
Ranges = Annotated[tuple[Pens, Pens], Bounded, Ordered]


class PenWidth(Parameters):
    """A thicker or thinner pen.

    Attributes:
        change: of the pen's width, share of it.
    """

    change: Annotated[tuple[Change, Change], Bounded, Ordered] = (-0.3, 0.5)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the change."""
        return {"change": pick(self.change, rng)}


class Fade(Parameters):
    """A dry pen.

    Attributes:
        amount: share of the ink that is missing.
    """

    amount: Annotated[tuple[Loss, Loss], Bounded, Ordered] = (0.05, 0.4)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the amount and the seed."""
        return {"amount": pick(self.amount, rng), "seed": seed(rng)}


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
