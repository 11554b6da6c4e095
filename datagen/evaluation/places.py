"""The paths in a score: absolute in memory, and in a file as the file's folder sees them.

So a report and a sweep can be moved and sent, and name no user's folders. What the cache keeps is
for this machine alone, and stays absolute.
"""

import os
from pathlib import Path

from datagen.core.errors import RecipeError, UsageError
from datagen.evaluation.records import Origin, Score
from datagen.files.paths import absolute, real_path, recorded_place, recorded_text
from datagen.recipes.load import validate
from datagen.recipes.paths import absolute_value, recorded_recipe


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
        update={
            "tests": tests,
            "dataset": dataset,
            "warnings": told(score.warnings),
            "origin": _recorded_origin(score.origin, folder),
        }
    )


def _recorded_origin(origin: Origin | None, folder: Path) -> Origin | None:
    if origin is None or origin.recipe is None:
        return origin
    place = real_path(folder)
    pipelines = {
        recorded_recipe(name, place, "pipeline"): text for name, text in origin.pipelines.items()
    }
    recipe = recorded_recipe(origin.recipe, place)
    return origin.model_copy(update={"recipe": recipe, "pipelines": pipelines})


def _located_origin(origin: Origin | None, folder: Path) -> Origin | None:
    """Return an origin with absolute paths; a recipe that is none stays as it is."""
    if origin is None or origin.recipe is None:
        return origin
    try:
        recipe = validate(origin.recipe, origin="the receipt", folder=folder)
    except RecipeError:
        return origin
    pipelines = {
        absolute_value("pipeline", name, folder): text for name, text in origin.pipelines.items()
    }
    plain = recipe.model_dump(mode="json", exclude_none=True)
    return origin.model_copy(update={"recipe": plain, "pipelines": pipelines})


def located_score(score: Score, folder: Path) -> Score:
    """Return a score that was read from a file in `folder`, its paths absolute."""
    tests = tuple(
        test.model_copy(update={"path": located_path(test.path, folder)}) for test in score.tests
    )
    dataset = score.dataset.model_copy(update={"path": located_path(score.dataset.path, folder)})
    origin = _located_origin(score.origin, folder)
    return score.model_copy(update={"tests": tests, "dataset": dataset, "origin": origin})


def located_path(path: str, folder: Path) -> str:
    """Return what a record in `folder` calls `path`: absolute, or as it is if nothing is there."""
    try:
        place = str(absolute(path, folder))
    except UsageError:
        return path
    return place if os.path.exists(place) else path  # noqa: PTH110 - a record may say anything
