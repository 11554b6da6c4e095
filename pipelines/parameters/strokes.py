"""Parameters of the stroke edits. They change the label, so a step must say `relabel: true`."""

from typing import Annotated

import numpy as np
from pydantic import Field

from pipelines.errors import InseparableStrokesError
from pipelines.labels import Effect
from pipelines.ops.strokes import add_stroke, remove_stroke
from pipelines.parameters.base import Bounded, Drawn, Ordered, Parameters, Subject, pick

Tilt = Annotated[float, Field(ge=-10, le=10)]
Stretch = Annotated[float, Field(ge=0.8, le=1.25)]


class RemoveStroke(Parameters):
    """Take the last i away, where it can be told apart."""

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:  # noqa: ARG002
        """Return which class it is done to; None where it cannot be."""
        try:
            remove_stroke(subject.image, subject.numeral)
        except InseparableStrokesError:
            return None
        return {"numeral": subject.numeral}

    def effect(self) -> Effect:
        """Return the edit."""
        return Effect(moves=("remove stroke",))


class AddStroke(Parameters):
    """Write one more i, a copy of the last, where it can be told apart.

    Attributes:
        tilt: degrees by which the copy is turned.
        stretch: factor on its height.
    """

    tilt: Annotated[tuple[Tilt, Tilt], Bounded, Ordered] = (-3.0, 3.0)
    stretch: Annotated[tuple[Stretch, Stretch], Bounded, Ordered] = (0.94, 1.06)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw the copy's tilt and stretch; None where it cannot be done."""
        tilt, stretch = pick(self.tilt, rng), pick(self.stretch, rng)
        try:
            add_stroke(subject.image, subject.numeral, tilt, stretch)
        except InseparableStrokesError:
            return None
        return {"numeral": subject.numeral, "tilt": tilt, "stretch": stretch}

    def effect(self) -> Effect:
        """Return the edit."""
        return Effect(moves=("add stroke",))
