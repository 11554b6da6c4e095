"""Composition for coverage instead of fit: what a hand may do, extremes as often as the middle.

`sample_wide` draws a `Hand` from ranges beyond those of `parameters.sample`. Not everything that
it draws can be read at 32×32; `legibility` in a recipe draws anew what cannot.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from datagen.composition.handwritten.parameters import Bar, Hand, HandOptions, Pose, endless
from datagen.core.draws import UniformDraws
from datagen.core.evaluator_facts import SIDE
from datagen.core.glyphs import GlyphInfo
from datagen.core.numerals import CaseStyle, spell

_BREADTH = {"i": 0.35, "v": 0.85, "x": 0.8}  # letter heights
_LEAST_ROWS = 5.5  # of a letter at 32×32
_LEAST_COLUMNS = 2.8  # of a letter and the gap before it
_PALE = {True: 130, False: 95}  # darkness: a scan shows ink less than 128 below paper as paper


def sample_wide(
    glyphs: Sequence[GlyphInfo],
    numeral: str,
    style: CaseStyle,
    options: HandOptions,
    rng: np.random.Generator,
) -> Hand:
    """Draw how a hand writes `numeral`; arguments as of `parameters.sample`."""
    draw = UniformDraws(endless(rng.random))
    has_lower = style in {"lower", "mixed"}
    letters = tuple(_poses(glyphs, numeral, style, options, draw))
    barred = draw.chance(options.bars_lower if has_lower else options.bars)
    bars, boxed = _bars(len(letters), draw) if barred else ((), False)
    side, aspect = draw.factor(100, 480), draw.factor(0.5, 2.0)
    sheet = round(side * aspect**0.5), round(side / aspect**0.5)
    low, high = options.fill
    least = _least_fill(glyphs, letters, sheet, dotted=has_lower)
    return Hand(
        letters=letters,
        bars=bars,
        boxed=boxed,
        pen=draw.factor(0.015, 0.16),
        rotation=draw.between(-12, 12),
        sheet=sheet,
        fill=draw.between(max(low, min(least, 0.8 * high)), high),
        at=(draw.between(-0.03, 1.03), draw.between(-0.03, 1.03)),
        darkness=int(draw.between(_PALE[options.scan], 256)),
        blur=draw.one_of((1, 3, 5, 7)),
        scan=options.scan,
    )


def _least_fill(
    glyphs: Sequence[GlyphInfo], letters: Sequence[Pose], sheet: tuple[int, int], *, dotted: bool
) -> float:
    """Return the `Hand.fill` below which letters like these would have too few places at 32×32.

    Only an estimate, from usual breadths: it saves most of the work on what is drawn anew anyway.
    """
    breadths = [
        _BREADTH[info.letter] * pose.stretch for info, pose in zip(glyphs, letters, strict=True)
    ]
    width = sum(breadths) + sum(pose.gap for pose in letters[1:])
    per_letter = min(sheet[0] / max(width, 0.3), sheet[1] / (1.7 if dotted else 1.15))
    rows, columns = per_letter * SIDE / sheet[1], per_letter * SIDE / sheet[0]
    return max(_LEAST_ROWS / rows, _LEAST_COLUMNS * len(letters) / (columns * max(width, 0.3)))


def _poses(
    glyphs: Sequence[GlyphInfo],
    numeral: str,
    style: CaseStyle,
    options: HandOptions,
    draw: UniformDraws,
) -> Iterator[Pose]:
    """Yield the letters' poses: a habit of the whole numeral, and each letter's own wobble."""
    x_height = draw.between(0.5, 0.9)  # of a small letter beside a capital
    spacing = draw.between(*options.spacing)
    unequal = draw.between(0, 0.3)  # gaps, as a share of their mean
    wobble = draw.between(0, 0.22)
    stretch = draw.factor(0.65, 1.5)
    slant, climb = draw.between(-0.2, 0.2), draw.between(-0.12, 0.12)
    before = None
    for place, (info, (_, case)) in enumerate(zip(glyphs, spell(numeral, style), strict=True)):
        small = style == "mixed" and case == "lower"
        gap = spacing + unequal * (0.2 + abs(spacing)) * draw.between(-1, 1)
        yield Pose(
            glyph=info.id,
            height=(x_height if small else 1) * (1 + wobble * draw.between(-1, 1)),
            stretch=stretch * draw.factor(0.85, 1.18),
            drop=climb * place + wobble * draw.between(-0.7, 0.7),
            slant=slant + 0.08 * draw.between(-1, 1),
            # two strokes of ii that meet at one end would be a v
            gap=max(gap, 0.08 if info.letter == before == "i" else -0.2),
        )
        before = info.letter


def _bars(letters: int, draw: UniformDraws) -> tuple[tuple[Bar, ...], bool]:
    """Draw serif bars: over, under or both; whole, in parts or per letter; doubled; crossing."""
    edges = draw.one_of(((True, False), (True, False), (True,), (False,)))
    boxed = len(edges) == 2 and draw.chance(0.1)
    spans = [(0, letters - 1)]
    if not boxed and letters > 1 and draw.chance(0.3):
        cut = int(draw.between(1, letters))  # a bar on each side of it, or on one side only
        parts = [(0, cut - 1), (cut, letters - 1)]
        spans = draw.one_of([[(k, k) for k in range(letters)], parts, parts[:1], parts[1:]])
    joined = draw.chance(0.5)
    # below 0 it crosses the letters
    offset = draw.between(-0.03, 0.02) if joined else draw.between(-0.14, 0.3)
    doubled = not boxed and draw.chance(0.12)
    reach = draw.between(-0.1, 0.1) if len(spans) > 1 else draw.between(-0.15, 0.6)
    tilt, bow, waver = draw.between(0, 0.15), draw.between(0, 0.12), draw.between(0, 0.05)
    apart = draw.between(0.12, 0.25)
    bars = [
        Bar(
            over=over,
            first=first,
            last=last,
            offset=offset + copy * apart + 0.03 * draw.between(-1, 1),
            left=reach + 0.15 * draw.between(-1, 1),
            right=reach + 0.15 * draw.between(-1, 1),
            tilt=tilt * draw.between(-1, 1),
            bow=bow * draw.between(-1, 1),
            waver=waver,
        )
        for over in edges
        for copy in range(2 if doubled else 1)
        for first, last in spans
    ]
    return tuple(bars), boxed
