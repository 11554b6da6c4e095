"""A folder that appears whole or not at all: staged beside its target, renamed into place."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datagen.errors import UsageError


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
        UsageError: the target exists and may not be replaced, or its parent cannot be written.
    """
    check_target(target, overwrite=overwrite, marker=marker)
    made = _make_parents(target.parent)
    try:
        staging = Path(
            tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
        )
    except OSError as error:
        _remove_empty(made)
        raise UsageError(
            f"cannot write in {target.parent}: {error.strerror}; choose another --out"
        ) from error
    try:
        staging.chmod(0o755)  # mkdtemp's 0o700 would keep others from reading the result
        yield staging
        _move_into_place(staging, target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(made)
        raise


def check_target(target: Path, *, overwrite: bool, marker: str) -> None:
    """Refuse a target that exists and may not be replaced.

    Raises:
        UsageError: see `staged`.
    """
    if not target.exists() and not target.is_symlink():
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
    if not target.exists():
        staging.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
    target.rename(aside / "old")
    try:
        staging.rename(target)
    except OSError:
        (aside / "old").rename(target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _make_parents(folder: Path) -> list[Path]:
    """Make missing folders; return those made, innermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_empty(missing)
        raise UsageError(f"cannot make {folder}: {error.strerror}; choose another --out") from error
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
