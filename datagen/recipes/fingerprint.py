"""What tells recipes apart: a hash of all that decides a dataset, wherever its data lie."""

import hashlib
import json

from datagen.recipes.paths import without_folders
from datagen.recipes.schema import Recipe


def recipe_fingerprint(recipe: Recipe) -> str:
    """Return the SHA-256 of a recipe's keys, those with their default too.

    Of paths the last name counts: the same recipe has one fingerprint on every machine. What lies
    there is told by the fingerprints of the sources.

    Example:
        >>> one, other = Recipe(seed=1), Recipe(seed=2)
        >>> recipe_fingerprint(one) == recipe_fingerprint(other)
        False
    """
    plain = without_folders(recipe.model_dump(mode="json", exclude_none=True))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
