"""What people write for a path: one meaning for all commands, recipes and environment variables.

Enters: text, or a path. Leaves: a path without `~`; whether anything is there is not looked at.
"""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from datagen.core.errors import CorruptInputError, InputError, MissingInputError, UsageError
from datagen.core.text import is_unicode
from pipelines.files import expanded
from pipelines.text import quoted


def user_path(given: str | os.PathLike[str]) -> Path:
    """Return the path that a person means; `~` is the home folder, wherever it is written first.

    Raises:
        UsageError: it is no path, is empty, holds a NUL, or begins with the home of nobody here.
        MissingInputError: it starts at the working folder, which was removed.
        CorruptInputError: it is no Unicode, or lies in a folder whose name is none: no record, page
            or answer could name it.

    Example:
        >>> user_path("photos/iv").parts
        ('photos', 'iv')
    """
    path = _meant(given)
    with named_refusals():
        require_unicode(path.absolute())
    return path


def _meant(given: str | os.PathLike[str]) -> Path:
    if not isinstance(given, str | os.PathLike) or isinstance(os.fspath(given), bytes):
        raise UsageError(f"{quoted(given)} is no path; expected text, or a Path")
    try:
        return expanded(given)
    except ValueError as error:
        raise UsageError(str(error)) from error


def require_unicode(root: Path, name: Path | None = None) -> None:
    """Refuse a path that no record can hold.

    Args:
        root: a folder.
        name: a file below it, if only that part of the path is recorded.

    Raises:
        CorruptInputError: the path is no Unicode.
    """
    if not is_unicode(str(name or root)):
        raise CorruptInputError(
            f"{str(root / (name or ''))!r} has a name that is no Unicode, which no record can "
            "hold; rename it"
        )


def user_paths(
    given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> tuple[Path, ...]:
    """Return the paths that a person means: one, or several.

    Raises:
        UsageError: see `user_path`.
    """
    several = (given,) if isinstance(given, str | os.PathLike) else given
    return tuple(user_path(path) for path in several)


_NOT_THE_PLACE: Final = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.ENOMEM,
    errno.EMFILE,
    errno.ENFILE,
    errno.EPIPE,
}
"""What the system refuses for reasons of its own, whatever path was named."""


def place_refused(error: OSError) -> bool:
    """Return whether the system refused the path itself: too long, no permission, no folder."""
    return error.filename is not None and error.errno not in _NOT_THE_PLACE


def refusal(error: OSError) -> InputError | None:
    """Return what the system refused about a path as an error of ours; None if it was no path."""
    if error.filename is None and isinstance(error, FileNotFoundError):
        return _lost()
    if not place_refused(error):
        return None
    place, reason = error.filename, error.strerror or error
    shown = os.fsdecode(place) if isinstance(place, str | bytes | os.PathLike) else str(place)
    kind = MissingInputError if isinstance(error, FileNotFoundError) else CorruptInputError
    return kind(f"{shown} cannot be used: {reason}; name another path, or check its permissions")


def _lost() -> MissingInputError | None:
    try:
        Path.cwd()
    except FileNotFoundError:
        return MissingInputError("the working folder is not there any more; change to another")
    return None


def require_working_folder() -> None:
    """Refuse to go on where the working folder was removed, as a cluster does with a job's.

    Raises:
        MissingInputError: it was.
    """
    with named_refusals():
        Path.cwd()


@contextmanager
def named_refusals() -> Iterator[None]:
    """Turn what the system refuses about a path into an error of ours; a decorator too.

    Raises:
        InputError: a path is too long, may not be read, leads through a file, or the like; or the
            working folder was removed.
    """
    try:
        yield
    except OSError as error:
        refused = refusal(error)
        if refused is None:
            raise
        raise refused from error


def absolute(path: str | Path, folder: Path) -> Path:
    """Return a path, taken from `folder` where it is relative; `~` is the user's home.

    Raises:
        UsageError: it is empty, or begins with the home of nobody here.
        CorruptInputError: it is no Unicode; see `user_path`.
    """
    place = folder / _meant(path)  # the working folder does not matter, and may be gone
    require_unicode(place)
    return real_path(place)


def real_path(path: Path) -> Path:
    """Return where a path leads, past links and `..`.

    Links in a circle are no error here, as they are to `Path.resolve` of Python 3.12 and before:
    the system refuses them, in its words, where the place is looked at.
    """
    return Path(os.path.realpath(path))


def from_here(path: Path) -> Path:
    """Return a path from the working folder where it lies in it, else as it is: for messages."""
    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path


def are_nested(one: Path, other: Path) -> bool:
    """Return whether two folders are one, or one lies in the other.

    Args:
        one: resolved.
        other: resolved.
    """
    return one.is_relative_to(other) or other.is_relative_to(one)


def recorded(path: str | os.PathLike[str], folder: Path) -> str:
    """Return a path as a record in `folder` says it, so that neither names a user's folders.

    Relative, with `/`, where both lie in one tree, which can then be moved and sent as a whole;
    else with `~` for the home folder; else, such as for `/data`, as it is.

    Args:
        path: absolute.
        folder: that holds the record, absolute.

    Example:
        >>> recorded("/work/photos", Path("/work/ds")), recorded("/data/emnist", Path("/work/ds"))
        ('../photos', '/data/emnist')
    """
    place = Path(path)
    home = _home()
    try:
        shared = Path(os.path.commonpath([place, folder]))
    except ValueError:  # other drives of Windows
        return str(path)
    above_home = home is not None and home != shared and home.is_relative_to(shared)
    if shared != Path(shared.anchor) and not above_home:
        return Path(os.path.relpath(place, folder)).as_posix()
    if home is not None and place.is_relative_to(home):
        return f"~/{place.relative_to(home).as_posix()}"
    return str(path)


def recorded_place(given: str | os.PathLike[str], folder: Path) -> str:
    """Do as `recorded` for a path as a person gave it: from the working folder where relative.

    Links on the way to both are followed, for `..` counts from where they lead; the place itself
    keeps its name.
    """
    place = user_path(given).absolute()
    named = place.name not in {"", ".."}
    place = real_path(place.parent) / place.name if named else real_path(place)
    return recorded(place, real_path(folder))


def recorded_text(text: str, places: Iterable[str | os.PathLike[str]], folder: Path) -> str:
    """Return a sentence in which absolute paths stand as a record in `folder` says them.

    Args:
        text: such as a warning.
        places: that it may name, and what is below them.
        folder: that holds the record.

    Example:
        >>> recorded_text("2 files of /work/a/x.png", ["/work/a"], Path("/work/report"))
        '2 files of ../a/x.png'
    """
    found = {str(way): recorded_place(each, folder) for each in places for way in _ways(each)}
    if (home := _home()) is not None and home != Path(home.anchor):
        found.setdefault(str(home), "~")
    for whole in sorted(found, key=len, reverse=True):
        text = found[whole].join(re.split(rf"(?<![\w./-]){re.escape(whole)}(?![\w-])", text))
    return text


def _ways(place: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the absolute spellings of a path."""
    known = user_path(place).absolute()
    yield from (known, real_path(known))


def _home() -> Path | None:
    try:
        return user_path("~").resolve()
    except (UsageError, CorruptInputError):
        return None
