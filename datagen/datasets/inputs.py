"""What a command is given to read: it is not written over, and no test set counts twice.

Enters: the folders that are read, and a place to write to. Nothing leaves.
"""

from collections.abc import Iterable
from pathlib import Path

from datagen.core.errors import UsageError
from datagen.datasets.format import INFO, MANIFEST, RECIPE
from datagen.files.paths import real_path


def refuse_repeated(tests: Iterable[Path]) -> None:
    """Refuse a test set that is named twice, however its path is written.

    Raises:
        UsageError: two paths lead to one folder.
    """
    seen: dict[Path, Path] = {}
    for folder in tests:
        other = seen.setdefault(real_path(folder), folder)
        if other is not folder:
            raise UsageError(f"the test set {folder} is given twice; name each one once")


def refuse_among_inputs(out: Path | None, folder: Path, option: str) -> None:
    """Refuse a place among the images of a folder, or of one of a dataset's own records.

    Beside them, directly in the folder, is room for what is said of it, such as `audit.jsonl`.

    Args:
        out: where something will be written; None: nowhere.
        folder: class folders or a dataset, which is read.
        option: that names another place.

    Raises:
        UsageError: `out` is such a place.
    """
    if out is None:
        return
    place, root = real_path(out), real_path(folder)
    beside = place.parent == root and place.name not in (INFO, MANIFEST, RECIPE)
    if place.is_relative_to(root) and not beside:
        raise UsageError(
            f"{out} is a place of the images or records of {folder}, which are only read; "
            f"choose another {option}"
        )
