"""What the sources of ink have, for a person to see."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datagen.core.errors import DatagenError, InputError
from datagen.core.glyphs import GlyphPool
from datagen.sources import Source, all_sources, get_source, open_source
from datagen.sources.reference import parse_reference
from datagen.sources.registry import is_outside


@dataclass(frozen=True, slots=True)
class CatalogEntry:
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
        """Return the entry as plain data."""
        return asdict(self)


def catalog() -> list[CatalogEntry]:
    """Return what every source has where no path is given."""
    return [_catalog_entry(source, None) for source in all_sources()]


def catalog_entry(text: str) -> CatalogEntry:
    """Return what `NAME[:PATH]` has.

    Raises:
        UnknownNameError: there is no such source.
        UsageError, InputError: the path cannot be used.
    """
    name, path = parse_reference(text)
    return _catalog_entry(get_source(name), path)


def _catalog_entry(source: Source, path: Path | None) -> CatalogEntry:
    """Look into a source; one that has nothing here says how to get it."""
    try:
        return _looked_into(source, path)
    except InputError as error:
        if path is not None:
            raise
        return _describe(source, str(error))
    except Exception as error:
        if path is not None or not is_outside(type(source)):
            raise
        # a user's own code, which may fail in any way, and must not hide the other sources
        said = str(error) if isinstance(error, DatagenError) else f"`open` failed: {error!r}"
        return _describe(source, said)


def _looked_into(source: Source, path: Path | None) -> CatalogEntry:
    pool = open_source(source.name, path, {})
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
) -> CatalogEntry:
    return CatalogEntry(
        name=source.name,
        summary=source.summary,
        where=where,
        available=counts is not None,
        counts=counts or {},
        writers=writers,
        licence=source.licence,
        citation=source.citation,
    )
