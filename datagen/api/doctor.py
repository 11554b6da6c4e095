"""Finding what is wrong in a folder of images, from Python."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from datagen.api.call import public, refuse_overwrite
from datagen.api.progress import Progress, no_progress
from datagen.files.paths import user_path, user_paths

if TYPE_CHECKING:
    from datagen.datasets.doctor.diagnose import Diagnosis

PathLike = str | os.PathLike[str]


@public
def doctor(
    folder: PathLike,
    *,
    against: PathLike | Sequence[PathLike] = (),
    fix: PathLike | None = None,
    near_duplicates: bool = True,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> "Diagnosis":
    """Find everything that is wrong in a folder of images; nothing in it is changed.

    Args:
        folder: class folders, a test set, or `train/` and `val/` with class folders.
        against: test sets; their pictures shall not be in the folder.
        fix: write a corrected copy to this new folder, as far as no person has to judge.
        near_duplicates: look for one writing on both sides too, which takes the longest.
        overwrite: replace an earlier copy.
        progress: told of the steps "images" and "near-duplicates".

    Returns:
        The findings, the worst first, and what the copy is, if one was asked for.

    Raises:
        MissingInputError: there is no such folder, or no class folders in it.
        UsageError: the copy cannot be written there, or `overwrite` is given without `fix`.
        BuildError: writing the copy failed.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> out = pathlib.Path(tempfile.mkdtemp(), "ds")
        >>> ds = datagen.build({"images": 100}, out)
        >>> _ = (out / "train" / "iv" / "empty.png").write_bytes(b"")
        >>> [finding.kind for finding in datagen.doctor(ds).findings]
        ['unreadable', 'record']
    """
    from datagen.datasets.doctor.diagnose import diagnose  # noqa: PLC0415 - loads OpenCV
    from datagen.datasets.doctor.fix import check_copy, write_fixed  # noqa: PLC0415

    refuse_overwrite("fix", fix, overwrite=overwrite)
    root, copy = user_path(folder), None if fix is None else user_path(fix)
    if copy is not None:
        check_copy(root, copy, overwrite=overwrite)
    found = diagnose(
        root,
        against=user_paths(against),
        near_duplicates=near_duplicates,
        tell=progress,
    )
    if copy is None:
        return found
    return replace(found, fixed=write_fixed(found, copy, overwrite=overwrite))
