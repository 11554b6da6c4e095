"""The folder that holds caches and fetched archives, and what is done with a damaged file in it."""

import logging
import os
from pathlib import Path
from typing import Final

CACHE_VARIABLE: Final = "DATAGEN_CACHE"

_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return the folder that holds caches and fetched archives; it may not exist yet.

    The environment variable `DATAGEN_CACHE` names it, else it is `roman-datagen` in the place
    the operating system keeps caches.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser()
    import pooch  # noqa: PLC0415 - 0.1 s, and most runs do not come here

    return Path(pooch.os_cache("roman-datagen"))


def set_aside(path: Path, reason: object) -> None:
    """Rename a cache file that cannot be trusted to `….corrupt` and warn of it."""
    aside = path.with_name(path.name + ".corrupt")
    _log.warning("cache file %s cannot be read (%s); kept as %s, made anew", path, reason, aside)
    try:
        path.replace(aside)
    except OSError as error:
        _log.warning("could not rename %s: %s", path, error)


def stamp(file: Path) -> tuple[int, int]:
    """Return size in bytes and time of change in ns: another file has others."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns
