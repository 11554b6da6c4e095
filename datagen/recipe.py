"""A recipe: everything that decides a dataset's bytes. Recipe ⇄ YAML ⇄ flags.

Nothing here touches a source; paths are only resolved against the folder of the recipe's file.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from datagen.compose import ComposeOptions
from datagen.compose.hand import HandOptions
from datagen.errors import MissingInput, RecipeError, UnknownName, UsageError
from datagen.numerals import CaseStyle
from datagen.validation import explain

ELIGIBLE_BUDGET: Final = 10_000
"""Images, train + val: the rule of the 2021 Data-Centric AI Competition."""

RATIO_LIMIT: Final = 1e12
"""The largest ratio or weight: sums and products of such numbers stay finite."""

_SHIPPED: Final = "datagen.recipes"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Ingredient(_Model):
    """One source in the mix.

    Attributes:
        source: a name that `datagen sources` lists.
        path: where its ink is; None asks for the fetched copy or the embedded model.
        ratio: its share of the images, on any scale.
        options: the source's own options.
    """

    source: str
    path: Path | None = None
    ratio: Annotated[float, Field(ge=0, le=RATIO_LIMIT)] = 1.0
    options: dict[str, Any] = {}


class Validation(_Model):
    """What the validation set is made of; the best-val checkpoint is the one scored.

    Attributes:
        fraction: share of all images, unless `folder` is given.
        mix: sources it is drawn from; empty: those of the training set, split by identity.
        folder: class folders taken as they are, every image of them.
    """

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    mix: tuple[Ingredient, ...] = ()
    folder: Path | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.mix and self.folder:
            raise ValueError("val takes a mix or a folder, not both")
        return self


class Recipe(_Model):
    """A dataset in the making.

    Attributes:
        name: for people.
        seed: root of every random draw.
        images: how many, train + val; None: as many as the budget allows, or, where every
            source holds finished images, all of them.
        budget: the most images allowed, counted exactly and in batches of 8.
        fit: shrink a plan that breaks the budget instead of refusing it.
        size: 32 stores what the evaluator sees, "native" the composed sheet.
        mix: the sources and their ratios.
        case_styles: weights of the ways to write a numeral.
        compose: how letters become numerals.
        val: what the validation set is made of.
    """

    recipe: Literal[1] = 1  # version of this format
    name: str = "default"
    seed: Annotated[int, Field(ge=0)] = 0
    images: Annotated[int, Field(ge=1)] | None = None
    budget: Annotated[int, Field(ge=1)] = ELIGIBLE_BUDGET
    fit: bool = False
    size: Literal[32, "native"] = 32
    mix: tuple[Ingredient, ...] = (Ingredient(source="pen"),)
    case_styles: dict[CaseStyle, Annotated[float, Field(ge=0, le=RATIO_LIMIT)]] = {
        "upper": 0.6,
        "lower": 0.3,
        "mixed": 0.1,
    }
    compose: ComposeOptions = HandOptions()
    val: Validation = Validation()

    @field_validator("mix")
    @classmethod
    def _some_ratio(cls, mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        if sum(ingredient.ratio for ingredient in mix) <= 0:
            raise ValueError("no ratio is above 0; give at least one source a positive ratio")
        return mix

    @field_validator("case_styles")
    @classmethod
    def _some_style(cls, styles: dict[CaseStyle, float]) -> dict[CaseStyle, float]:
        if sum(styles.get(style, 0) for style in ("upper", "lower")) <= 0:
            raise ValueError("upper and lower both have weight 0; classes like 'i' know no other")
        return styles

    @property
    def eligible(self) -> bool:
        """Whether the budget is one the competition would have accepted."""
        return self.budget <= ELIGIBLE_BUDGET

    def to_yaml(self) -> str:
        """Return the recipe as YAML that `load` reads back to an equal recipe."""
        plain = self.model_dump(mode="json", exclude_none=True)
        return yaml.safe_dump(plain, sort_keys=False)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What flags say over a recipe's file: None leaves the file's word alone."""

    mix: tuple[Ingredient, ...] | None = None
    options: tuple[tuple[str, str, str], ...] = ()  # (source, option, value)
    images: int | None = None
    budget: int | None = None
    fit: bool | None = None
    val_fraction: float | None = None
    val_from: Ingredient | None = None
    val_dir: Path | None = None
    seed: int | None = None
    size: Literal[32, "native"] | None = None


def shipped() -> dict[str, str]:
    """Return the YAML text of every recipe in the package, by name."""
    return {
        Path(entry.name).stem: entry.read_text("utf-8")
        for entry in sorted(resources.files(_SHIPPED).iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".yaml")
    }


def load(name_or_path: str) -> Recipe:
    """Read a recipe: a file's path, or the name of a shipped one.

    Relative paths inside a file are taken from the file's own folder.

    Raises:
        MissingInput: no such file.
        UnknownName: neither a file nor a shipped recipe.
        RecipeError: it is not YAML, or does not validate; the message names the key.
    """
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise MissingInput(f"no recipe file {path}; expected YAML") from None
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"recipe {path} cannot be read: {error}") from error
        return parse(text, origin=str(path), folder=path.resolve().parent)
    recipes = shipped()
    if name_or_path not in recipes:
        raise UnknownName("recipe", name_or_path, recipes)
    return parse(recipes[name_or_path], origin=f"shipped recipe {name_or_path}", folder=Path.cwd())


def parse(text: str, *, origin: str, folder: Path) -> Recipe:
    """Validate YAML text as a recipe.

    Raises:
        RecipeError: it is not YAML, or does not validate.
    """
    plain = _plain(text, origin)
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


class _Loader(yaml.SafeLoader):
    """YAML's safe part, without the habit of letting the last of two equal keys win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name, number in Counter(keys).items():
            if number > 1 and name != "<<":
                raise yaml.YAMLError(f"key {name!r} occurs {number} times; keep one of them")
        return super().construct_mapping(node, deep)


def _plain(text: str, origin: str) -> Any:
    """Return the data that YAML text holds.

    Raises:
        RecipeError: it is not YAML.
    """
    try:
        return yaml.load(text, _Loader)  # a subclass of the safe one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a date of month 13, a number of 5,000 digits
        raise RecipeError(f"{origin} is not YAML: {' '.join(str(error).split())}") from error


def override(recipe: Recipe, flags: Overrides) -> Recipe:
    """Return `recipe` with what the flags say; paths in flags are relative to the shell's folder.

    Raises:
        RecipeError: the result does not validate.
    """
    plain = recipe.model_dump(exclude_unset=True)
    plain["recipe"] = recipe.recipe
    if flags.mix is not None:
        plain["mix"] = [ingredient.model_dump() for ingredient in flags.mix]
    for field in ("images", "budget", "fit", "seed", "size"):
        if (value := getattr(flags, field)) is not None:
            plain[field] = value
    val = dict(plain.get("val", {}))
    if flags.val_fraction is not None:
        val["fraction"] = flags.val_fraction
    if flags.val_from is not None:
        val |= {"mix": [flags.val_from.model_dump()], "folder": None}
    if flags.val_dir is not None:
        val |= {"folder": flags.val_dir, "mix": ()}
    if val:
        plain["val"] = val
    _set_options(plain, flags.options)
    return validate(plain, origin="the flags", folder=Path.cwd())


def ingredient(text: str, ratio: float = 1.0) -> Ingredient:
    """Parse `NAME[:PATH]`.

    Raises:
        UsageError: there is no name.
    """
    name, _, path = text.partition(":")
    if not name or (":" in text and not path):
        raise UsageError(f"{text!r} is not NAME[:PATH], such as pen or emnist:data/gzip.zip")
    return Ingredient(source=name, path=Path(path) if path else None, ratio=ratio)


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
            f"--mix {text!r} is not NAME[:PATH]=RATIO with a ratio of 0 or more, such as pen=0.7"
        )
    return ingredient(head, ratio)


def _set_options(plain: dict[str, Any], options: tuple[tuple[str, str, str], ...]) -> None:
    """Write `SOURCE.OPTION=VALUE` flags into every ingredient of that source."""
    mix = plain.setdefault("mix", [Ingredient(source="pen").model_dump()])
    everywhere = [*mix, *plain.get("val", {}).get("mix", ())]
    for source, option, value in options:
        matching = [entry for entry in everywhere if entry["source"] == source]
        if not matching:
            raise UnknownName("source in --option", source, {e["source"] for e in everywhere})
        for entry in matching:
            entry["options"] = {
                **entry.get("options", {}),
                option: _plain(value, f"--option {source}.{option}"),
            }


def _resolve(recipe: Recipe, folder: Path) -> Recipe:
    """Make every path absolute."""

    def absolute(path: Path | None) -> Path | None:
        return None if path is None else (folder / path.expanduser()).resolve()

    def resolved(mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        return tuple(part.model_copy(update={"path": absolute(part.path)}) for part in mix)

    val = recipe.val.model_copy(
        update={"mix": resolved(recipe.val.mix), "folder": absolute(recipe.val.folder)}
    )
    return recipe.model_copy(update={"mix": resolved(recipe.mix), "val": val})
