"""What a source of ink is, and the registry that knows them all by name.

A source turns an optional path and its own options into a pool: of letters (`GlyphPool`) or of
finished numerals (`NumeralPool`). It does no work at import and none before `open`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import ValidationError

from datagen.core.errors import RecipeError, UnknownNameError, UsageError
from datagen.core.glyphs import GlyphPool, NumeralPool
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain


class Options(StrictModel):
    """Options of a source: unknown keys are refused."""


class Source(ABC):
    """One source of ink.

    Attributes:
        name: what the command line calls it.
        summary: one line for `datagen sources`.
        licence, citation: copied into every dataset made from it.
        path_hint: what a path names, e.g. "a folder of TTF/OTF files"; None: it takes no path.
        options: the pydantic model of its options.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str]
    path_hint: ClassVar[str | None] = None
    options: ClassVar[type[Options]] = Options

    @abstractmethod
    def open(self, path: Path | None, options: Any) -> GlyphPool | NumeralPool:
        """Return the pool.

        Args:
            path: where the ink is; None asks for the fetched copy, or for the embedded model.
            options: an instance of `self.options`.

        Raises:
            MissingInputError: nothing is there; the message says how to get it.
            CorruptInputError: something is there that cannot be trusted.
        """

    def default_path(self) -> Path | None:
        """Return where `open(None, …)` would look, if anything is there already."""
        return None


_registry: Final[dict[str, Source]] = {}


def register(source: type[Source]) -> type[Source]:
    """Class decorator: make a source known by its name.

    Raises:
        ValueError: another source has that name.
    """
    if source.name in _registry:
        raise ValueError(f"a source named {source.name!r} is registered already")
    _registry[source.name] = source()
    return source


def get_source(name: str) -> Source:
    """Return the source called `name`.

    Raises:
        UnknownNameError: there is none; the message lists the valid names.
    """
    _import_all()
    if name not in _registry:
        raise UnknownNameError("source", name, _registry)
    return _registry[name]


def open_source(
    name: str, path: Path | None, options: Mapping[str, Any]
) -> GlyphPool | NumeralPool:
    """Open the source called `name`.

    Raises:
        UnknownNameError: there is no such source.
        UsageError: a path was given to a source that takes none.
        RecipeError: its options do not validate.
        MissingInputError, CorruptInputError: see `Source.open`.
    """
    source = get_source(name)
    if path is not None and source.path_hint is None:
        raise UsageError(f"source {name} takes no path (given {path})")
    try:
        checked = source.options.model_validate(options)
    except ValidationError as error:
        raise RecipeError(f"options of source {name}: {explain(error, source.options)}") from error
    return source.open(path, checked)


def all_sources() -> tuple[Source, ...]:
    """Return every source, by name."""
    _import_all()
    return tuple(_registry[name] for name in sorted(_registry))


def _import_all() -> None:
    """Import the modules beside this one, each of which registers its source."""
    import importlib  # noqa: PLC0415 - only needed on first use
    import pkgutil  # noqa: PLC0415

    import datagen.sources  # noqa: PLC0415

    for module in pkgutil.iter_modules(datagen.sources.__path__):
        importlib.import_module(f"datagen.sources.{module.name}")
