"""What is said before training: files that the network will see otherwise than a person does."""

from collections.abc import Iterator
from pathlib import Path

from datagen.core.errors import DatagenError
from datagen.core.numerals import SPLITS
from datagen.datasets.content import Content
from datagen.datasets.format import INFO, read_info
from datagen.datasets.traps import find_traps, trap_lines
from datagen.files.class_folders import SAMPLE_RULES, class_files


def trap_warnings(dataset: Path, content: Content | None, tests: tuple[Path, ...]) -> Iterator[str]:
    """Yield one sentence per folder and kind of trap; see `datasets.traps`.

    What the evaluator refuses by itself is left to it: unreadable files, missing folders. The
    images of a dataset that stands as `datagen build` wrote it are not looked at.

    Args:
        dataset: a folder with `train/` and `val/`.
        content: its images; None where the evaluator will refuse it.
        tests: class folders to score on.
    """
    places = (
        [] if _as_built(dataset, content) else [(dataset, [dataset / split for split in SPLITS])]
    )
    for root, folders in places + [(test, [test]) for test in tests]:
        try:
            files = [path for folder in folders for _, path in class_files(folder, SAMPLE_RULES)]
        except (OSError, DatagenError):
            continue
        traps = [trap for trap in find_traps(files) if trap.kind != "unreadable"]
        yield from trap_lines(traps, root)


def _as_built(dataset: Path, content: Content | None) -> bool:
    try:
        if content is None or not (dataset / INFO).is_file():
            return False
        return content.fingerprint == read_info(dataset).fingerprint
    except (OSError, DatagenError):
        return False
