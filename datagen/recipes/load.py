"""Reading recipes: shipped ones by name, anybody's by path, plain data.

Nothing here touches a source; paths are only resolved against the folder of the recipe's file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from datagen.core.errors import RecipeError
from datagen.core.pydantic_errors import explain
from datagen.files.presets import Presets, plain_yaml
from datagen.recipes.schema import Ingredient, Recipe

_PRESETS: Final = Presets("recipe", "datagen.recipes")
_FILES: Final = {".yaml", ".yml", ".json"}


def shipped() -> dict[str, str]:
    """Return the YAML text of every recipe in the package, by name."""
    return _PRESETS.shipped()


def load(name_or_path: str) -> Recipe:
    """Read a recipe: a file's path, or the name of a shipped one.

    Relative paths inside a file are taken from the file's own folder.

    Raises:
        MissingInputError: no such file.
        UnknownNameError: neither a file nor a shipped recipe.
        RecipeError: it is not YAML, or does not validate; the message names the key.
    """
    found = _PRESETS.find(name_or_path)
    return parse(found.text, origin=found.origin, folder=found.folder)


def parse(text: str, *, origin: str, folder: Path) -> Recipe:
    """Validate YAML text as a recipe.

    Raises:
        RecipeError: it is not YAML, or does not validate.
    """
    plain = plain_yaml(text, origin)
    if not isinstance(plain, dict):
        raise RecipeError(f"{origin} is not a recipe: expected keys such as mix, images, val")
    return validate(plain, origin=origin, folder=folder)


def validate(plain: Mapping[str, Any], *, origin: str, folder: Path) -> Recipe:
    """Validate plain data as a recipe, its relative paths taken from `folder`.

    Raises:
        RecipeError: a key is unknown or a value is out of range; the message names it.
    """
    try:
        recipe = Recipe.model_validate(plain)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {explain(error, Recipe)}") from error
    try:
        resolved = _resolve(recipe, folder)
        resolved.model_dump_json()
    except (ValueError, OSError, RuntimeError) as error:
        # a path that no system takes, text that is no Unicode, options that hold themselves
        reason = " ".join(str(error).split())
        raise RecipeError(f"{origin}: a name, path or option cannot be used: {reason}") from error
    return resolved


def option_path(value: Any, folder: Path) -> Any:
    """Return an option of a source, taken from `folder` where it ends like a file."""
    if not isinstance(value, str) or Path(value).suffix not in _FILES:
        return value
    return str((folder / Path(value).expanduser()).resolve())


def pipeline_path(name: str | None, folder: Path) -> str | None:
    """Return a pipeline's name, taken from `folder` where it is a file: no preset has one in it."""
    if name is None or (Path(name).suffix not in _FILES and name == Path(name).name):
        return name
    return str((folder / Path(name).expanduser()).resolve())


def _resolve(recipe: Recipe, folder: Path) -> Recipe:
    """Make every path absolute."""

    def absolute(path: Path | None) -> Path | None:
        return None if path is None else (folder / path.expanduser()).resolve()

    def resolved(mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        return tuple(
            part.model_copy(
                update={
                    "path": absolute(part.path),
                    "pipeline": pipeline_path(part.pipeline, folder),
                    "options": {k: option_path(value, folder) for k, value in part.options.items()},
                }
            )
            for part in mix
        )

    val = recipe.val.model_copy(
        update={"mix": resolved(recipe.val.mix), "folder": absolute(recipe.val.folder)}
    )
    pipeline = pipeline_path(recipe.pipeline, folder)
    return recipe.model_copy(update={"mix": resolved(recipe.mix), "val": val, "pipeline": pipeline})
