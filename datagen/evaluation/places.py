"""The paths in a score: absolute in memory, and in a file as the file's folder sees them.

So a report and a sweep can be moved and sent, and name no user's folders. What the cache keeps is
for this machine alone, and stays absolute.
"""

import os
from pathlib import Path

from datagen.core.errors import UsageError
from datagen.evaluation.records import Score
from datagen.files.paths import absolute, recorded_place, recorded_text


def recorded_score(score: Score, folder: Path) -> Score:
    """Return a score as a file in `folder` says it; see `datagen.files.paths.recorded`."""
    places = (score.dataset.path, *(test.path for test in score.tests))

    def told(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(recorded_text(text, places, folder) for text in texts)

    tests = tuple(
        test.model_copy(
            update={
                "path": recorded_place(test.path, folder),
                "leakage": test.leakage.model_copy(update={"notes": told(test.leakage.notes)}),
            }
        )
        for test in score.tests
    )
    dataset = score.dataset.model_copy(update={"path": recorded_place(score.dataset.path, folder)})
    return score.model_copy(
        update={"tests": tests, "dataset": dataset, "warnings": told(score.warnings)}
    )


def located_score(score: Score, folder: Path) -> Score:
    """Return a score that was read from a file in `folder`, its paths absolute."""
    tests = tuple(
        test.model_copy(update={"path": located_path(test.path, folder)}) for test in score.tests
    )
    dataset = score.dataset.model_copy(update={"path": located_path(score.dataset.path, folder)})
    return score.model_copy(update={"tests": tests, "dataset": dataset})


def located_path(path: str, folder: Path) -> str:
    """Return what a record in `folder` calls `path`: absolute, or as it is if nothing is there."""
    try:
        place = str(absolute(path, folder))
    except UsageError:
        return path
    return place if os.path.exists(place) else path  # noqa: PTH110 - a record may say anything
