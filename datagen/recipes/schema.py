"""A recipe: everything that decides a dataset's bytes. The models, and their YAML."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from datagen.composition import ComposeOptions
from datagen.composition.handwritten.parameters import HandOptions
from datagen.core.budget import ELIGIBLE_BUDGET, RATIO_LIMIT
from datagen.core.limits import MOST_IMAGES, ImageCount, Label, Seed
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES, CaseStyle, Numeral
from datagen.recipes.paths import recorded_recipe
from pipelines.plain import write_yaml

NO_PIPELINE: Final = "none"

ClassCount = Annotated[int, Field(ge=0, le=MOST_IMAGES)]
PerClass = Literal["all"] | ClassCount | dict[Numeral, ClassCount]
PipelineName = Annotated[str, Field(min_length=1)]


def _named(path: Any) -> Any:
    if path == "":
        raise ValueError("is empty; name a file or folder, such as . for this one")
    return path


GivenPath = Annotated[Path, BeforeValidator(_named)]
"""A path that a person wrote: "" would be the working folder, or the recipe's."""


class Ingredient(StrictModel):
    """One source in the mix.

    Attributes:
        source: a name that `datagen sources` lists.
        path: where its files are; None asks for the fetched copy or the embedded model.
        ratio: its share of the images that `per_class` leaves open, on any scale; 0 leaves it out.
        per_class: exact numbers instead of a share: images of each class, by class, or "all" that
            a source of finished images has. Where val (or test) has no mix of its own, its
            images are among them.
        pipeline: a preset's name or a file: every image passes through it, and a finished image
            serves as often as asked for. None takes the recipe's, "none" takes no pipeline.
        twins: share of its images that are made in pairs of two classes which are easily confused:
            written and drawn alike, one stroke or letter apart; 0 makes none. Sources of letters
            only, and the composition `hand`.
        options: the source's own options.
        left_out: ids of letters that are not used, as `datagen build --vet` found them; None: no
            letter was judged.
    """

    source: str
    path: GivenPath | None = None
    ratio: Annotated[float, Field(ge=0, le=RATIO_LIMIT)] = 1.0
    per_class: PerClass | None = None
    pipeline: PipelineName | None = None
    twins: Annotated[float, Field(ge=0, le=1)] | None = None
    options: dict[str, Any] = Field(default={})
    left_out: tuple[str, ...] | None = None

    @field_validator("options")
    @classmethod
    def _finite(cls, options: dict[str, Any]) -> dict[str, Any]:
        for key, value in options.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{key} is {value}; expected a finite number")
        return options

    @field_validator("per_class", mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        """Say what is wrong in words: of a union's members pydantic says it of the first."""
        if given is None or given == "all":
            return given
        numbers = given.values() if isinstance(given, Mapping) else (given,)
        if isinstance(given, Mapping) and (strangers := [c for c in given if c not in CLASSES]):
            raise ValueError(f"{strangers[0]!r} is no class; expected {', '.join(CLASSES)}")
        if not all(type(n) is int and 0 <= n <= MOST_IMAGES for n in numbers):
            raise ValueError(
                f"expected a whole number of 0 … {MOST_IMAGES:,}, such a number by class, or all"
            )
        return given


def _with_some_ratio(mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
    if sum(ingredient.ratio for ingredient in mix) <= 0:
        raise ValueError("no ratio is above 0; give at least one source a positive ratio")
    return mix


class Validation(StrictModel):
    """What the validation set is made of; the best-val checkpoint is the one scored.

    Attributes:
        fraction: share of all images, those of test too, unless `folder` is given.
        mix: sources it is drawn from; empty: those of the training set, split by identity.
        folder: class folders taken as they are, every image of them.
    """

    part: ClassVar[str] = "val"

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    mix: tuple[Ingredient, ...] = ()
    folder: GivenPath | None = None

    @field_validator("mix")
    @classmethod
    def _some_ratio(cls, mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        return _with_some_ratio(mix) if mix else mix

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.mix and self.folder:
            raise ValueError(f"{self.part} takes a mix or a folder, not both")
        return self

    @property
    def share(self) -> float:
        """Its fraction; 0 where a folder decides how many images it has."""
        return 0.0 if self.folder else self.fraction


class HeldOutTest(Validation):
    """What the third part, `test/`, is made of: nothing is trained or chosen with it.

    Attributes:
        fraction: share of all images, unless `folder` is given.
        mix: sources it is drawn from; empty: those of the training set, split by identity.
        folder: class folders taken as they are, every image of them.
    """

    part: ClassVar[str] = "test"

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1


class Recipe(StrictModel):
    """A dataset in the making.

    Attributes:
        name: for people.
        seed: root of every random draw.
        images: how many, train + val; None: as many as the budget allows, or, where every
            source holds finished images, all of them. Those of test come on top.
        budget: the most images allowed in train + val, counted exactly and in batches of 8.
        fit: shrink a plan that breaks the budget instead of refusing it.
        size: 32 stores what the evaluator sees, "native" the composed sheet.
        mix: the sources and their ratios.
        pipeline: what ingredients pass through that name no pipeline, of train and of val.
        case_styles: weights of the ways to write a numeral.
        compose: how letters become numerals.
        val: what the validation set is made of.
        test: what the third part, `test/`, is made of; None: there is none.
        vet: `datagen build` first judges the letters of every source, and notes in `left_out`
            those that are not what their label says; with `left_out` there nothing is judged.
        legibility: draw composed and augmented images anew that can be read less well at 32×32,
            0 … 1; 0.5 leaves what a person reads without effort. None: whatever has ink.

    Example:
        >>> import datagen
        >>> recipe = datagen.Recipe(images=500, seed=7)
        >>> recipe.mix[0].source, recipe.val.fraction
        ('pen', 0.2)
    """

    recipe: Literal[1] = 1  # version of this format
    name: Label = "default"
    seed: Seed = 0
    images: ImageCount | None = None
    budget: ImageCount = ELIGIBLE_BUDGET
    fit: bool = False
    size: Literal[32, "native"] = 32
    mix: tuple[Ingredient, ...] = (Ingredient(source="pen"),)
    pipeline: PipelineName | None = None
    case_styles: dict[CaseStyle, Annotated[float, Field(ge=0, le=RATIO_LIMIT)]] = Field(
        default={"upper": 0.6, "lower": 0.3, "mixed": 0.1}
    )
    compose: ComposeOptions = HandOptions()
    val: Validation = Validation()
    test: HeldOutTest | None = None
    vet: Literal[True] | None = None
    legibility: Annotated[float, Field(ge=0, le=1)] | None = None

    @field_validator("mix")
    @classmethod
    def _some_ratio(cls, mix: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        return _with_some_ratio(mix)

    @model_validator(mode="after")
    def _some_left_for_train(self) -> Self:
        if self.test is not None and (held := self.val.share + self.test.share) >= 1:
            raise ValueError(
                f"val.fraction {self.val.share:g} and test.fraction {self.test.share:g} add up to "
                f"{held:g}; expected less than 1, for train gets the rest"
            )
        return self

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

    @property
    def val_share(self) -> float:
        """What val is of train + val."""
        return self.val.fraction / (1 - self.test_share)

    @property
    def test_share(self) -> float:
        """What test is of all images; 0 where there is none, or a folder decides."""
        return 0.0 if self.test is None else self.test.share

    def to_yaml(self, folder: Path | None = None) -> str:
        """Return the recipe as YAML that `load` reads back to an equal recipe.

        Args:
            folder: that holds the file, absolute: paths of the same tree are then relative to it.
        """
        plain = self.model_dump(mode="json", exclude_none=True)
        return write_yaml(plain if folder is None else recorded_recipe(plain, folder))
