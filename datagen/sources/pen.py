"""The embedded default: letters by a parametric model of a hand that holds a pen.

Needs no download. Only options enter; a pool whose letters are drawn when asked for leaves.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import Field

from datagen.glyphs import Glyph, GlyphInfo, GlyphPool
from datagen.numerals import LETTERS, Case, Letter
from datagen.pen import Writer, draw_writer, write
from datagen.sources.base import Options, Source, register

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
    """

    writers: int = Field(default=1000, ge=1, le=1_000_000)
    instances: int = Field(default=4, ge=1, le=1000)
    seed: int = Field(default=0, ge=0)


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

        def load(key: int) -> Glyph:
            shape, instance = divmod(key, options.instances)
            number, shape = divmod(shape, len(_SHAPES))
            writer = _writer(options.seed, number)
            stream = np.random.SeedSequence(options.seed, spawn_key=(number, shape, instance))
            written = write(writer, *_SHAPES[shape], np.random.default_rng(stream))
            return Glyph(
                infos[key],
                self.name,
                strokes=written.strokes,
                pressure=written.pressure,
                pen=writer.pen,
            )

        return GlyphPool(self.name, infos, load)


def _infos(options: PenOptions) -> tuple[GlyphInfo, ...]:
    own = [
        (f"/{letter if case == 'lower' else letter.upper()}{k}", letter, case)
        for letter, case in _SHAPES
        for k in range(options.instances)
    ]
    writers = [f"pen-{options.seed}-{number}" for number in range(options.writers)]
    return tuple(
        GlyphInfo(writer + suffix, letter, case, writer)
        for writer in writers
        for suffix, letter, case in own
    )


@lru_cache(maxsize=4096)
def _writer(seed: int, number: int) -> Writer:
    stream = np.random.SeedSequence(seed, spawn_key=(number,))
    return draw_writer(np.random.default_rng(stream))
