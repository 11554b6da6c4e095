"""The records of a dataset as they are published: none names a folder of whoever built it."""

import json
from pathlib import Path

from datagen.datasets.format import INFO, MANIFEST, RECIPE, read_info
from datagen.files.presets import plain_yaml
from datagen.files.reading import LINES, YAML, read_text
from datagen.recipes.paths import without_folders
from pipelines.plain import write_yaml


def published_records(root: Path) -> dict[str, str]:
    """Return name → text of the records that a dataset has.

    Raises:
        CorruptInputError: one cannot be read, or is damaged.
        RecipeError: `recipe.yaml` is not YAML.
    """
    found: dict[str, str] = {}
    if (root / MANIFEST).is_file():
        found[MANIFEST] = read_text(root / MANIFEST, LINES)
    if (root / RECIPE).is_file():
        plain = plain_yaml(read_text(root / RECIPE, YAML), str(root / RECIPE))
        found[RECIPE] = write_yaml(without_folders(plain))
    if (root / INFO).is_file():
        info = read_info(root).model_dump(mode="json")
        for source in info["sources"]:
            source["path"] = source["path"] and Path(source["path"]).name
        found[INFO] = json.dumps(info, indent=2) + "\n"
    return found
