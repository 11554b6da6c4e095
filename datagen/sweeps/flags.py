"""A sweep's flags, parsed into the keys of a spec."""

from collections.abc import Sequence
from typing import Any

from datagen.core.errors import UnknownNameError, UsageError
from datagen.files.paths import real_path
from datagen.files.presets import plain_yaml
from datagen.recipes.overrides import ingredient, source_option
from datagen.sweeps.spec import parse_axis
from pipelines.text import quoted


def swept_ingredient(text: str) -> dict[str, Any]:
    """Parse `NAME[:PATH]=RATIO|START:STOP:STEP`.

    Raises:
        UsageError: it is not of that form.
    """
    head, sign, axis = text.rpartition("=")
    try:
        if not sign:
            raise ValueError("it has no =")
        parse_axis(axis)
    except ValueError as error:
        raise UsageError(
            f"--mix {quoted(text)} is not NAME[:PATH]=START:STOP:STEP, such as pen=0:1:0.25 "
            f"({error})"
        ) from None
    named = ingredient(head)
    path = None if named.path is None else str(real_path(named.path))
    return {"source": named.source, "path": path, "ratio": axis}


def with_options(mix: list[dict[str, Any]], texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the ingredients with `SOURCE.KEY=VALUE` set in every one of that source.

    Raises:
        UsageError: a text is not of that form.
        UnknownNameError: the source is not in the mix.
        RecipeError: a value is not YAML.
    """
    for text in texts:
        source, key, value = source_option(text)
        if source not in {part.get("source") for part in mix}:
            names = {str(part.get("source")) for part in mix}
            raise UnknownNameError("source in --option", source, names)
        option = {key: plain_yaml(value, f"--option {source}.{key}")}
        mix = [
            {**part, "options": {**part.get("options", {}), **option}}
            if part.get("source") == source
            else part
            for part in mix
        ]
    return mix


def without_bad_images(mix: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the ingredients of which the images pass over unusable files.

    Raises:
        UsageError: none of them is of images.
    """
    if all(part.get("source") != "images" for part in mix):
        raise UsageError(
            "--skip-bad passes over image files, and no source of the sweep's mix is images: leave "
            "it out, or say skip_bad in the recipe"
        )
    return with_options(mix, ["images.skip_bad=true"])


def varied_key(text: str) -> tuple[str, list[Any]]:
    """Parse `KEY=a,b,c`, each value as YAML would read it.

    Raises:
        UsageError: it is not of that form.
        RecipeError: a value is not YAML.
    """
    key, sign, values = text.partition("=")
    if not (key and sign and values):
        raise UsageError(f"--vary {quoted(text)} is not KEY=a,b,c, such as val.fraction=0.1,0.2")
    return key, [plain_yaml(value, f"--vary {key}") for value in values.split(",")]
