"""Is a test set the dataset's own third part, `test/`? Then it flatters, and the score says so.

Enters: a score, its dataset and test sets. Leaves: the score, such a test set marked.
"""

from collections.abc import Sequence
from pathlib import Path

from datagen.core.errors import InputError
from datagen.datasets.format import TEST, read_info
from datagen.evaluation.records import Score
from datagen.files.paths import real_path


def with_own_part(score: Score, dataset: Path, tests: Sequence[Path]) -> Score:
    """Return a score whose tests say whether they are the dataset's own part.

    One is where it lies there, and a copy of it where its images are those of `dataset.json`.

    Args:
        score: of the dataset.
        dataset: its folder.
        tests: the folders of its tests, in their order.
    """
    own = _own_fingerprint(dataset)
    place = real_path(dataset / TEST)
    marked = tuple(
        test.model_copy(update={"own_part": test.fingerprint == own or real_path(folder) == place})
        for test, folder in zip(score.tests, tests, strict=True)
    )
    return score.model_copy(update={"tests": marked})


def _own_fingerprint(dataset: Path) -> str | None:
    try:
        return read_info(dataset).test_fingerprint
    except InputError:
        return None  # not built by us, or damaged, of which `datagen inspect` tells
