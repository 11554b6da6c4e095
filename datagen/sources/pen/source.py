"""The embedded default: letters by a parametric model of a hand that holds a pen.

Needs no download. Only options enter; a pool whose letters are drawn when asked for leaves.

The ranges were fitted by eye and by `tests/benchmarks/pen_statistics.py` to the recorded letters
of `strokes/handwriting_ivx.json` (UNIPEN, DigiLeTs, Omniglot; without the staircase donors) and,
for the pen's width, to `roman-mnist/train`. Quantiles 10, 50, 90 % over letters, at most five of a
writer, real | 400 writers of the model; lengths in letter heights:

    aspect        i  0.05  0.20 0.93 |  0.07 0.20 0.63    I  0.04 0.28 0.96 |  0.06 0.30 0.90
                  v  0.65  0.89 1.34 |  0.60 0.89 1.31    V  0.54 0.73 1.00 |  0.55 0.76 1.05
                  x  0.65  0.88 1.23 |  0.62 0.86 1.18    X  0.54 0.72 0.98 |  0.52 0.71 0.94
    stem's slant  i -0.17 -0.01 0.19 | -0.18 0.02 0.20    I -0.12 0.00 0.18 | -0.16 0.01 0.19
    opening, °    v    35    50   70 |    35   53   74    V    29   42   56 |    31   46   62
    roundness     v  0.20  0.31 0.52 |  0.21 0.30 0.42    V  0.18 0.29 0.44 |  0.21 0.30 0.42
    crossing's y  x  0.36  0.47 0.58 |  0.34 0.47 0.60    X  0.37 0.47 0.57 |  0.34 0.47 0.61
    dot's rise    i  0.40  0.70 1.19 |  0.26 0.58 1.06    (lower by choice: roman-mnist's i's)
    dot's size    i  0.01  0.12 0.49 |  0.04 0.11 0.33
    pen's width         0.039 0.067 0.120 | 0.038 0.071 0.130
    dotted i's 90 % | 88 %; capital I: bare 52 % | 51 %, two bars 33 % | 34 %, one stroke 10 % | 7 %

and likewise strokes per letter, bows, bends of x, rise, tick and curl of v, length and tilt of
bars. The KS distance is 0.2 or less for 60 of the 62 statistics. How far a writer's own letters
differ, and how far writers do, matches too: the model's standard deviations are 0.83 and 1.04
times the real ones, in the median over the statistics.

Not modelled: corrected or retraced strokes, loops within v and x, breaks of a failing pen.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.core.limits import Seed
from datagen.core.numerals import LETTERS, Case, Letter
from datagen.core.seed_table import SeedTable
from datagen.sources.pen.hand import LetterModel, letter_model, write_all
from datagen.sources.pen.wide import draw_wide_writer
from datagen.sources.pen.writer import Writer, draw_writer
from datagen.sources.registry import Options, Source, register

MOST_WRITINGS: Final = 400_000
"""Writers × instances: the index of their letters takes half a gigabyte."""

_KEPT: Final = 16_384
"""Letters kept for when they are asked for again, most of them an i: 20 MB."""

_CASES: tuple[Case, Case] = ("lower", "upper")
_SHAPES: tuple[tuple[Letter, Case], ...] = tuple(
    (letter, case) for case in _CASES for letter in LETTERS
)


class PenOptions(Options):
    """How many people write, how often, and which people.

    Attributes:
        writers: people.
        instances: times that each writes each letter in each case; viii needs three i's.
        seed: draws other people.
        ranges: "fitted", the traits of people follow recorded letters; "wide", they reach further,
            and extremes and rare styles come as often as all others.
    """

    writers: int = Field(default=1000, ge=1, le=1_000_000)
    instances: int = Field(default=4, ge=1, le=1000)
    seed: Seed = 0
    ranges: Literal["fitted", "wide"] = "fitted"

    @model_validator(mode="after")
    def _fits_memory(self) -> Self:
        if self.writers * self.instances > MOST_WRITINGS:
            raise ValueError(
                f"{self.writers:,} writers × {self.instances:,} instances are more than "
                f"{MOST_WRITINGS:,} alphabets; take fewer of either"
            )
        return self


@register
class PenSource(Source):
    """Letters from the model; every glyph depends on the seed, its writer and itself alone."""

    name = "pen"
    summary = "a parametric model of a hand holding a pen; embedded, no download"
    licence = "MIT"
    citation = "roman-datagen, the pen model"
    options = PenOptions

    def open(self, path: Path | None, options: PenOptions) -> GlyphPool:  # noqa: ARG002
        """Return `writers` × 6 × `instances` letters; none is drawn yet. `path` is not used."""
        infos = _infos(options)
        shape = options.writers, len(_SHAPES), options.instances
        generators = SeedTable(_entropy(options.seed), shape)

        kept: dict[int, Glyph] = {}

        def load_all(keys: Sequence[int]) -> list[Glyph]:
            # in a dictionary of its own: another thread may clear what is kept
            found = {key: glyph for key in keys if (glyph := kept.get(key)) is not None}
            if new := [key for key in dict.fromkeys(keys) if key not in found]:
                found.update(zip(new, written(new), strict=True))
            if len(kept) > _KEPT:
                kept.clear()
            kept.update(found)
            return [found[key] for key in keys]

        def written(keys: Sequence[int]) -> Iterator[Glyph]:
            places = [divmod(key // options.instances, len(_SHAPES)) for key in keys]
            models = [_model(options.seed, options.ranges, *place) for place in places]
            draws = map(generators.of, keys)
            asked = [(model, rng) for (model, _), rng in zip(models, draws, strict=True)]
            for key, (_, pen), made in zip(keys, models, write_all(asked), strict=True):
                yield Glyph(
                    infos[key], self.name, strokes=made.strokes, pressure=made.pressure, pen=pen
                )

        return GlyphPool(self.name, infos, lambda key: load_all([key])[0], load_all)


def _infos(options: PenOptions) -> tuple[GlyphInfo, ...]:
    own = [
        (f"/{letter if case == 'lower' else letter.upper()}{k}", letter, case)
        for letter, case in _SHAPES
        for k in range(options.instances)
    ]
    # other people, who may stand on the other side of a split
    name = "pen" if options.ranges == "fitted" else f"pen-{options.ranges}"
    writers = [f"{name}-{options.seed}-{number}" for number in range(options.writers)]
    return tuple(
        GlyphInfo(writer + suffix, letter, case, writer)
        for writer in writers
        for suffix, letter, case in own
    )


@lru_cache(maxsize=8192)
def _model(seed: int, ranges: str, number: int, shape: int) -> tuple[LetterModel, float]:
    """Return a writer's letter, and the width of that writer's pen."""
    writer = _writer(seed, number, ranges)
    return letter_model(writer, *_SHAPES[shape]), writer.pen


@lru_cache(maxsize=4096)
def _writer(seed: int, number: int, ranges: str) -> Writer:
    draw = draw_writer if ranges == "fitted" else draw_wide_writer
    stream = np.random.SeedSequence(_entropy(seed), spawn_key=(number,))
    return draw(np.random.default_rng(stream))


def _entropy(seed: int) -> tuple[int, int]:
    """Return what all draws of a source begin with: never as a dataset's items of equal seed."""
    return seed, 0x70656E  # "pen"
