"""What a source of ink is, and the registry that knows them all by name.

A source turns an optional path and its own options into a pool: of letters (`GlyphPool`) or of
finished numerals (`NumeralPool`). It does no work at import and none before `open`.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import ValidationError

from datagen.core.errors import RecipeError, UnknownNameError, UsageError
from datagen.core.glyphs import GlyphPool, NumeralPool
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.sources.checked import checked_pool


class Options(StrictModel):
    """Options of a source: unknown keys are refused."""


class Source(ABC):
    """One source of ink.

    Attributes:
        name: what the command line calls it.
        summary: one line for `datagen sources`.
        licence, citation: copied into every dataset made from it. A licence that begins with
            "that of" is the one of what a person gives the source.
        path_hint: what a path names, e.g. "a folder of TTF/OTF files"; None: it takes no path.
        options: the pydantic model of its options.

    Example:
        >>> import datagen
        >>> from datagen.sources import get_source
        >>> pen = get_source("pen")
        >>> isinstance(pen, datagen.Source), pen.path_hint is None
        (True, True)
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
            path: where the files are; None asks for the fetched copy, or for the embedded model.
            options: an instance of `self.options`.

        Raises:
            MissingInputError: nothing is there; the message says how to get it.
            CorruptInputError: something is there that cannot be trusted.
        """

    def default_path(self) -> Path | None:
        """Return where `open(None, …)` would look, if anything is there already."""
        return None

    def licences(self, writers: Iterable[str]) -> tuple[str, ...]:  # noqa: ARG002
        """Return the licences of what some writers wrote: one, unless a source gathers several.

        Args:
            writers: as the pool names them; none where nobody knows.
        """
        return (self.licence,)

    def lacking_members(self, options: Any) -> tuple[str, ...] | None:  # noqa: ARG002
        """Return what `open(None, options)` lacks of the archive that can be fetched for it.

        Args:
            options: an instance of `self.options`.

        Returns:
            Patterns of the archive's members, none of them for all of it; None where nothing
            is lacking, or nothing can be fetched.
        """
        return None


_registry: Final[dict[str, Source]] = {}


def register(source: type[Source]) -> type[Source]:
    """Make a source known by its name, in this process; a class decorator.

    Raises:
        UsageError: it is no class derived from `Source`, it lacks an attribute, or another source
            has its name.
    """
    _check_class(source)
    if is_outside(source):
        _check_attributes(source)
        _import_all()  # so that a name that the package uses is refused here
    known = _registry.get(source.name)
    if known is not None and not _is_same(type(known), source):
        raise UsageError(f"a source named {source.name!r} is registered already; choose another")
    _registry[source.name] = _made(source)
    return source


def unregister(name: str) -> None:
    """Forget a source that `register` made known from outside the package.

    Raises:
        UnknownNameError: there is none of that name.
    """
    outside = [known for known, source in _registry.items() if is_outside(type(source))]
    if name not in outside:
        raise UnknownNameError("source from outside the package", name, outside)
    del _registry[name]


def outside_sources(names: Iterable[str]) -> tuple[type[Source], ...]:
    """Return the classes among `names` from outside the package, for another process to register.

    Args:
        names: of registered sources.

    Raises:
        UsageError: another process could not import one of the classes.
    """
    found = {name: type(_registry[name]) for name in sorted(set(names)) if name in _registry}
    outside = {name: source for name, source in found.items() if is_outside(source)}
    for name, source in outside.items():
        if not _can_be_imported(source):
            raise UsageError(
                f"source {name!r} is defined in a notebook, a prompt or a function, where worker "
                "processes cannot import it; use 1 worker, or put the class into a module"
            )
    return tuple(outside.values())


def require_shipped(name: str) -> None:
    """Refuse a source from outside the package, where processes do not run the user's code.

    Raises:
        UsageError: it is one.
    """
    if name in _registry and is_outside(type(_registry[name])):
        raise UsageError(
            f"source {name!r} is registered by your own code, which the trials of a sweep do not "
            "run; use a source of the package, or build such datasets with `build` and compare them"
        )


def register_again(sources: Iterable[type[Source]]) -> None:
    """Make sources of `outside_sources` known in this process, where their import has not."""
    for source in sources:
        register(source)


def is_outside(source: type[Source]) -> bool:
    """Return whether a source is a user's own, and none of the package."""
    return not source.__module__.startswith("datagen.sources.")


def _is_same(one: type[Source], other: type[Source]) -> bool:
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def _check_class(source: object) -> None:
    if not (isinstance(source, type) and issubclass(source, Source)):
        given = f"the class {source.__name__}" if isinstance(source, type) else repr(source)
        raise UsageError(f"a source is a class derived from datagen.Source, and not {given}")


def _check_attributes(source: type[Source]) -> None:
    needed = ("name", "summary", "licence", "citation")
    lacking = [name for name in needed if not isinstance(getattr(source, name, None), str)]
    if lacking:
        raise UsageError(
            f"the source {source.__name__} has no {', '.join(lacking)}; each is a text in its class"
        )
    methods = sorted(source.__abstractmethods__)
    if methods or not callable(source.open):
        raise UsageError(
            f"the source {source.__name__} has no method {', '.join(methods) or 'open'}; see "
            "`datagen guide python-api`"
        )
    if not isinstance(source.path_hint, str | None):
        raise UsageError(f"path_hint of the source {source.__name__} is a text, or None")
    if not (isinstance(source.options, type) and issubclass(source.options, Options)):
        raise UsageError(
            f"options of the source {source.__name__} is a class derived from "
            f"{Options.__module__}.{Options.__name__}"
        )


def _made(source: type[Source]) -> Source:
    try:
        return source()
    except TypeError as error:
        raise UsageError(
            f"the source {source.__name__} cannot be made without arguments ({error})"
        ) from error


def _can_be_imported(source: type[Source]) -> bool:
    """Return whether a fresh process would find the class by its module and name."""
    module = sys.modules.get(source.__module__)
    try:
        if attrgetter(source.__qualname__)(module) is not source:
            return False
    except AttributeError:  # defined in a function
        return False
    if source.__module__ != "__main__":
        return PathFinder.find_spec(source.__module__.partition(".")[0]) is not None
    # as `multiprocessing` finds it again: `python -m NAME`, or a script
    named = getattr(module, "__spec__", None) is not None
    return named or Path(getattr(module, "__file__", None) or "").is_file()


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
        UsageError: a path was given to a source that takes none, or a source from outside the
            package opened no pool; what its pool loads is looked at then.
        RecipeError: its options do not validate.
        MissingInputError, CorruptInputError: see `Source.open`.
    """
    source = get_source(name)
    if path is not None and source.path_hint is None:
        raise UsageError(f"source {name} takes no path (given {path})")
    pool = source.open(path, _checked(source, options))
    return checked_pool(name, pool) if is_outside(type(source)) else pool


def lacking_members(name: str, options: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return what the source called `name` lacks here; see `Source.lacking_members`.

    Raises:
        UnknownNameError: there is no such source.
        RecipeError: its options do not validate.
    """
    source = get_source(name)
    return source.lacking_members(_checked(source, options))


def _checked(source: Source, options: Mapping[str, Any]) -> Options:
    try:
        return source.options.model_validate(options)
    except ValidationError as error:
        raise RecipeError(
            f"options of source {source.name}: {explain(error, source.options)}; each is set by "
            f"--option {source.name}.KEY=VALUE, or under `options` in a recipe"
        ) from error


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
