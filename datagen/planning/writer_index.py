"""Which writer has which letters, in one source and on one side of the split."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

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
        self._by_style: dict[tuple[str, CaseStyle], list[dict[WrittenForm, list[int]]]] = {}

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
        found = self._by_style.get((numeral, style))
        if found is None:
            found = self._having(frozenset(spell(numeral, style)))
            self._by_style[numeral, style] = found
        return found

    def writes_both(self, numeral: str, other: str, style: CaseStyle) -> bool:
        """Return whether one writer has every letter of both."""
        return bool(self._having(frozenset(spell(numeral, style) + spell(other, style))))

    def _having(self, need: frozenset[WrittenForm]) -> list[dict[WrittenForm, list[int]]]:
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
        return _instances(spell(numeral, style), writers[rng.integers(len(writers))], rng)

    def choose_twins(
        self,
        numeral: str,
        other: str,
        places: Sequence[int],
        style: CaseStyle,
        rng: np.random.Generator,
    ) -> tuple[list[int], list[int]]:
        """Draw a writer and that writer's glyphs for two numerals, the same as far as can be.

        Args:
            numeral: the one whose letters are drawn first.
            other: the other.
            places: for each letter of `other`, the letter of `numeral` in whose place it stands.
            style: of both.
            rng: where the draws come from.

        Returns:
            Positions in the pool, one per letter, of `numeral` and of `other`.

        Raises:
            ValueError: no writer has the letters of both; see `writes_both`.
        """
        letters, others = spell(numeral, style), spell(other, style)
        writers = self._having(frozenset(letters + others))
        if not writers:
            raise ValueError(f"no writer has every letter of {numeral!r} and {other!r}")
        own = writers[rng.integers(len(writers))]
        chosen = _instances(letters, own, rng)
        return chosen, [
            chosen[place] if letters[place] == letter else _draw(own[letter], 1, rng)[0]
            for letter, place in zip(others, places, strict=True)
        ]


def _instances(
    letters: tuple[WrittenForm, ...],
    own: dict[WrittenForm, list[int]],
    rng: np.random.Generator,
) -> list[int]:
    """Draw one writer's glyphs for `letters`, in their order."""
    instances = {letter: _draw(own[letter], count, rng) for letter, count in _counted(letters)}
    return [instances[letter].pop() for letter in letters]


@lru_cache(maxsize=64)
def _counted(letters: tuple[WrittenForm, ...]) -> tuple[tuple[WrittenForm, int], ...]:
    return tuple(Counter(letters).items())


def _draw(positions: list[int], count: int, rng: np.random.Generator) -> list[int]:
    """Draw `count` of `positions`, distinct as far as there are enough."""
    drawn: list[int] = []
    while len(drawn) < count:
        pick = positions[rng.integers(len(positions))]
        if pick not in drawn or len(drawn) >= len(positions):
            drawn.append(pick)
    return drawn
