"""How an evaluated dataset is made again: what a score says of it beside what was measured.

Enters: a dataset's folder and its hashed images. Leaves: an `Origin`, for `datagen verify`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from datagen.core.errors import InputError, MissingInputError, UsageError
from datagen.datasets.content import Content
from datagen.datasets.format import RECIPE, DatasetInfo, read_info
from datagen.evaluation.records import Origin, OriginSource
from datagen.recipes.fingerprint import recipe_fingerprint
from datagen.recipes.load import load
from datagen.recipes.paths import absolute_value

MARK: Final = 2  # hex digits per image: a changed one keeps its mark once in 256 times

NOT_BUILT: Final = "the dataset has no recipe.yaml and dataset.json: it was not built by datagen"
_DAMAGED: Final = "the dataset's recipe.yaml or dataset.json cannot be read"
_CHANGED: Final = "the images were changed after the build, so the recipe does not make them"


def dataset_origin(root: Path, content: Content) -> Origin:
    """Return how the dataset in `root` is made again, its paths absolute."""
    marked = Origin(images=image_marks(content))
    try:
        info, recipe = read_info(root), load(str(root.absolute() / RECIPE))
    except MissingInputError:
        return marked.model_copy(update={"note": NOT_BUILT})
    except (InputError, UsageError):
        return marked.model_copy(update={"note": _DAMAGED})
    if info.fingerprint != content.fingerprint:
        return marked.model_copy(update={"note": _CHANGED})
    return marked.model_copy(
        update={
            "recipe": recipe.model_dump(mode="json", exclude_none=True),
            "recipe_fingerprint": recipe_fingerprint(recipe),
            "sources": tuple(
                OriginSource(key=part.key, source=part.source, fingerprint=part.fingerprint)
                for part in info.sources
            ),
            "pipelines": _pipeline_files(info, root.absolute()),
            "versions": info.versions,
        }
    )


def image_marks(content: Content) -> dict[str, dict[str, str]]:
    """Return split → class → the first digits of every image's hash, in order of file name."""
    marks: dict[str, dict[str, str]] = {}
    for split, numeral, digest in content.rows:
        row = marks.setdefault(split, {})
        row[numeral] = row.get(numeral, "") + digest[:MARK]
    return marks


def _pipeline_files(info: DatasetInfo, root: Path) -> Mapping[str, str]:
    """Return the text of the pipelines that are files; those of the package have no folder."""
    placed = {name: absolute_value("pipeline", name, root) for name in info.pipelines}
    return {path: info.pipelines[name] for name, path in placed.items() if path != name}
