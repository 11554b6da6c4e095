"""The twin of a numeral as written: other letters in the places of its own. Nothing is drawn."""

from collections.abc import Sequence
from dataclasses import replace

from datagen.composition.handwritten.layout import height_in_pixels
from datagen.composition.handwritten.parameters import APART, Bar, Hand, Pose
from datagen.core.glyphs import Glyph


def twin_of(
    hand: Hand, glyphs: Sequence[Glyph], other: Sequence[Glyph], places: Sequence[int]
) -> Hand:
    """Return how the hand that wrote `glyphs` writes `other`: as large, on the same sheet.

    Args:
        hand: the drawn parameters of `glyphs`.
        glyphs: the letters named by `hand.letters`, in the same order.
        other: the letters to write instead.
        places: for each of them, the letter of `glyphs` in whose place and pose it stands.
    """
    letters = tuple(
        _apart(replace(hand.letters[place], glyph=glyph.info.id), place, glyph, before)
        for place, glyph, before in zip(places, other, [None, *other[:-1]], strict=True)
    )
    bars = tuple(
        moved for bar in hand.bars if (moved := _moved(bar, len(glyphs), places)) is not None
    )
    twin = replace(hand, letters=letters, bars=bars)
    # `fill` decides the size by what the whole numeral spans, and the twin may span less
    scale = height_in_pixels(hand, glyphs) / height_in_pixels(twin, other)
    return replace(twin, fill=min(hand.fill * scale, max(hand.fill, 1.0)))


def _apart(pose: Pose, place: int, glyph: Glyph, before: Glyph | None) -> Pose:
    """Return the pose with the least gap that two strokes of ii keep; the first has none."""
    if before is None or not before.info.letter == glyph.info.letter == "i":
        return pose
    # the first letter's gap to nothing is no measure of how closely this hand writes
    return replace(pose, gap=max(pose.gap if place else 2 * APART, APART))


def _moved(bar: Bar, letters: int, places: Sequence[int]) -> Bar | None:
    """Return a bar over the same letters where they stand now; None where they are left out."""
    if (bar.first, bar.last) == (0, letters - 1):
        return replace(bar, last=len(places) - 1)
    now = [k for k, place in enumerate(places) if bar.first <= place <= bar.last]
    return replace(bar, first=min(now), last=max(now)) if now else None
