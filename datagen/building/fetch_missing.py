"""What a recipe needs and this machine lacks is fetched from its publisher, where that may be.

Enters: an ingredient. Leaves: its archive in the cache folder, verified, or an error that says what
can be done without a network.
"""

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from datagen.core.errors import DownloadError
from datagen.files.cache_dir import cache_folder
from datagen.files.locks import locked
from datagen.recipes.schema import Ingredient
from datagen.sources.registry import lacking_members

if TYPE_CHECKING:
    from datagen.downloads.fetch import Archive

OFFLINE: Final = "DATAGEN_OFFLINE"
"""Environment variable: any value but an empty one, 0, no, off or false forbids fetching."""

FetchProgress = Callable[[str, int, int | None], None]
"""Called with a source's name, the bytes that are here and the bytes expected."""

FetchMissing = Callable[[Ingredient], None]
"""Fetches what an ingredient lacks."""

_log = logging.getLogger(__name__)


def fetching(*, offline: bool, progress: FetchProgress) -> FetchMissing | None:
    """Return what fetches missing archives; None where nothing may be fetched.

    Args:
        offline: forbid it, as `DATAGEN_OFFLINE` does.
        progress: told of the bytes that come.
    """
    value = os.environ.get(OFFLINE, "").strip().lower()
    if offline or value not in ("", "0", "no", "off", "false"):
        return None
    return lambda part: _fetch(part, progress)


def lacks_archive(part: Ingredient) -> bool:
    """Return whether an archive that can be fetched is missing for an ingredient.

    Raises:
        UsageError: there is no such source, or its options do not validate.
    """
    return part.path is None and lacking_members(part.source, part.options) is not None


def _fetch(part: Ingredient, progress: FetchProgress) -> None:
    """Fetch what `part` lacks, once for all processes that want it.

    Raises:
        DownloadError: there is no verified file at the end.
    """
    from datagen.downloads.fetch import registry  # noqa: PLC0415 - loads requests

    archive = registry()[part.source]
    folder = cache_folder() / archive.name
    try:
        with locked(folder / ".fetching", _told_once(archive.name)):
            members = lacking_members(part.source, part.options)
            if members is not None:  # else another process has fetched it meanwhile
                _fetch_members(archive, members, progress)
    except OSError as error:
        raise DownloadError(
            f"cannot keep {archive.file} in {folder}: {error.strerror or error}; set DATAGEN_CACHE "
            "to another folder"
        ) from error


def _told_once(name: str) -> Callable[[], None]:
    """Return what says, the first time it is called, that another process fetches."""
    told: list[bool] = []

    def wait() -> None:
        if not told:
            _log.warning("another process fetches %s; waiting for it", name)
            told.append(True)

    return wait


def _fetch_members(archive: "Archive", members: tuple[str, ...], progress: FetchProgress) -> None:
    from datagen.downloads.fetch import fetch  # noqa: PLC0415 - loads requests

    size = "" if archive.size is None else f" of {archive.size / 1e6:,.0f} MB"
    what = f"the part needed of {archive.file}{size}" if members else f"{archive.file}{size}"
    _log.warning(  # said wherever this runs, once per archive: nobody asked for a download
        "%s is not on this machine: fetching %s from %s into %s. Licence: %s. An interrupted "
        "download resumes; --offline or %s=1 forbids it",
        archive.name,
        what,
        archive.url,
        cache_folder() / archive.name,
        archive.licence,
        OFFLINE,
    )
    here = 0

    def tell(done: int, expected: int | None) -> None:
        nonlocal here
        here = done
        progress(archive.name, done, expected)

    try:
        fetch(archive.name, members=members or None, progress=tell)
        progress(archive.name, here, here)  # also where nobody knew how much would come
    except DownloadError as error:
        raise DownloadError(
            f"{error}. Or give your copy as `{archive.name}:PATH`, or use `--source pen`, which "
            "needs no download"
        ) from error
