"""What a sweep is asked to do: `SPEC.yaml` ⇄ `Spec`. Nothing here opens a source or runs anything.

All that can move a result is in the spec; how many workers there are, and where, is not.
"""

import os
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from datagen.core.budget import RATIO_LIMIT
from datagen.core.errors import RecipeError, UnknownNameError
from datagen.core.evaluator_facts import OFFICIAL_EPOCHS, OFFICIAL_SEED
from datagen.core.limits import MOST_PROCESSES, MOST_RUNS, Epochs, ImageCount, Label
from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain
from datagen.evaluation.process import Engine
from datagen.files.paths import absolute, real_path, recorded_place
from datagen.files.presets import plain_yaml, read_text
from datagen.recipes import load as recipes
from datagen.recipes.paths import absolute_ingredient, absolute_value, recorded_recipe
from datagen.recipes.schema import Recipe
from datagen.sweeps.records import Setting
from pipelines.plain import write_yaml
from pipelines.text import quoted

MOST_VALUES: Final = 1_001
"""Values on one axis: a step of 0.001 from 0 to 1; more is a typing error."""

MOST_TRIALS: Final = 10_000
"""Candidates of tpe; more is taken for a typing error: each is hours of work."""

BY_VAL: Final = "val"

_OF_STRATEGY: Final = {
    "rungs": "halving",
    "reduction": "halving",
    "finalists": "halving",
    "trials": "tpe",
    "together": "tpe",
    "sampler_seed": "tpe",
}
"""Keys that only one strategy reads."""

_NUMBER: Final = re.compile(
    r"[0-9]{1,16}(\.[0-9]{0,16})?([eE][-+]?[0-9]{1,2})?|\.[0-9]{1,16}|[0-9]{1,9}/[0-9]{1,9}"
)
"""What a ratio is written as: `Fraction` itself would work for hours at 1e999999999."""


def parse_axis(given: object) -> str:
    """Check a ratio axis: `start:stop:step`, or one number, which is fixed.

    Raises:
        ValueError: it is neither, is negative, or has too many values.
    """
    text = str(given).strip()
    values = axis_values(text)
    if len(values) > MOST_VALUES:
        raise ValueError(f"{text} has too many values; at most {MOST_VALUES:,} make sense")
    if max(values) <= 0 and ":" in text:
        raise ValueError(f"the ratio axis {text} is never above 0; give it a stop above 0")
    return text


def axis_values(text: str) -> tuple[Fraction, ...]:
    """Return the ratios on an axis, exactly.

    Raises:
        ValueError: it is no axis.
    """
    expected = f"{quoted(text)} is not START:STOP:STEP such as 0:1:0.25, nor one ratio of 0 or more"
    parts = text.split(":")
    if not all(map(_NUMBER.fullmatch, parts)):
        raise ValueError(expected)
    try:
        numbers = [Fraction(part) for part in parts]
    except ZeroDivisionError:
        raise ValueError(expected) from None
    if any(not 0 <= number <= RATIO_LIMIT for number in numbers) or len(numbers) not in (1, 3):
        raise ValueError(expected)
    if len(numbers) == 1:
        return tuple(numbers)
    start, stop, step = numbers
    if step <= 0 or stop < start:
        raise ValueError(f"{expected}; the step is above 0 and the stop not below the start")
    count = min(int((stop - start) / step), MOST_VALUES)  # one too many is refused by name
    return tuple(start + k * step for k in range(count + 1))


Axis = Annotated[str, BeforeValidator(parse_axis)]


class SweptIngredient(StrictModel):
    """One source in the mix, like `datagen.recipes.schema.Ingredient`, its ratio fixed or an axis.

    What else an ingredient of a recipe may say is kept as given and checked with the recipe.
    """

    model_config = ConfigDict(extra="allow", allow_inf_nan=True)

    source: str
    path: Path | None = None
    ratio: Axis = "1"

    @property
    def varies(self) -> bool:
        """Whether its ratio is an axis."""
        return ":" in self.ratio

    def plain(self, ratio: float) -> dict[str, Any]:
        """Return it as an ingredient of a recipe."""
        return self.model_dump(mode="json", exclude_none=True) | {"ratio": ratio}


class Spec(StrictModel):
    """A sweep.

    Attributes:
        name: for people.
        recipe: what all datasets share: a shipped name, a file, or a recipe's own keys.
        mix: the sources and their ratios; empty: the recipe's own.
        points: "simplex" takes the mixes whose ratios add up to the whole (the largest stop),
            "product" every combination, both without duplicates; where a ratio is fixed beside
            an axis, every combination.
        vary: further keys of the recipe (`val.fraction`) and their values.
        images, budget: over the recipe's own.
        tests: folders to score on; they never decide anything.
        select: "val", or a folder of held-out images that decides instead.
        seeds: of the evaluator, from 123 on.
        strategy: "grid" runs all to the end; "halving" stops the worse part at every rung; "tpe"
            lets Optuna propose the candidates.
        rungs: epochs at which halving compares.
        reduction: n: one in n goes on after a rung.
        finalists: halving trains at least this many candidates to the end, so that the best can be
            told from the next.
        trials: most candidates that tpe tries.
        together: candidates that tpe proposes before it sees their results.
        sampler_seed: of tpe.
        preview: epochs of a short look that makes no official scores.
        engine, threads: of the evaluator; None shares the cores among the trials that run.
    """

    sweep: Literal[1] = 1  # version of this format
    name: Annotated[Label, Field(min_length=1)] = "sweep"
    recipe: str | dict[str, Any] = "default"
    mix: tuple[SweptIngredient, ...] = ()
    points: Literal["simplex", "product"] = "simplex"
    vary: dict[str, tuple[Setting, ...]] = Field(default_factory=dict)
    images: ImageCount | None = None
    budget: ImageCount | None = None
    tests: tuple[Path, ...] = ()
    select: str = BY_VAL
    seeds: Annotated[int, Field(ge=1, le=MOST_RUNS)] = 1
    strategy: Literal["grid", "halving", "tpe"] = "grid"
    rungs: Annotated[tuple[Epochs, ...], Field(max_length=100)] = (10, 30, 100)
    reduction: Annotated[int, Field(ge=2, le=MOST_TRIALS)] = 3
    finalists: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = 2
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = 20
    together: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = 2
    sampler_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    preview: Epochs | None = None
    engine: Engine = "auto"
    threads: Annotated[int, Field(ge=1, le=MOST_PROCESSES)] | None = None

    @field_validator("rungs")
    @classmethod
    def _rising(cls, rungs: tuple[int, ...]) -> tuple[int, ...]:
        if not rungs or list(rungs) != sorted(set(rungs)):
            raise ValueError(f"rungs {list(rungs)} do not rise; expected such as [10, 30, 100]")
        return rungs

    @field_validator("vary")
    @classmethod
    def _values(cls, vary: dict[str, tuple[Setting, ...]]) -> dict[str, tuple[Setting, ...]]:
        for key, values in vary.items():
            if not values:
                raise ValueError(f"{key} has no values; give at least one")
            if len(set(values)) < len(values):
                raise ValueError(f"{key} has a value twice; give each one once")
            if key == "recipe":
                raise ValueError(
                    "recipe is what all candidates share; vary its keys, such as pipeline"
                )
            if key == "name" or (key.split(".")[0] == "mix" and key.endswith(".ratio")):
                raise ValueError(f"{key} is not varied here; ratios vary in mix, the name follows")
        return vary

    @model_validator(mode="after")
    def _above_zero(self) -> Self:
        if self.mix and all(max(axis_values(part.ratio)) <= 0 for part in self.mix):
            raise ValueError("no ratio of the mix is ever above 0; give one a stop above 0")
        return self

    @model_validator(mode="after")
    def _read_by_its_strategy(self) -> Self:
        given = [key for key in _OF_STRATEGY if key in self.model_fields_set]
        unread = [key for key in given if _OF_STRATEGY[key] != self.strategy]
        if unread:
            belong, them = ("belong", "them") if len(unread) > 1 else ("belongs", "it")
            others = " and ".join(sorted({_OF_STRATEGY[key] for key in unread}))
            raise ValueError(
                f"{', '.join(unread)} {belong} to strategy {others}; this sweep's is "
                f"{self.strategy}, so leave {them} out, or choose that strategy"
            )
        return self

    @model_validator(mode="after")
    def _varied_points(self) -> Self:
        if "points" in self.model_fields_set and not any(part.varies for part in self.mix):
            raise ValueError(
                "points chooses among mixes, and no ratio varies; leave it out, or give a ratio an "
                "axis such as 0:1:0.25"
            )
        return self

    @property
    def epochs(self) -> int:
        """Epochs of a trial that runs to the end."""
        return self.preview or OFFICIAL_EPOCHS

    @property
    def pauses(self) -> tuple[int, ...]:
        """Epochs at which candidates are compared and some stopped."""
        return tuple(r for r in self.rungs if r < self.epochs) if self.strategy == "halving" else ()

    @property
    def seed_list(self) -> tuple[int, ...]:
        """Seeds of the evaluator."""
        return tuple(range(OFFICIAL_SEED, OFFICIAL_SEED + self.seeds))

    @property
    def selection(self) -> Path | None:
        """The folder of the selection set; None where val selects."""
        return None if self.select == BY_VAL else Path(self.select)

    def base(self) -> Recipe:
        """Return the recipe that all candidates share.

        Raises:
            DatagenError: see `datagen.recipes.load.load`.
        """
        if isinstance(self.recipe, str):
            return recipes.load(self.recipe)
        return recipes.validate(self.recipe, origin="the sweep's recipe", folder=Path.cwd())

    def to_yaml(self, folder: Path | None = None) -> str:
        """Return the spec as YAML that `read_plain` reads back to an equal spec.

        Args:
            folder: that the file will lie in; paths are relative to it. None: they are absolute.
        """
        plain = own_keys(self.model_dump(mode="json"))
        return write_yaml(plain if folder is None else _recorded(plain, real_path(folder)))


def of_its_strategy(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec's keys without those that only another strategy reads."""
    strategy = plain.get("strategy", Spec.model_fields["strategy"].default)
    return {key: plain[key] for key in plain if _OF_STRATEGY.get(str(key), strategy) == strategy}


def own_keys(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a spec in a sweep's folder that are read: earlier versions wrote all."""
    found = of_its_strategy(plain)
    mix = found.get("mix")
    parts = mix if isinstance(mix, list) else []
    if not any(isinstance(part, dict) and ":" in str(part.get("ratio")) for part in parts):
        found.pop("points", None)
    return found


def _recorded(plain: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a spec's keys with paths as a file in `folder` says them: the reverse of `located`."""

    def place(path: str) -> str:
        return recorded_place(path, folder) if Path(path).is_absolute() else path

    found = recorded_recipe({key: plain[key] for key in ("mix", "recipe")}, folder)
    if isinstance(plain["recipe"], dict):
        found["recipe"] = recorded_recipe(plain["recipe"], folder)
    vary = {key: recorded_recipe(values, folder, key) for key, values in plain["vary"].items()}
    return {
        **plain,
        **found,
        "vary": vary,
        "tests": [place(path) for path in plain["tests"]],
        "select": place(plain["select"]),
    }


def read_plain(path: Path) -> dict[str, Any]:
    """Read a spec's keys from a file, its relative paths taken from the file's folder.

    Raises:
        MissingInputError: there is no such file.
        RecipeError: it is not YAML with keys.
    """
    given = read_text(path, "sweep")
    plain = parse_yaml(given.text, given.origin)
    if _OF_STRATEGY.keys() <= plain.keys():  # an earlier version wrote it, in a sweep's folder
        plain = own_keys(plain)
    return located(plain, given.folder)


def parse_yaml(text: str, origin: str) -> dict[str, Any]:
    """Return the keys in YAML text.

    Raises:
        RecipeError: it is not YAML with keys.
    """
    plain = plain_yaml(text, origin)
    if not isinstance(plain, dict):
        raise RecipeError(f"{origin} is not a sweep: expected keys such as mix, vary, tests")
    return plain


def located(plain: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a spec's keys with paths made absolute, those of a recipe's own keys included.

    Raises:
        RecipeError: a recipe's own keys do not validate.
        UnknownNameError: the recipe is neither a file nor a shipped one.
    """
    found = dict(plain)
    if isinstance(found.get("mix"), list):
        found["mix"] = [
            absolute_ingredient(part, folder) if isinstance(part, dict) else part
            for part in found["mix"]
        ]
    if isinstance(found.get("tests"), list):
        found["tests"] = [absolute_value("folder", path, folder) for path in found["tests"]]
    if found.get("select", BY_VAL) != BY_VAL:
        found["select"] = absolute_value("folder", found["select"], folder)
    if isinstance(found.get("vary"), dict):
        found["vary"] = {
            key: [absolute_value(str(key), value, folder) for value in values]
            if isinstance(values, list)
            else values
            for key, values in found["vary"].items()
        }
    named = found.get("recipe")
    if isinstance(named, dict):
        checked = recipes.validate(named, origin="the sweep's recipe", folder=folder)
        found["recipe"] = checked.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    elif isinstance(named, str) and named not in recipes.shipped():
        found["recipe"] = _recipe_file(named, folder)
    return found


def _recipe_file(named: str, folder: Path) -> str:
    place = absolute(named, folder)
    if named == Path(named).stem and not os.path.isfile(place):  # noqa: PTH113 - of any length
        raise UnknownNameError("recipe", named, recipes.shipped())
    return str(place)


def read_spec_file(path: Path) -> Spec:
    """Read a spec; it is named after its file unless it has a name.

    Raises:
        MissingInputError: there is no such file.
        RecipeError: it is not a spec; the message names the key.
    """
    return validate({"name": path.stem} | read_plain(path), origin=str(path))


def validate_located(plain: Mapping[str, Any], folder: Path, *, origin: str) -> Spec:
    """Validate plain data as a spec whose relative paths are taken from `folder`.

    Raises:
        RecipeError: a key is unknown or a value is out of range; the message names it.
    """
    return validate(located(_plain_paths(plain), folder), origin=origin)


def _plain_paths(value: Any) -> Any:
    """Return plain data with its `Path`s as text and its tuples as lists, as in YAML."""
    if isinstance(value, Mapping):
        return {key: _plain_paths(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_paths(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value


def validate(plain: Mapping[str, Any], *, origin: str) -> Spec:
    """Validate plain data as a spec, and take its recipe in: the spec then needs no other file.

    Raises:
        RecipeError: a key is unknown or a value is out of range; the message names it.
        InputError: the recipe is not there.
    """
    try:
        spec = Spec.model_validate(plain)
    except ValidationError as error:
        raise RecipeError(f"{origin}: {explain(error, Spec)}") from error
    inline = spec.base().model_dump(mode="json", exclude_unset=True, exclude_none=True)
    inline["recipe"] = 1
    return spec.model_copy(update={"recipe": inline})
