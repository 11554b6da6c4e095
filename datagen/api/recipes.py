"""Recipes from Python: read one, or let plain keys be one."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from datagen.api.call import public
from datagen.recipes.load import load, shipped, validate
from datagen.recipes.schema import Recipe

RecipeLike = Recipe | str | os.PathLike[str] | Mapping[str, Any]
"""A recipe; or the name of a shipped one, or a file, or a mapping of a recipe's keys."""


@public
def load_recipe(name_or_path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe: a shipped one by its name, or a YAML file.

    Raises:
        MissingInputError: no such file.
        UnknownNameError: neither a file nor a shipped recipe.
        RecipeError: it is no YAML or no recipe; the message names the key.

    Example:
        >>> import datagen
        >>> recipe = datagen.load_recipe("default")
        >>> recipe.mix[0].source, recipe.budget
        ('pen', 10000)
        >>> recipe.model_copy(update={"images": 500}).images
        500
    """
    return load(os.fspath(name_or_path))


def list_recipes() -> tuple[str, ...]:
    """Return the names of the shipped recipes.

    Example:
        >>> import datagen
        >>> "competition" in datagen.list_recipes()
        True
    """
    return tuple(shipped())


def as_recipe(given: RecipeLike) -> Recipe:
    """Return what the API was given as a recipe; its relative paths start at the working folder.

    Raises:
        UsageError: it is none, or names one that is not there.
    """
    if isinstance(given, Recipe):
        return _validated(given)
    if isinstance(given, Mapping):
        return validate({"recipe": 1, **given}, origin="the recipe", folder=Path.cwd())
    return load_recipe(given)


def _validated(given: Recipe) -> Recipe:
    """Return a recipe that `model_copy(update=…)` may have changed, which checks nothing.

    Raises:
        RecipeError: a key is unknown or a value is out of range.
    """
    found = validate(_plain(given), origin="the recipe", folder=Path.cwd())
    return given if found == given else found


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {key: _plain(each) for key, each in vars(value).items()}  # also unknown keys
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
