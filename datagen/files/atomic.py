"""Files and folders that appear whole or not at all: staged beside their target, then renamed."""

import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from datagen.core.errors import UsageError

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between attempts to rename on Windows


@contextmanager
def staged_file(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target` that becomes `target` if the block succeeds.

    Raises:
        OSError: the folder cannot be made or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are private, while this one shall obey the user's umask.
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        yield temporary
        _patiently(lambda: temporary.replace(target))
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def staged(target: Path, *, overwrite: bool, marker: str) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends without an exception.

    Whatever happens inside, nothing half-written stays: neither the staging folder nor parents
    made for it.

    Args:
        target: where the folder shall stand.
        overwrite: replace an existing target.
        marker: a file that an existing target must hold to be replaced, so that a mistyped
            path never deletes what is not ours.

    Raises:
        UsageError: the target exists and may not be replaced, also one that appeared while the
            block ran, or its parent cannot be written.
    """
    check_target(target, overwrite=overwrite, marker=marker)
    made = [parent for parent in target.parents if not parent.exists()]
    # Named before it is made, so that an interrupt at any moment finds what there is to remove.
    staging = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        _make(staging)
        yield staging
        check_target(target, overwrite=overwrite, marker=marker)  # another run may have been here
        _move_into_place(staging, target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(made)
        raise


def resolved(target: Path) -> Path:
    """Return where `target` really is: past links and `..`, which a rename would break.

    Raises:
        UsageError: no path can be made of it.
    """
    try:
        place = target.resolve()
        place.exists()  # a name that is too long shows only now
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot use {target}: {reason}; choose another --out") from error
    return place


def check_target(target: Path, *, overwrite: bool, marker: str) -> None:
    """Refuse a target that exists and may not be replaced.

    Raises:
        UsageError: see `staged`.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is a file; choose another --out")
    if not overwrite:
        raise UsageError(f"{target} exists; --overwrite replaces it, or choose another --out")
    if any(target.iterdir()) and not (target / marker).is_file():
        raise UsageError(
            f"{target} holds no {marker}, so it is not ours to overwrite; choose another --out"
        )


def _move_into_place(staging: Path, target: Path) -> None:
    """Rename `staging` to `target`; a target that stands there is moved aside first."""
    aside = None
    try:
        if target.exists():
            aside = Path(
                tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent)
            )
            moved = aside / "old"
            _patiently(lambda: target.rename(moved))
        _patiently(lambda: staging.rename(target))
    except OSError as error:
        raise UsageError(
            f"cannot put the result at {target}: {error.strerror}; does another run write there?"
        ) from error
    finally:
        if aside is not None:
            if not target.exists() and (aside / "old").exists():
                (aside / "old").rename(target)  # also when interrupted between the two renames
            shutil.rmtree(aside, ignore_errors=True)


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


def _make(folder: Path) -> None:
    """Make a new folder, and those above it that are missing."""
    above = folder.parent
    doing = f"make {above}"
    try:
        above.mkdir(parents=True, exist_ok=True)
        doing = f"write in {above}"
        folder.mkdir()
    except OSError as error:
        raise UsageError(f"cannot {doing}: {error.strerror}; choose another --out") from error


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders that are there and empty, the innermost first."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
