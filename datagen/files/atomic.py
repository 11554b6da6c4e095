"""Files and folders that appear whole or not at all: staged beside their target, then renamed.

A target is what its path leads to: a link stays a link, and what it names is written. Nothing is
written in the place of a device, a pipe or a socket.
"""

import errno
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from datagen.core.errors import UsageError
from datagen.files.exchange import exchange
from datagen.files.leftovers import OLD, PARTIAL, clear, temporary
from datagen.files.locks import try_hold
from datagen.files.paths import are_nested, from_here, real_path
from datagen.files.reading import what_is

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between attempts to rename on Windows
_SYSTEM: Final = (("dev",), ("proc",))
ANOTHER: Final = "another --out"
"""How a person names another place to write to, with most commands."""
ANOTHER_FOLDER: Final = "another folder"
"""The same where the place has no flag."""
_LINKS: Final = 40  # followed before a chain is taken for a circle, as Linux does


@contextmanager
def staged_file(target: Path) -> Iterator[Path]:
    """Yield the path of an empty file beside `target` that becomes it if the block succeeds.

    What runs that were killed left of it is cleared.

    Raises:
        OSError: the folder cannot be made or written, or `target` is no regular file.
    """
    place = file_target(target)
    place.parent.mkdir(parents=True, exist_ok=True)
    clear(place, "")
    # Not tempfile: its files are private, while this one shall obey the user's umask.
    with (
        naming(target),
        temporary(place, "", lambda path: path.touch(exist_ok=False)) as path,
    ):
        yield path
        _patiently(lambda: path.replace(place))


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder for what the block writes; if it fails, what was made and is empty goes again.

    Raises:
        OSError: the folder cannot be made.
    """
    with _removed_in_vain(folder):
        folder.mkdir(parents=True, exist_ok=True)
        yield


@contextmanager
def _removed_in_vain(folder: Path) -> Iterator[None]:
    """Remove a folder and those above it that a block which fails has made, where empty."""
    missing = [place for place in (folder, *folder.absolute().parents) if not place.exists()]
    try:
        yield
    except BaseException:
        _remove_empty(missing)
        raise


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files of a folder that is there, all or none: they appear once all are written.

    Args:
        folder: of the files.
        texts: of each file by its name, in the order in which they appear.

    Raises:
        OSError: one cannot be written.
    """
    with ExitStack() as files:
        for name, text in reversed(list(texts.items())):  # the last one appears first
            temporary = files.enter_context(staged_file(folder / name))
            temporary.write_text(text, "utf-8", newline="")


_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@contextmanager
def naming(place: Path) -> Iterator[None]:
    """Give an error of a full or broken disk the place that was written: the system names none.

    Raises:
        OSError: as the block does.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL and error.filename is None:
            error.filename = str(place)
        raise


def require_writable(
    place: Path, other: str = ANOTHER, *, name: str = "", make_folders: bool = False
) -> None:
    """Refuse, before work is spent on it, a file that could not be written.

    Args:
        place: of the file.
        other: how a person names another place, for the message.
        name: what the file is, for the message: `the review `.
        make_folders: the folders above it that are missing will be made; else they are needed.

    Raises:
        UsageError: no file can be made in its folder, or what is there is no regular file.
    """
    try:
        folder = file_target(place).parent
        if not make_folders and not folder.is_dir():
            raise OSError(errno.ENOENT, f"no folder {from_here(place.parent)}", str(place))
        _try_in(folder)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot write {name}{place}: {reason}; choose {other}") from error


def holds_something(file: Path) -> bool:
    """Return whether a file is there that is not empty, as one that `mktemp` made is.

    Raises:
        OSError: the system does not say.
    """
    return file.exists() and file.stat().st_size > 0


def require_writable_folder(folder: Path, other: str = ANOTHER) -> None:
    """Refuse, before work is spent on it, a folder that cannot be written, or made where it goes.

    Raises:
        UsageError: no file can be made in it, or in what is there of the folders above it.
    """
    try:
        _try_in(folder.absolute())
    except OSError as error:
        raise UsageError(
            f"cannot write in {from_here(Path(error.filename))}: {error.strerror}; choose {other}"
        ) from error


def _try_in(folder: Path) -> None:
    """Make a file, and remove it, in a folder, or in what is there of the folders above it.

    Raises:
        OSError: that cannot be done; it names the folder.
    """
    existing = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(existing)) from error


def file_target(target: Path) -> Path:
    """Return where a file written to `target` really goes: links are followed, not replaced.

    Raises:
        OSError: what is there is no regular file, or links lead in a circle.
    """
    place = target
    for _ in range(_LINKS):
        place = _real_parent(place) / place.name
        if place.parts[1:2] in _SYSTEM and place.parts[1:3] != ("dev", "shm"):
            # also a link to a regular file: what /dev/stdout leads to is being written
            raise _refused(target, "a device")
        if not place.is_symlink():
            break
        place = place.parent / place.readlink()
    else:
        raise _circle(target)
    if place.exists() and (other := what_is(place.stat().st_mode)):
        raise _refused(target, other)
    return place


def _real_parent(place: Path) -> Path:
    try:
        return place.parent.resolve()
    except RuntimeError:
        raise _circle(place) from None
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, str(error), str(place)) from error


def _circle(target: Path) -> OSError:
    return OSError(errno.ELOOP, "its links lead in a circle", str(target))


def _refused(target: Path, found: str) -> OSError:
    return OSError(errno.EINVAL, f"it is {found}, not a file", str(target))


@contextmanager
def staged(target: Path, *, overwrite: bool, marker: str, other: str = ANOTHER) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends without an exception.

    Whatever happens inside, nothing half-written stays: neither the staging folder nor parents
    made for it; and where the process is killed, the next one with this target removes it.

    Args:
        target: where the folder shall stand.
        overwrite: replace an existing target; in one step, where the system can.
        marker: a file that an existing target must hold to be replaced, so that a mistyped
            path never deletes what is not ours.
        other: how a person names another place, for the messages.

    Raises:
        UsageError: the target exists and may not be replaced, also one that appeared while the
            block ran, or its parent cannot be written.
    """
    target = resolved(target, other)
    check_target(target, overwrite=overwrite, marker=marker, other=other)
    with (
        _removed_in_vain(target.parent),
        naming(from_here(target)),
        temporary(target, PARTIAL, partial(_make, other=other)) as staging,
    ):
        yield staging
        _check(target, overwrite, marker, other)  # another run may have been here
        _move_into_place(staging, target, overwrite=overwrite)


def resolved(target: Path, other: str = ANOTHER) -> Path:
    """Return where `target` really is: past links and `..`, which a rename would break.

    Raises:
        UsageError: no path can be made of it.
    """
    try:
        place = target.resolve()
        place.exists()  # a name that is too long shows only now
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot use {target}: {reason}; choose {other}") from error
    return place


def check_target(target: Path, *, overwrite: bool, marker: str, other: str = ANOTHER) -> None:
    """Put right what a killed run left there, and refuse a target that may not be replaced.

    Raises:
        UsageError: see `staged`.
    """
    clear(target, PARTIAL)
    _check(target, overwrite, marker, other)
    require_writable_folder(target.parent, other)


def apart_target(out: Path, root: Path, *, overwrite: bool, marker: str, other: str) -> Path:
    """Return where what is made of the folder `root` goes, before any work is done.

    Args:
        out: as a person named it.
        root: is only read.
        overwrite: see `staged`.
        marker: see `staged`.
        other: see `staged`.

    Raises:
        UsageError: `out` may not be replaced, or one of the two lies in the other.
    """
    target = resolved(out, other)
    if are_nested(real_path(root), target):
        raise UsageError(f"{out} and {root} lie in one another; choose {other}")
    check_target(target, overwrite=overwrite, marker=marker, other=other)
    return target


def _check(target: Path, overwrite: bool, marker: str, other: str) -> None:
    if not target.exists():
        return
    shown = from_here(target)
    if not target.is_dir():
        found = what_is(target.stat().st_mode) or "a file"
        raise UsageError(f"{shown} is {found}; choose {other}")
    if any(target.iterdir()) and not (target / marker).is_file():
        raise UsageError(
            f"{shown} exists and holds no {marker}, so it is not ours to overwrite; choose {other}"
        )
    if not overwrite:
        raise UsageError(f"{shown} exists; --overwrite replaces it, or choose {other}")


def _move_into_place(staging: Path, target: Path, *, overwrite: bool) -> None:
    """Let `staging` be `target`, and what stood there be `staging`, to be removed.

    Raises:
        UsageError: the system refuses, as where another run has just put something there that may
            not be replaced; what stood there still does.
    """
    try:
        if not (overwrite and target.exists()):  # no folder is renamed over one that holds anything
            _patiently(lambda: staging.rename(target))
        elif not exchange(staging, target):
            _swap_in_steps(staging, target)
    except OSError as error:
        raise UsageError(
            f"cannot put the result at {target}: {error.strerror}; does another run write there?"
        ) from error


def _swap_in_steps(staging: Path, target: Path) -> None:
    """Swap two folders by three renames; killed in between, `recover` puts the old one back.

    Raises:
        OSError: see `_move_into_place`.
    """
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}{OLD}")
    held = _hold_if_possible(target)  # so that nobody takes it for a dead run's
    try:
        _patiently(lambda: target.rename(aside))
        _patiently(lambda: staging.rename(target))
        _patiently(lambda: aside.rename(staging))
    finally:
        if not target.exists() and aside.exists():
            aside.rename(target)  # also when interrupted between the renames
        if held is not None:
            os.close(held)


def _hold_if_possible(folder: Path) -> int | None:
    try:
        return try_hold(folder)
    except OSError:
        return None


def _patiently(rename: Callable[[], object]) -> None:
    """Rename; on Windows again and again, for a virus scanner may hold what was just written."""
    for pause in _PAUSES if sys.platform == "win32" else ():
        try:
            rename()
        except PermissionError:
            time.sleep(pause)
        else:
            return
    rename()


def _make(folder: Path, other: str) -> None:
    """Make a new folder, and those above it that are missing."""
    above = folder.parent
    shown = from_here(above)
    doing = f"make {shown}"
    try:
        above.mkdir(parents=True, exist_ok=True)
        doing = f"write in {shown}"
        folder.mkdir()
    except OSError as error:
        raise UsageError(f"cannot {doing}: {error.strerror}; choose {other}") from error


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders that are there and empty, the innermost first."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
