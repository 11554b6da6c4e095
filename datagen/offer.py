"""What the sources of ink offer, for a person to see."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datagen.errors import InputError
from datagen.glyphs import GlyphPool
from datagen.overrides import ingredient
from datagen.sources import Source, all_sources, get_source, open_source


@dataclass(frozen=True, slots=True)
class Offer:
    """One source and what it has.

    Attributes:
        where: path, "embedded", or what to do to get it.
        counts: letters by letter and case, or images by class; empty where nothing is there.
        writers: how many people wrote the letters; None where the source does not say.
    """

    name: str
    summary: str
    where: str
    available: bool
    counts: dict[str, int]
    writers: int | None
    licence: str
    citation: str

    def plain(self) -> dict[str, Any]:
        """Return the offer as plain data."""
        return asdict(self)


def all_offers() -> list[Offer]:
    """Return what every source offers without being told a path."""
    return [_offer(source, None) for source in all_sources()]


def offer(text: str) -> Offer:
    """Return what `NAME[:PATH]` offers.

    Raises:
        UnknownName: there is no such source.
        UsageError, InputError: the path cannot be used.
    """
    part = ingredient(text)
    return _offer(get_source(part.source), part.path)


def _offer(source: Source, path: Path | None) -> Offer:
    """Look into a source; one that has nothing here says how to get it."""
    try:
        pool = open_source(source.name, path, {})
    except InputError as error:
        if path is not None:
            raise
        return _describe(source, str(error))
    writers = None
    if isinstance(pool, GlyphPool):
        counts = Counter(f"{info.letter} {info.case}" for info in pool.infos)
        writers = len({info.writer for info in pool.infos if info.writer is not None}) or None
    else:
        counts = Counter(info.numeral for info in pool.infos)
    place = path or source.default_path()
    where = "embedded" if place is None else str(place)
    return _describe(source, where, dict(sorted(counts.items())), writers)


def _describe(
    source: Source, where: str, counts: dict[str, int] | None = None, writers: int | None = None
) -> Offer:
    return Offer(
        name=source.name,
        summary=source.summary,
        where=where,
        available=counts is not None,
        counts=counts or {},
        writers=writers,
        licence=source.licence,
        citation=source.citation,
    )
