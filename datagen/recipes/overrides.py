"""What flags say over a recipe: parsed, and written into it.

Paths in flags are relative to the shell's folder, those of a recipe's file to that file's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from datagen.core.budget import RATIO_LIMIT
from datagen.core.errors import UnknownNameError, UsageError
from datagen.files.paths import user_path
from datagen.files.presets import plain_yaml
from datagen.recipes.load import validate
from datagen.recipes.schema import Ingredient, Recipe
from datagen.sources.reference import parse_reference
from pipelines.text import quoted

_FLAGS: Final = {
    "mix": "--mix",
    "images": "--images",
    "budget": "--budget",
    "seed": "--seed",
    "size": "--size",
    "pipeline": "--pipeline",
    "val": "--val-from or --val-dir",
    "val.fraction": "--val-fraction",
    "val.mix": "--val-from",
    "val.folder": "--val-dir",
    "test.fraction": "--test-fraction",
}
"""The flag that sets a key, for messages about what a recipe and the flags are together."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What flags change in a recipe; what is None or empty changes nothing.

    Attributes:
        mix: the sources, instead of all of the recipe's.
        options: source, option and value, the value as text.
        val_from: the one source of val.
        val_dir: class folders that are val.
        test_fraction: share of the images that are a third part, test.
        paths: source, and where its files are.
        skip_bad: the source `images` passes over unusable files.

    Raises:
        UsageError: val is to come from a source and from a folder.
    """

    mix: tuple[Ingredient, ...] | None = None
    options: tuple[tuple[str, str, str], ...] = ()
    images: int | None = None
    budget: int | None = None
    fit: bool | None = None
    val_fraction: float | None = None
    val_from: Ingredient | None = None
    val_dir: Path | None = None
    test_fraction: float | None = None
    seed: int | None = None
    size: Literal[32, "native"] | None = None
    pipeline: str | None = None
    paths: tuple[tuple[str, Path], ...] = ()
    skip_bad: bool = False

    def __post_init__(self) -> None:
        if self.val_from is not None and self.val_dir is not None:
            raise UsageError("--val-from and --val-dir exclude each other")


def override(recipe: Recipe, flags: Overrides) -> Recipe:
    """Return `recipe` with what the flags say; paths in flags are relative to the shell's folder.

    Raises:
        RecipeError: the result does not validate.
    """
    plain = recipe.model_dump(exclude_unset=True)
    plain["recipe"] = recipe.recipe
    if flags.mix is not None:
        plain["mix"] = [ingredient.model_dump() for ingredient in flags.mix]
    for field in ("images", "budget", "fit", "seed", "size", "pipeline"):
        if (value := getattr(flags, field)) is not None:
            plain[field] = value
    plain |= _held_out(plain, flags)
    for source, path in flags.paths:
        for entry in _entries(plain, source, "--path"):
            entry["path"] = path
    for source, option, value in flags.options:
        for entry in _entries(plain, source, "--option"):
            entry["options"] = {
                **entry.get("options", {}),
                option: _plain(value, f"--option {source}.{option}"),
            }
    if flags.skip_bad:
        _skip_bad(_everywhere(plain))
    return validate(plain, origin="the flags", folder=Path.cwd(), flags=_FLAGS)


def _skip_bad(entries: Sequence[dict[str, Any]]) -> None:
    images = [entry for entry in entries if entry["source"] == "images"]
    if not images:
        raise UsageError(
            "--skip-bad passes over image files, and no source is images: leave it out"
        )
    for entry in images:
        entry["options"] = {**entry.get("options", {}), "skip_bad": True}


def _plain(value: str, origin: str) -> Any:
    """Return what the value of a flag means: as in YAML, but yes and no are words."""
    return value if value in ("yes", "no") else plain_yaml(value, origin)


def _held_out(plain: dict[str, Any], flags: Overrides) -> dict[str, Any]:
    """Return what val and test are made of, where a recipe or a flag says it."""
    test = dict(plain.get("test") or {})
    if flags.test_fraction is not None:
        test["fraction"] = flags.test_fraction
    found = {"val": _val(dict(plain.get("val", {})), flags), "test": test}
    return {part: keys for part, keys in found.items() if keys}


def _val(val: dict[str, Any], flags: Overrides) -> dict[str, Any]:
    """Return what val is made of; a folder and a source of its own replace each other."""
    if flags.val_fraction is not None:
        val["fraction"] = flags.val_fraction
    if flags.val_from is not None:
        val |= {"mix": [flags.val_from.model_dump()], "folder": None}
    if flags.val_dir is not None:
        val |= {"folder": flags.val_dir, "mix": ()}
    return val


def mix_of(source: str | None, mix: Sequence[str] | None) -> tuple[Ingredient, ...] | None:
    """Parse `--source NAME[:PATH]`, or the texts of `--mix NAME[:PATH]=RATIO`.

    Returns:
        The sources; None where neither flag is given.

    Raises:
        UsageError: both are said, or one does not parse.
    """
    if source and mix:
        raise UsageError("--source and --mix exclude each other; name every source with --mix")
    if source:
        return (ingredient(source),)
    return tuple(mixed_ingredient(text) for text in mix) if mix else None


def ingredient(text: str, ratio: float = 1.0) -> Ingredient:
    """Parse `NAME[:PATH]`.

    Raises:
        UsageError: there is no name.
    """
    name, path = parse_reference(text)
    return Ingredient(source=name, path=path, ratio=ratio)


def mixed_ingredient(text: str) -> Ingredient:
    """Parse `NAME[:PATH]=RATIO`.

    Raises:
        UsageError: it is not of that form, or the ratio is negative or no number.
    """
    head, sign, tail = text.rpartition("=")
    try:
        ratio = float(tail)
    except ValueError:
        ratio = -1.0
    if not sign or not 0 <= ratio <= RATIO_LIMIT:
        raise UsageError(
            f"--mix {quoted(text)} is not NAME[:PATH]=RATIO with a ratio of 0 or more, such as "
            "pen=0.7"
        )
    return ingredient(head, ratio)


def source_option(text: str) -> tuple[str, str, str]:
    """Parse `SOURCE.KEY=VALUE`; the value stays text.

    Raises:
        UsageError: it is not of that form.
    """
    head, sign, value = text.partition("=")
    source, dot, key = head.partition(".")
    if not (sign and dot and source and key):
        raise UsageError(
            f"--option {quoted(text)} is not SOURCE.KEY=VALUE, such as emnist.split=letters"
        )
    return source, key, value


def source_path(text: str) -> tuple[str, Path]:
    """Parse `SOURCE=PATH`.

    Raises:
        UsageError: it is not of that form.
    """
    source, sign, path = text.partition("=")
    if not (sign and source and path):
        raise UsageError(f"--path {quoted(text)} is not SOURCE=PATH, such as images=photos")
    return source, user_path(path)


def image_size(text: str | None) -> Literal[32, "native"] | None:
    """Parse what to store: `32` or `native`; None where nothing is said.

    Raises:
        UsageError: it is neither.
    """
    sizes: dict[str | None, Literal[32, "native"] | None] = {
        None: None,
        "32": 32,
        "native": "native",
    }
    if text not in sizes:
        raise UsageError(f"--size {quoted(text)} is neither 32 nor native")
    return sizes[text]


def _entries(plain: dict[str, Any], source: str, flag: str) -> Iterator[dict[str, Any]]:
    """Yield every ingredient of a source, of train, val and test.

    Raises:
        UnknownNameError: the recipe has no such source.
    """
    everywhere = _everywhere(plain)
    matching = [entry for entry in everywhere if entry["source"] == source]
    if not matching:
        raise UnknownNameError(f"source in {flag}", source, {e["source"] for e in everywhere})
    yield from matching


def _everywhere(plain: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ingredients of train, val and test."""
    mix = plain.setdefault("mix", [Ingredient(source="pen").model_dump()])
    held_out = (plain.get("val") or {}, plain.get("test") or {})
    return [*mix, *(entry for part in held_out for entry in part.get("mix", ()))]
