"""Which keys differ in the recipes of two datasets."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    before, after = (dict(_flat(_recipe(root / RECIPE))) for root in (first, second))
    return tuple(
        RecipeChange(key, before.get(key), after.get(key))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )


def _recipe(path: Path) -> Any:
    return without_folders(plain_yaml(read_text(path, YAML), str(path)))


def _flat(plain: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested keys: `mix[0].source`."""
    if isinstance(plain, dict) and plain:
        for name, value in plain.items():
            yield from _flat(value, f"{key}.{name}" if key else str(name))
    elif isinstance(plain, list) and plain:
        for number, value in enumerate(plain):
            yield from _flat(value, f"{key}[{number}]")
    else:
        yield key, plain
