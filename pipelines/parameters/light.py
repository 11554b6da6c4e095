"""Parameters of the ops on light and dark edges, and how they are drawn."""

import math
from typing import Annotated, Final, get_args

import numpy as np
from pydantic import Field

from pipelines.ops.geometry import Edge
from pipelines.ops.gray import box_of_pieces, ink_mask
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
    seed,
)

EDGES: Final[tuple[Edge, ...]] = get_args(Edge)

Shares = Annotated[tuple[Share, Share], Bounded, Ordered]
Tilt = Annotated[float, Field(ge=-15, le=15)]
Depth = Annotated[float, Field(ge=0, le=0.3)]
Size = Annotated[float, Field(ge=0.1, le=2)]


class DarkEdge(Parameters):
    """A dark band along one edge, as a scanner's lid or the desk beside the sheet leaves it.

    Attributes:
        edges: where, one of these.
        depth: share of the shorter side; no deeper than the paper beside what is written.
        softness: share of the band over which it fades to paper; 0: a hard border.
        tilt: degrees between the band's border and the edge; less where it would reach the ink.
        darkness: below 0.5 only its grain survives the scan.
        grain: deviation of the paper's darkness.
    """

    edges: Annotated[tuple[Edge, ...], Field(min_length=1)] = EDGES
    depth: Annotated[tuple[Depth, Depth], Bounded, Ordered] = (0.02, 0.12)
    softness: Shares = (0.0, 1.0)
    tilt: Annotated[tuple[Tilt, Tilt], Bounded, Ordered] = (-3.0, 3.0)
    darkness: Shares = (0.45, 1.0)
    grain: Shares = (0.05, 0.16)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw a band; None where what is written reaches to the edge, or there is no ink."""
        edge = self.edges[rng.integers(len(self.edges))]
        paper = _paper_beside(subject, edge)
        depth = min(pick(self.depth, rng), 0.6 * paper)
        if depth <= 0 or depth < self.depth[0] / 2:
            return None
        softness, tilt = pick(self.softness, rng), pick(self.tilt, rng)
        along = max(subject.image.shape) / min(subject.image.shape) / 2
        most = math.degrees(math.atan(max(0.9 * paper - 1.3 * depth, 0.0) / along))
        return {
            "edge": edge,
            "depth": round(depth, DIGITS),
            "softness": softness,
            "tilt": round(min(max(tilt, -most), most), DIGITS),
            "darkness": pick(self.darkness, rng),
            "grain": pick(self.grain, rng),
            "seed": seed(rng),
        }


class UnevenLight(Parameters):
    """Smooth patches of the sheet in the shade.

    Attributes:
        darkness: of the darkest patches; below 0.5 only grain survives the scan.
        size: of a patch, share of the shorter side.
        grain: deviation of the paper's darkness.
    """

    darkness: Shares = (0.3, 0.45)
    size: Annotated[tuple[Size, Size], Bounded, Ordered] = (0.3, 1.0)
    grain: Shares = (0.06, 0.12)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the patches."""
        return {
            "darkness": pick(self.darkness, rng),
            "size": pick(self.size, rng),
            "grain": pick(self.grain, rng),
            "seed": seed(rng),
        }


def _paper_beside(subject: Subject, edge: Edge) -> float:
    """Return how much paper lies beside what is written, share of the shorter side."""
    rows, columns = subject.image.shape
    box = box_of_pieces(ink_mask(subject.image), SPECK)
    if box is None:  # what cannot be seen is not to be covered
        return 0.0
    left, top, right, bottom = box
    paper = {"left": left, "top": top, "right": columns - right, "bottom": rows - bottom}[edge]
    return float(paper / min(rows, columns))
