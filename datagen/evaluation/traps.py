"""What is said before training of files that the network sees otherwise, and of missing classes."""

from collections.abc import Iterator
from pathlib import Path

from datagen.core.errors import DatagenError
from datagen.core.numerals import CLASSES, SPLITS
from datagen.datasets.content import Content
from datagen.datasets.format import INFO, read_info
from datagen.datasets.traps import find_traps, trap_lines
from datagen.files.class_folders import SAMPLE_RULES, class_files


def trap_warnings(dataset: Path, content: Content | None, tests: tuple[Path, ...]) -> Iterator[str]:
    """Yield a sentence per folder and kind of trap, and one per test that lacks classes.

    For the kinds see `datasets.traps`. What the evaluator refuses by itself is left to it:
    unreadable files, missing folders. The images of a dataset that is as `datagen build` wrote it
    are not looked at.

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
            found = [each for folder in folders for each in class_files(folder, SAMPLE_RULES)]
        except (OSError, DatagenError):
            continue
        missing = sorted(set(CLASSES) - {numeral for numeral, _ in found}, key=CLASSES.index)
        if found and missing and root != dataset:  # a dataset without a class is refused
            yield f"{root} has no image of {', '.join(missing)}: the accuracy leaves them out"
        traps = find_traps([path for _, path in found])
        yield from trap_lines([trap for trap in traps if trap.kind != "unreadable"], root)


def _as_built(dataset: Path, content: Content | None) -> bool:
    try:
        if content is None or not (dataset / INFO).is_file():
            return False
        return content.fingerprint == read_info(dataset).fingerprint
    except (OSError, DatagenError):
        return False
