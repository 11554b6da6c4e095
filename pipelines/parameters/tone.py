"""Parameters of the ops on grey levels and of noise, and how they are drawn."""

from typing import Annotated

import numpy as np
from pydantic import Field

from pipelines.parameters.base import (
    Bounded,
    Drawn,
    Ordered,
    Parameters,
    Share,
    Subject,
    pick,
    seed,
)

Shares = Annotated[tuple[Share, Share], Bounded, Ordered]
Positive = Annotated[float, Field(ge=0, le=10)]
Positives = Annotated[tuple[Positive, Positive], Bounded, Ordered]
Scales = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1)], Annotated[float, Field(gt=0, le=1)]],
    Bounded,
    Ordered,
]


class Scan(Parameters):
    """The organisers' scan: 0, 64 and 255 only.

    Attributes:
        step: size of a quantisation step.
    """

    step: Annotated[int, Field(ge=1, le=127)] = 64

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Return the step."""
        return {"step": self.step}


class Contrast(Parameters):
    """Distance from mid-grey times a factor; also `multiply`'s parameters.

    Attributes:
        factor: 1 leaves the image alone.
    """

    factor: Positives = (0.8, 1.2)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the factor."""
        return {"factor": pick(self.factor, rng)}


class Multiply(Contrast):
    """Every value times a factor.

    Attributes:
        factor: below 1 darker, above 1 brighter.
    """


class GaussianBlur(Parameters):
    """Smooth by a Gaussian.

    Attributes:
        sigma: pixels.
    """

    sigma: Positives = (0.0, 1.0)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw sigma."""
        return {"sigma": pick(self.sigma, rng)}


class Downscale(Parameters):
    """Shrink and enlarge again.

    Attributes:
        factor: by which the image is shrunk.
    """

    factor: Scales = (0.3, 0.7)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the factor."""
        return {"factor": pick(self.factor, rng)}


class GaussianNoise(Parameters):
    """Zero-mean Gaussian noise.

    Attributes:
        sigma: standard deviation, share of 255.
    """

    sigma: Shares = (0.0, 0.05)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the deviation and the seed."""
        return {"sigma": pick(self.sigma, rng), "seed": seed(rng)}


class UniformNoise(Parameters):
    """Uniform noise.

    Attributes:
        amount: half of its range, share of 255.
    """

    amount: Shares = (0.0, 0.1)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the amount and the seed."""
        return {"amount": pick(self.amount, rng), "seed": seed(rng)}


class ImpulseNoise(Parameters):
    """Pixels set to black or white.

    Attributes:
        share: of the pixels.
    """

    share: Shares = (0.0, 0.02)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the share and the seed."""
        return {"share": pick(self.share, rng), "seed": seed(rng)}


class Speckle(Parameters):
    """Dark specks.

    Attributes:
        density: specks per 10,000 pixels.
        size: mean diameter, share of the shorter side.
    """

    density: Annotated[
        tuple[Annotated[float, Field(ge=0, le=100)], Annotated[float, Field(ge=0, le=100)]],
        Bounded,
        Ordered,
    ] = (0.2, 4.0)
    size: Annotated[
        tuple[Annotated[float, Field(ge=0, le=0.05)], Annotated[float, Field(ge=0, le=0.05)]],
        Bounded,
        Ordered,
    ] = (0.004, 0.01)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:
        """Draw the density, the size in pixels, and the seed."""
        return {
            "density": pick(self.density, rng),
            "size": round(pick(self.size, rng) * min(subject.image.shape), 2),
            "seed": seed(rng),
        }
