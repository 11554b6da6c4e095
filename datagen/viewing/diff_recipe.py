"""Which keys differ in the recipes of two datasets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datagen.core.nested import changed_keys
from datagen.datasets.format import RECIPE
from datagen.files.presets import plain_yaml
from datagen.files.reading import YAML, read_text
from datagen.recipes.paths import without_folders


@dataclass(frozen=True, slots=True)
class RecipeChange:
    """A key of `recipe.yaml` that differs; None where one recipe does not have it."""

    key: str
    before: Any
    after: Any


def recipe_changes(first: Path, second: Path) -> tuple[RecipeChange, ...] | None:
    """Return the keys of the recipes that differ; paths count by their last name."""
    if not all((root / RECIPE).is_file() for root in (first, second)):
        return None
    changed = changed_keys(*(_recipe(root / RECIPE) for root in (first, second)))
    return tuple(RecipeChange(key, *values) for key, values in changed.items())


def _recipe(path: Path) -> Any:
    return without_folders(plain_yaml(read_text(path, YAML), str(path)))
