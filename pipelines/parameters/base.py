"""What all parameter models share: ranges, how values are drawn, what comes out. No op here."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from pipelines.labels import Effect, Style
from pipelines.numbers import Numbers
from pipelines.ops.gray import GrayImage

Drawn: TypeAlias = dict[str, Any]
"""Arguments of an op's function: JSON-able, and equal after a round trip through JSON."""

DIGITS = 4
"""Decimals of a drawn number: finer than a pixel, and short in a manifest of 10,000 lines."""

SEEN: Final = 32
"""Pixels along a side of what the evaluator sees."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """The image a step is about to change, and what it shows.

    Attributes:
        image: `uint8 H×W`.
        numeral: its class.
        style: its case style.
    """

    image: GrayImage
    numeral: str
    style: Style


class Parameters(Numbers):
    """Ranges of one op's parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw concrete values; None where the op cannot be done on this image."""
        raise NotImplementedError

    def effect(self) -> Effect:
        """Return the most that the op may do to what is written."""
        return Effect()


def _as_range(value: object) -> object:
    return (value, value) if isinstance(value, int | float) else value


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError(
            f"[{value[0]:g}, {value[1]:g}] runs backwards; write the smaller one first"
        )
    return value


def number(low: float, high: float) -> Any:
    """Return the annotation of a number between two bounds."""
    return Field(ge=low, le=high)


Bounded = BeforeValidator(_as_range)
Ordered = AfterValidator(_ordered)
Share = Annotated[float, Field(ge=0, le=1)]


SPECK: Final = 0.01
"""Share of all ink below which a piece is no part of what is written."""


def pick(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    """Draw evenly from a range; a range of one value takes no draw."""
    low, high = bounds
    return low if low == high else round(low + (high - low) * rng.random(), DIGITS)


def pick_count(bounds: tuple[int, int], rng: np.random.Generator) -> int:
    """Draw a whole number of a range, both ends as often as what lies between."""
    return int(rng.integers(bounds[0], bounds[1] + 1))


def seed(rng: np.random.Generator) -> int:
    """Draw the seed of a noise."""
    return int(rng.integers(2**32))


def seen(pixels: float, image: GrayImage) -> float:
    """Return how many pixels a length has when the image is shrunk to 32×32."""
    return float(pixels * SEEN / max(image.shape))


def widest(bounds: tuple[float, float], neutral: float = 0.0) -> float:
    """Return how far a range reaches from its neutral value."""
    return max(abs(bounds[0] - neutral), abs(bounds[1] - neutral))
