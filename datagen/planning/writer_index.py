"""Which writer has which letters, in one source and on one side of the split."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from datagen.core.glyphs import GlyphInfo
from datagen.core.numerals import CLASSES, Case, CaseStyle, Letter, case_styles, spell

WrittenForm = tuple[Letter, Case]


class WriterIndex:
    """The glyphs that may appear together: one writer's at a time, where writers are known."""

    def __init__(self, infos: Sequence[GlyphInfo], positions: Iterable[int]) -> None:
        """Index `positions` of a pool's `infos`."""
        self._writers: dict[str | None, dict[WrittenForm, list[int]]] = {}
        for position in positions:
            info = infos[position]
            letters = self._writers.setdefault(info.writer, {})
            letters.setdefault((info.letter, info.case), []).append(position)
        self._eligible: dict[frozenset[WrittenForm], list[dict[WrittenForm, list[int]]]] = {}

    @cached_property
    def styles(self) -> dict[str, tuple[CaseStyle, ...]]:
        """Per class, the case styles for which at least one writer has every letter."""
        open_case: tuple[CaseStyle, ...] = ("unknown",)
        return {
            numeral: tuple(
                style for style in case_styles(numeral) + open_case if self.writers(numeral, style)
            )
            for numeral in CLASSES
        }

    def writers(self, numeral: str, style: CaseStyle) -> list[dict[WrittenForm, list[int]]]:
        """Return the letters of each writer who has every letter of `numeral` in `style`."""
        need = frozenset(spell(numeral, style))
        if need not in self._eligible:
            self._eligible[need] = [
                letters for letters in self._writers.values() if need <= letters.keys()
            ]
        return self._eligible[need]

    def choose(self, numeral: str, style: CaseStyle, rng: np.random.Generator) -> list[int]:
        """Draw a writer and that writer's glyphs for `numeral`, left to right.

        A letter that recurs is another instance each time, where the writer has enough of them.

        Returns:
            Positions in the pool, one per letter.

        Raises:
            ValueError: no writer has the letters; see `styles`.
        """
        writers = self.writers(numeral, style)
        if not writers:
            raise ValueError(f"no writer has every letter of {numeral!r} in case style {style!r}")
        own = writers[rng.integers(len(writers))]
        letters = spell(numeral, style)
        instances = {
            letter: _draw(own[letter], count, rng) for letter, count in Counter(letters).items()
        }
        return [instances[letter].pop() for letter in letters]


def _draw(positions: list[int], count: int, rng: np.random.Generator) -> list[int]:
    """Draw `count` of `positions`, distinct as far as there are enough."""
    drawn: list[int] = []
    while len(drawn) < count:
        pick = positions[rng.integers(len(positions))]
        if pick not in drawn or len(drawn) >= len(positions):
            drawn.append(pick)
    return drawn
