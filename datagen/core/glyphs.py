"""One handwritten letter, and a pool of them.

A `GlyphPool` is an index (who wrote which letter) over a loader: asking what a source has
costs nothing per glyph, and ink is read or drawn only for the glyphs a numeral uses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from datagen.core.arrays import Coverage, GrayImage
from datagen.core.errors import MissingInputError, UsageError
from datagen.core.numerals import Case, Letter


class Identified(Protocol):
    """What an index holds: it has a name of its own."""

    @property
    def id(self) -> str:
        """Stable and unique within its source."""


Info = TypeVar("Info", bound=Identified)
Item_co = TypeVar("Item_co", covariant=True)
Path2D = npt.NDArray[np.float32]
"""`float32 N×2` points (x, y) of one pen stroke, y down."""


@dataclass(frozen=True, slots=True)
class GlyphInfo:
    """What is known of a glyph before its ink is loaded.

    Attributes:
        id: stable and unique within its source.
        writer: who wrote it, or None where the source does not say.
    """

    id: str
    letter: Letter
    case: Case
    writer: str | None

    @property
    def identity(self) -> str:
        """What must stay on one side of the split: the writer, else the glyph itself."""
        return self.id if self.writer is None else self.writer


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """One handwritten letter, as ink or as pen strokes: exactly one of the two.

    Attributes:
        ink: `uint8 H×W` coverage, 255 = full ink, cropped to its ink box.
        body_top: row of `ink` where the letter's body begins; above it is only the dot of an i.
        strokes: pen paths in letter-height units: the body spans y 0 (top) to 1 (baseline),
            the dot of an i lies above at y < 0, and x starts at 0.
        pressure: per stroke, `float32 N` factors of the pen width at each point, about 1.
        pen: the writer's own pen width in letter heights, or None where unknown.
    """

    info: GlyphInfo
    source: str
    ink: Coverage | None = None
    body_top: int = 0
    strokes: tuple[Path2D, ...] | None = None
    pressure: tuple[npt.NDArray[np.float32], ...] | None = None
    pen: float | None = None

    def __post_init__(self) -> None:
        if (self.ink is None) == (self.strokes is None):
            raise UsageError(
                f"source {self.source!r}, {self.info.id!r}: give ink or strokes, not both or "
                "neither"
            )


class LazyPool(Sequence[Item_co], Generic[Info, Item_co]):
    """An index over a loader: `infos[k]` describes what `pool[k]` loads.

    Args:
        source: the source's name.
        infos: what there is.
        load: loads one.
        load_all: loads several, where that costs less than one by one.
    """

    def __init__(
        self,
        source: str,
        infos: Sequence[Info],
        load: Callable[[int], Item_co],
        load_all: Callable[[Sequence[int]], Sequence[Item_co]] | None = None,
    ) -> None:
        self.source = source
        self.infos = tuple(infos)
        self._load = load
        self._load_all = load_all

    def __len__(self) -> int:
        return len(self.infos)

    def __getitem__(self, key: int) -> Item_co:  # type: ignore[override]  # no slices
        return self._load(range(len(self.infos))[key])

    def take(self, keys: Sequence[int]) -> Sequence[Item_co]:
        """Return several, each as `pool[key]` returns it."""
        return [self[key] for key in keys] if self._load_all is None else self._load_all(keys)

    def by_id(self, name: str) -> Item_co:
        """Return what is called `name`.

        Raises:
            MissingInputError: the source holds no such thing (any more).
        """
        if name not in self._positions:
            raise MissingInputError(f"source {self.source} has no {name!r}; has it changed?")
        return self[self._positions[name]]

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {info.id: k for k, info in enumerate(self.infos)}


class GlyphPool(LazyPool[GlyphInfo, Glyph]):
    """The letters of one source."""


@dataclass(frozen=True, slots=True)
class NumeralInfo:
    """One finished image of a numeral.

    Attributes:
        id: stable and unique within its source (the path below the path given).
        numeral: its class.
        identity: what must stay on one side of the split; equal for pixel-identical images, for
            an image and its scan, and, in a build that divides images, for near-duplicates.
        weight: how much more often than others it serves where images serve again and again.
        pixels: `datagen.files.hashing.view_hash` of the picture as given, where the source converts
            it; None: as the pool loads it.
        loaded: the hash of the picture as the pool loads it, where `identity` is another.
    """

    id: str
    numeral: str
    identity: str
    weight: float = 1.0
    pixels: str | None = None
    loaded: str | None = None


class NumeralPool(LazyPool[NumeralInfo, GrayImage]):
    """The finished numerals of one source: `uint8 H×W`, ink 0 on paper 255."""

    def with_identities(self, names: Mapping[str, str]) -> "NumeralPool":
        """Return the same pool with other identities.

        Args:
            names: identity → the identity to have instead.
        """
        infos = [replace(info, identity=names[info.identity]) for info in self.infos]
        return NumeralPool(self.source, infos, self._load)
