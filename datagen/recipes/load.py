"""Reading recipes: shipped ones by name, other files by path, plain data.

Nothing here touches a source; paths are only resolved against the folder of the recipe's file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from datagen.core.errors import RecipeError, UsageError
from datagen.core.pydantic_errors import explain
from datagen.files.presets import Presets, plain_yaml
from datagen.recipes.paths import absolute_ingredient, absolute_value
from datagen.recipes.schema import Ingredient, Recipe, Validation

Held = TypeVar("Held", bound=Validation)

_PRESETS: Final = Presets("recipe", "datagen.recipes")


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


def validate(
    plain: Mapping[str, Any],
    *,
    origin: str,
    folder: Path,
    flags: Mapping[str, str] | None = None,
) -> Recipe:
    """Validate plain data as a recipe, its relative paths taken from `folder`.

    Args:
        plain: the recipe.
        origin: where it is from, for messages.
        folder: where relative paths start.
        flags: the flag that set a key, for messages: they name what the person wrote.

    Raises:
        RecipeError: a key is unknown or a value is out of range; the message names it.
    """
    try:
        recipe = Recipe.model_validate(plain)
    except ValidationError as error:
        said = explain(error, Recipe, flags)
        raise RecipeError(said if said.startswith("--") else f"{origin}: {said}") from error
    try:
        resolved = _with_absolute_paths(recipe, folder)
        resolved.model_dump_json()
    except (ValueError, OSError, RuntimeError, UsageError) as error:
        # a path that no system takes, text that is no Unicode, options that hold themselves
        reason = " ".join(str(error).split())
        if "UnicodeEncodeError" in reason:  # of pydantic, with its words around it
            reason = "text that is no Unicode"
        elif "Circular reference" in reason:
            reason = "options that hold themselves"
        raise RecipeError(f"{origin}: a name, path or option cannot be used: {reason}") from error
    return resolved


def _with_absolute_paths(recipe: Recipe, folder: Path) -> Recipe:
    def ingredients(mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        keys = ("path", "pipeline", "options")
        return tuple(
            part.model_copy(
                update=absolute_ingredient({key: getattr(part, key) for key in keys}, folder)
            )
            for part in mix
        )

    def held_out(part: Held) -> Held:
        changed = {
            "mix": ingredients(part.mix),
            "folder": absolute_value(f"{part.part}.folder", part.folder, folder),
        }
        return part.model_copy(update=changed)

    return recipe.model_copy(
        update={
            "mix": ingredients(recipe.mix),
            "pipeline": absolute_value("pipeline", recipe.pipeline, folder),
            "val": held_out(recipe.val),
            "test": None if recipe.test is None else held_out(recipe.test),
        }
    )
