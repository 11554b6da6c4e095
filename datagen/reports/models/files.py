"""The files of a comparison of models, and the folder that they lie in."""

from pathlib import Path
from typing import Final

from datagen.core.errors import EvaluationError
from datagen.evaluation.compare_models import ModelComparison
from datagen.files.atomic import made_folder, write_texts
from datagen.files.paths import recorded_place, recorded_text
from datagen.reports.models.page import models_page

PAGE: Final = "models.html"
RECORD: Final = "models.json"


def models_folder(dataset: Path, *, preview: bool) -> Path:
    """Return where the comparison goes by default: a folder where the shell stands."""
    name = dataset.absolute().name or "dataset"
    return Path(f"{name}-models{'-preview' if preview else ''}")


def write_models(found: ModelComparison, folder: Path) -> Path:
    """Write `models.html` and `models.json` into a folder, and return the page.

    Paths in both are relative to the folder, as in other reports.

    Raises:
        EvaluationError: a file cannot be written; official scores themselves are in the cache.
    """
    told = _recorded(found, folder)
    texts = {RECORD: told.model_dump_json(indent=1) + "\n", PAGE: models_page(told)}
    try:
        with made_folder(folder):
            write_texts(folder, texts)
    except OSError as error:
        raise EvaluationError(
            f"cannot write in {folder}: {error.strerror}; the same command with another --out "
            "writes it, official scores from the cache"
        ) from error
    return folder / PAGE


def _recorded(found: ModelComparison, folder: Path) -> ModelComparison:
    """Return a comparison that names all paths as files in `folder` do.

    Its sentences name the ends of paths only.
    """
    models = tuple(
        model.model_copy(
            update={
                "tests": tuple(
                    test.model_copy(update={"path": recorded_place(test.path, folder)})
                    for test in model.tests
                )
            }
        )
        for model in found.models
    )
    places = (found.path, *(test.path for test in found.models[0].tests))
    notes = tuple(recorded_text(note, places, folder) for note in found.notes)
    return found.model_copy(
        update={"path": recorded_place(found.path, folder), "models": models, "notes": notes}
    )
