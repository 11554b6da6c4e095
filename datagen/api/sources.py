"""Sources of ink from Python: list them, fetch their archives, open one, add one's own."""

import os
from typing import TYPE_CHECKING, Any

from datagen.api.call import public
from datagen.api.progress import Progress, no_progress
from datagen.core.glyphs import GlyphPool, NumeralPool
from datagen.files.paths import user_path
from datagen.sources.registry import Source, register
from datagen.sources.registry import open_source as open_registered

if TYPE_CHECKING:
    from datagen.downloads.fetch import Fetched
    from datagen.sources.catalog import CatalogEntry


@public
def list_sources(*names: str) -> list["CatalogEntry"]:
    """Return what the sources of ink offer: where, how many letters, by how many writers.

    Args:
        names: `NAME[:PATH]` of each to look into; none asks for all there are.

    Raises:
        UnknownNameError: there is no such source.
        UsageError, InputError: a path cannot be used.

    Example:
        >>> import datagen
        >>> (pen,) = datagen.list_sources("pen")
        >>> pen.available, pen.writers
        (True, 1000)
    """
    from datagen.sources.catalog import catalog, catalog_entry  # noqa: PLC0415 - opens sources

    return [catalog_entry(name) for name in names] if names else catalog()


@public
def open_source(
    name: str, path: str | os.PathLike[str] | None = None, **options: Any
) -> GlyphPool | NumeralPool:
    """Open a source of ink.

    Args:
        name: a name that `list_sources` gives.
        path: where its files are; None asks for the fetched copy, or for the embedded model.
        options: the source's own options.

    Returns:
        A pool: of letters, whose `ink` is `uint8 H×W` with 255 = full ink, or of finished
        numerals, `uint8 H×W` with ink 0 on paper 255.

    Raises:
        UnknownNameError: there is no such source.
        UsageError: it takes no path, or an option is unknown or out of range.
        MissingInputError, CorruptInputError: nothing is there, or it cannot be trusted.

    Example:
        >>> import datagen
        >>> pool = datagen.open_source("pen", writers=3)
        >>> pool[0].info.letter in "ivx"
        True
    """
    return open_registered(name, None if path is None else user_path(path), options)


@public
def fetch(
    name: str,
    *,
    from_file: str | os.PathLike[str] | None = None,
    unofficial: bool = False,
    whole: bool = False,
    mirror: str | None = None,
    progress: Progress = no_progress,
) -> "Fetched":
    """Fetch an archive of letters from its publisher, or register a file that you have.

    A fetch that breaks off goes on where it stopped when it is called again.

    Args:
        name: "emnist" or "chars74k".
        from_file: register this file instead of downloading.
        unofficial: accept a `from_file` that is not the publisher's, if it can be read.
        whole: fetch all of the archive, not only the members needed.
        mirror: address of a folder that has the same file.
        progress: told of the step "bytes".

    Raises:
        UnknownNameError: no archive has that name.
        MissingInputError: `from_file` is not there.
        DownloadError: there is no verified file at the end.

    Example:
        >>> import datagen
        >>> try:
        ...     datagen.fetch("mnist")
        ... except datagen.DatagenError as error:
        ...     print(str(error)[:23])
        unknown archive 'mnist'
    """
    from datagen.downloads.fetch import fetch as fetch_archive  # noqa: PLC0415 - loads requests

    return fetch_archive(
        name,
        progress=lambda here, expected: progress("bytes", here, expected),
        from_file=None if from_file is None else user_path(from_file),
        unofficial=unofficial,
        whole=whole,
        base_url=mirror,
    )


def register_source(source: type[Source]) -> type[Source]:
    """Make a source of your own known by its name, in this process; a class decorator.

    Recipes then use the source like those of the package. Where a build has several workers, each
    of them imports the module that defines the class, so that must be a module or a script and
    not a notebook cell; in a notebook build with `workers=1`. Sweeps run every trial in a process
    of its own that knows only the sources of the package.

    Defining the same class again, as in a notebook cell that is run twice, replaces it.

    Args:
        source: a class with `name`, `summary`, `licence`, `citation` and `open`.

    Returns:
        The same class.

    Raises:
        UsageError: it is no class derived from `Source`, it lacks one of these attributes, or
            another source has its name.

    Example:
        >>> import datagen
        >>> import numpy as np
        >>> from datagen.core.glyphs import Glyph, GlyphInfo, GlyphPool
        >>> @datagen.register_source
        ... class Bars(datagen.Source):
        ...     name, summary = "bars", "every letter is one thick bar"
        ...     licence, citation = "CC0-1.0", "none"
        ...     def open(self, path, options):
        ...         infos = [GlyphInfo(f"bar-{c}", c, "lower", None) for c in "ivx"]
        ...         bar = np.full((60, 12), 255, np.uint8)  # 255 = full ink
        ...         return GlyphPool("bars", infos, lambda k: Glyph(infos[k], "bars", ink=bar))
        >>> pool = datagen.open_source("bars")
        >>> len(pool), pool[0].ink.shape
        (3, (60, 12))
    """
    return register(source)
