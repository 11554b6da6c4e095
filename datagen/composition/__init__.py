"""Glyphs become numerals.

`sample` draws every parameter, `render` uses them and nothing else, so any image can be made
again from its record.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from datagen.composition import classic
from datagen.composition.classic import (
    ClassicChars74k,
    ClassicChars74kOptions,
    ClassicEmnist,
    ClassicEmnistOptions,
)
from datagen.composition.handwritten import parameters as hand
from datagen.composition.handwritten import render as hand_render
from datagen.composition.handwritten import twins as hand_twins
from datagen.composition.handwritten.layout import SheetLayout
from datagen.composition.handwritten.legibility import stroke_legibility
from datagen.composition.handwritten.parameters import Hand, HandOptions
from datagen.composition.handwritten.wide import sample_wide
from datagen.core.arrays import GrayImage
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.glyphs import Glyph, GlyphInfo
from datagen.core.numerals import CaseStyle

Composition = Annotated[Hand | ClassicEmnist | ClassicChars74k, Field(discriminator="method")]
"""The record of one composed numeral."""
ComposeOptions = Annotated[
    HandOptions | ClassicEmnistOptions | ClassicChars74kOptions,
    Field(discriminator="method"),
    BeforeValidator(
        lambda given: {"method": "hand", **given} if isinstance(given, dict) else given
    ),
]
"""What a recipe says about composition."""

__all__ = [
    "ComposeOptions",
    "Composition",
    "SheetLayout",
    "first_layout",
    "glyph_ids",
    "render",
    "render_judged",
    "sample",
    "twin_of",
]


def sample(
    glyphs: Sequence[GlyphInfo],
    numeral: str,
    style: CaseStyle,
    options: ComposeOptions,
    rng: np.random.Generator,
) -> Composition:
    """Draw how `glyphs` become `numeral`, by the method that `options` name."""
    if isinstance(options, HandOptions):
        by = sample_wide if options.ranges == "wide" else hand.sample
        drawn = by(glyphs, numeral, style, options, rng)
        return drawn if options.width is None else hand.narrowed(drawn, options.width, rng)
    if isinstance(options, ClassicEmnistOptions):
        return classic.sample_emnist(glyphs, numeral, rng)
    return classic.sample_chars74k(glyphs, rng)


def twin_of(
    drawn: Composition, glyphs: Sequence[Glyph], other: Sequence[Glyph], places: Sequence[int]
) -> Hand:
    """Return `drawn` with other letters in the places of its own; see `handwritten.twins`.

    Raises:
        ValueError: it was not drawn by the method `hand`.
    """
    if not isinstance(drawn, Hand):
        raise ValueError(f"twins are written by hand, not by {drawn.method}")
    return hand_twins.twin_of(drawn, glyphs, other, places)


def first_layout(drawn: Composition, glyphs: Sequence[Glyph]) -> SheetLayout | None:
    """Return what of rendering can be done before anything is drawn; None if nothing can."""
    return hand_render.first_layout(drawn, glyphs) if isinstance(drawn, Hand) else None


def render(
    drawn: Composition, glyphs: Sequence[Glyph], layout: SheetLayout | None = None
) -> GrayImage:
    """Return the image of `drawn`: `uint8 H×W`, ink 0 on paper 255. Pure.

    Args:
        drawn: the drawn parameters.
        glyphs: the letters that it names.
        layout: what `first_layout` returns for them, where it is known already.
    """
    if isinstance(drawn, Hand):
        return hand_render.render(drawn, glyphs, layout)
    if isinstance(drawn, ClassicEmnist):
        return classic.render_emnist(drawn, glyphs)
    return classic.render_chars74k(drawn, glyphs)


def render_judged(
    drawn: Composition, glyphs: Sequence[Glyph], layout: SheetLayout | None = None
) -> tuple[GrayImage, float | None]:
    """Return the image of `drawn`, and how well its letters can be read at 32×32.

    Args:
        drawn: as of `render`, and so are the others.
        glyphs: the letters.
        layout: of them, or None.

    Returns:
        The image as `render` returns it, and a legibility, 0 … 1; None where it cannot be judged
        by strokes, for the letters are ink or the method is a classic one.
    """
    if not isinstance(drawn, Hand) or any(glyph.strokes is None for glyph in glyphs):
        return render(drawn, glyphs, layout), None
    image, layout = hand_render.render_with_layout(drawn, glyphs, layout)
    return image, stroke_legibility(layout, glyphs, image, evaluator_view(image))


def glyph_ids(drawn: Composition) -> tuple[str, ...]:
    """Return the ids of the glyphs that `render` needs, left to right."""
    if isinstance(drawn, Hand):
        return tuple(pose.glyph for pose in drawn.letters)
    return drawn.glyphs
