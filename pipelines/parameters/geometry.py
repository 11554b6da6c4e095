"""Parameters of the ops that move ink, what they may do to the label, and how they are drawn."""

from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from pipelines.labels import Effect, Move
from pipelines.ops.geometry import Edge, Fill, affine_matrix
from pipelines.ops.gray import GrayImage, box_of_pieces, ink_box, ink_mask, pen_width
from pipelines.parameters.base import (
    DIGITS,
    SEEN,
    SPECK,
    Bounded,
    Drawn,
    Ordered,
    Parameters,
    Subject,
    pick,
    seed,
    seen,
    widest,
)

Angle = Annotated[float, Field(ge=-180, le=180)]
Lean = Annotated[float, Field(ge=-60, le=60)]
Factor = Annotated[float, Field(ge=0.1, le=5)]
Move1 = Annotated[float, Field(ge=-0.5, le=0.5)]
Margin = Annotated[float, Field(ge=0, le=0.45)]

Angles = Annotated[tuple[Angle, Angle], Bounded, Ordered]
Leans = Annotated[tuple[Lean, Lean], Bounded, Ordered]
Factors = Annotated[tuple[Factor, Factor], Bounded, Ordered]
Moves = Annotated[tuple[Move1, Move1], Bounded, Ordered]
Margins = Annotated[tuple[Margin, Margin], Bounded, Ordered]

_TURNS: Final[dict[int, Move]] = {1: "quarter turn", 2: "half turn", 3: "quarter turn"}


class Affine(Parameters):
    """Scale, turn, shear and move about the middle.

    Attributes:
        rotate: degrees, counter-clockwise.
        shear: degrees by which upright strokes lean.
        scale: factor.
        keep_ratio: one factor for both directions, or one each.
        translate: share of the width, and again of the height.
        fill: what lies beyond the sheet's edge.
        keep_ink: move less where ink would leave the sheet, and not at all where it must.
    """

    rotate: Angles = (0.0, 0.0)
    shear: Leans = (0.0, 0.0)
    scale: Factors = (1.0, 1.0)
    keep_ratio: bool = True
    translate: Moves = (0.0, 0.0)
    fill: Fill = "white"
    keep_ink: bool = False

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:
        """Draw the six numbers of a plain affine map."""
        rotate, shear = pick(self.rotate, rng), pick(self.shear, rng)
        across = pick(self.scale, rng)
        scale = (across, across if self.keep_ratio else pick(self.scale, rng))
        translate = (pick(self.translate, rng), pick(self.translate, rng))
        if self.keep_ink:
            translate = _kept(subject, rotate, shear, scale, translate)
        return {
            "rotate": rotate,
            "shear": shear,
            "scale": [*scale],
            "translate": [*translate],
            "fill": self.fill,
        }

    def effect(self) -> Effect:
        """Return its largest angles, moves and scales."""
        return Effect(
            turn=widest(self.rotate),
            shear=widest(self.shear),
            shift=0.0 if self.keep_ink else widest(self.translate),
            scale=self.scale,
        )


class Nothing(Parameters):
    """An op without parameters."""

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw nothing."""
        return {}


class HorizontalFlip(Nothing):
    """Mirror left to right."""

    def effect(self) -> Effect:
        """Return a mirror."""
        return Effect(moves=("mirror",))


class VerticalFlip(Nothing):
    """Mirror top to bottom."""

    def effect(self) -> Effect:
        """Return a flip."""
        return Effect(moves=("flip",))


class Rotate90(Parameters):
    """Turn by a multiple of 90°, counter-clockwise.

    Attributes:
        turns: how many quarter turns, one of these.
    """

    turns: Annotated[tuple[Literal[1, 2, 3], ...], Field(min_length=1)] = (2,)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw one of the turns."""
        return {"turns": int(self.turns[rng.integers(len(self.turns))])}

    def effect(self) -> Effect:
        """Return its quarter and half turns."""
        return Effect(moves=tuple(dict.fromkeys(_TURNS[turn] for turn in self.turns)))


class Perspective(Parameters):
    """See the sheet from the side.

    Attributes:
        strength: how far a corner moves, share of the sides.
    """

    strength: Margins = (0.0, 0.08)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw four corners' moves, inwards or outwards."""
        strength = pick(self.strength, rng)
        moves = np.round(rng.uniform(-strength, strength, (4, 2)), DIGITS)
        return {"corners": moves.tolist()}

    def effect(self) -> Effect:
        """Return the move of a corner."""
        return Effect(shift=self.strength[1])


class Elastic(Parameters):
    """Distort smoothly, as an unsteady hand.

    Attributes:
        reach: largest move of a point, share of the shorter side.
        smoothness: sigma of the field of moves, share of the shorter side.
    """

    reach: Annotated[
        tuple[Annotated[float, Field(ge=0, le=0.06)], Annotated[float, Field(ge=0, le=0.06)]],
        Bounded,
        Ordered,
    ] = (0.0, 0.03)
    smoothness: Annotated[
        tuple[Annotated[float, Field(ge=0.03, le=1)], Annotated[float, Field(ge=0.03, le=1)]],
        Bounded,
        Ordered,
    ] = (0.08, 0.16)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw the field's reach, smoothness and seed."""
        return {
            "reach": pick(self.reach, rng),
            "smoothness": pick(self.smoothness, rng),
            "seed": seed(rng),
        }

    def effect(self) -> Effect:
        """Return the move of a point."""
        return Effect(shift=self.reach[1])


class Crop(Parameters):
    """Cut a margin off each side, each drawn on its own.

    Attributes:
        share: of the side.
        keep_size: enlarge what is left to the former size.
    """

    share: Margins = (0.0, 0.05)
    keep_size: bool = True

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn:  # noqa: ARG002
        """Draw four margins."""
        return {"shares": [pick(self.share, rng) for _ in range(4)], "keep_size": self.keep_size}

    def effect(self) -> Effect:
        """Return the margin cut off."""
        return Effect(shift=self.share[1])


class EdgeCrop(Parameters):
    """Cut the sheet so that the numeral runs off it by a little.

    Attributes:
        edges: where, one of these.
        depth: how much of the ink goes at the top, pen widths; at the other edges, where it could
            take a whole stroke or the foot of a v, a quarter of that.
    """

    edges: Annotated[tuple[Edge, ...], Field(min_length=1)] = ("left", "right", "top", "bottom")
    depth: Annotated[
        tuple[Annotated[float, Field(ge=0, le=2)], Annotated[float, Field(ge=0, le=2)]],
        Bounded,
        Ordered,
    ] = (0.0, 2.0)

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw an edge and a depth; None where there is no ink."""
        if ink_box(subject.image) is None:
            return None
        edge = self.edges[rng.integers(len(self.edges))]
        depth = pick(self.depth, rng)
        return {"edge": edge, "depth": depth if edge == "top" else round(depth / 4, DIGITS)}


class CropToInk(Parameters):
    """Cut the sheet down to the ink, as whole as it was, and some paper around it.

    Attributes:
        margin: of paper, share of the longer side of the ink's box; drawn for each edge.
        speck: share of all ink; smaller pieces do not hold the box open. On the competition's
            sheets 0.005 leaves dust out and keeps the dot of every i.
    """

    margin: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]],
        Bounded,
        Ordered,
    ] = (0.05, 0.25)
    speck: Annotated[float, Field(ge=0, le=0.02)] = 0.005

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw four margins; None where there is no ink."""
        if ink_box(subject.image) is None:
            return None
        return {"margins": [pick(self.margin, rng) for _ in range(4)], "speck": self.speck}


class Shrink(Parameters):
    """Write it smaller, anywhere on a sheet of the same size.

    It is shrunk less where the pen would get too thin, or where the strokes that a line across it
    meets, and the paper between them, would get less than a pixel each of an image of 32×32.

    Attributes:
        extent: the longer side of what is written afterwards, share of the sheet's.
        least_pen: width the pen keeps at least, pixels of an image of 32×32; below 0.6 strokes
            that stand upright may vanish when the evaluator shrinks the image.
        speck: share of all ink; smaller pieces are no part of what is written.
    """

    extent: Annotated[
        tuple[Annotated[float, Field(ge=0.1, le=1)], Annotated[float, Field(ge=0.1, le=1)]],
        Bounded,
        Ordered,
    ] = (0.25, 0.5)
    least_pen: Annotated[float, Field(ge=0, le=4)] = 0.7
    speck: Annotated[float, Field(ge=0, le=0.02)] = SPECK

    def draw(self, subject: Subject, rng: np.random.Generator) -> Drawn | None:
        """Draw a factor and a place that keeps what is written on the sheet; None without ink."""
        box = box_of_pieces(ink_mask(subject.image), self.speck)
        pen = pen_width(subject.image)
        if box is None or not pen:
            return None
        left, top, right, bottom = box
        rows, columns = subject.image.shape
        extent = max((right - left) / columns, (bottom - top) / rows)
        thinnest = self.least_pen / seen(pen, subject.image)
        narrowest = (2 * _strokes_across(subject.image, box) - 1) / SEEN / (right - left) * columns
        wanted = pick(self.extent, rng) / extent
        factor = round(min(max(wanted, thinnest, narrowest), 1.0), DIGITS)
        x, y = rng.random(2)
        return {
            "factor": factor,
            "left": round(x * (columns - factor * (right - left)) - factor * left),
            "top": round(y * (rows - factor * (bottom - top)) - factor * top),
        }


def _strokes_across(image: GrayImage, box: tuple[int, int, int, int]) -> int:
    """Return how many strokes a level line across the box meets, in nine lines of ten at most."""
    left, top, right, bottom = box
    ink = np.pad(ink_mask(image)[top:bottom, left:right] > 0, ((0, 0), (1, 0)))
    begun = (ink[:, 1:] & ~ink[:, :-1]).sum(axis=1)
    return int(np.quantile(begun, 0.9))


def _kept(
    subject: Subject,
    rotate: float,
    shear: float,
    scale: tuple[float, float],
    translate: tuple[float, float],
) -> tuple[float, float]:
    """Return `translate`, changed where the ink's box would leave the sheet.

    Where the box is larger than the sheet, its middle stays in the sheet's.
    """
    box = ink_box(subject.image)
    if box is None:
        return translate
    rows, columns = subject.image.shape
    left, top, width, height = box
    matrix = affine_matrix((rows, columns), rotate, shear, scale, (0.0, 0.0))
    kept = []
    for wanted, side, (x, y, shift) in zip(
        translate, (columns, rows), matrix.tolist(), strict=True
    ):
        across = sorted((x * left, x * (left + width - 1)))
        down = sorted((y * top, y * (top + height - 1)))
        low, high = (across[k] + down[k] + shift for k in (0, 1))
        least, most = -low / side, (side - 1 - high) / side
        moved = (least + most) / 2 if least > most else min(max(wanted, least), most)
        kept.append(round(moved, DIGITS))
    return kept[0], kept[1]
