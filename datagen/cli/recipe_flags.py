"""The flags that make or change a recipe, shared by the commands that take one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from datagen.recipes.schema import Ingredient, Recipe

Source = Annotated[
    str | None, typer.Option("--source", metavar="NAME[:PATH]", help="The one source of ink.")
]
Mix = Annotated[
    list[str] | None,
    typer.Option("--mix", metavar="NAME[:PATH]=RATIO", help="One of several sources; repeatable."),
]
RecipeName = Annotated[
    str | None,
    typer.Option("--recipe", metavar="FILE|NAME", help="A recipe file, or a shipped recipe."),
]
Option = Annotated[
    list[str] | None,
    typer.Option(
        "--option", metavar="SOURCE.KEY=VALUE", help="Set an option of a source; repeatable."
    ),
]
Images = Annotated[
    int | None, typer.Option("--images", min=1, help="Images, train + val (default: the budget).")
]
Budget = Annotated[
    int | None,
    typer.Option("--budget", min=1, help="Most images allowed (10,000; more is not eligible)."),
]
Fit = Annotated[
    bool, typer.Option("--fit", help="Shrink a plan that breaks the budget instead of refusing.")
]
ValFraction = Annotated[
    float | None, typer.Option("--val-fraction", help="Share of the images that validates (0.2).")
]
ValFrom = Annotated[
    str | None,
    typer.Option("--val-from", metavar="NAME[:PATH]", help="Source of the validation images."),
]
ValDir = Annotated[
    Path | None, typer.Option("--val-dir", help="Class folders to validate on, as they are.")
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Root of every random draw (0).")]
Size = Annotated[
    str | None,
    typer.Option("--size", metavar="32|native", help="What to store: the evaluator's view or all."),
]
Pipeline = Annotated[
    str | None,
    typer.Option("--pipeline", metavar="NAME|FILE", help="Augment: see `datagen pipelines`."),
]
SourcePath = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="SOURCE=PATH", help="Where a recipe's source is; repeatable."),
]


@dataclass(frozen=True, slots=True)
class RecipeFlags:
    """The flags as typed."""

    source: str | None = None
    mix: list[str] | None = None
    recipe: str | None = None
    option: list[str] | None = None
    images: int | None = None
    budget: int | None = None
    fit: bool = False
    val_fraction: float | None = None
    val_from: str | None = None
    val_dir: Path | None = None
    seed: int | None = None
    size: str | None = None
    pipeline: str | None = None
    path: list[str] | None = None

    def resolve(self) -> "Recipe":
        """Return the recipe that the flags describe: a file's or the default, overridden.

        Raises:
            UsageError: flags contradict each other or do not parse.
        """
        from datagen.recipes import load as recipe
        from datagen.recipes import overrides

        if self.source and self.mix:
            raise UsageError("--source and --mix exclude each other; name every source with --mix")
        if self.val_from and self.val_dir:
            raise UsageError("--val-from and --val-dir exclude each other")
        mix: tuple[Ingredient, ...] | None = None
        if self.source:
            mix = (overrides.ingredient(self.source),)
        elif self.mix:
            mix = tuple(overrides.mixed_ingredient(text) for text in self.mix)
        said = overrides.Overrides(
            mix=mix,
            options=tuple(overrides.source_option(text) for text in self.option or ()),
            images=self.images,
            budget=self.budget,
            fit=self.fit or None,
            val_fraction=self.val_fraction,
            val_from=overrides.ingredient(self.val_from) if self.val_from else None,
            val_dir=self.val_dir,
            seed=self.seed,
            size=_parse_size(self.size),
            pipeline=self.pipeline,
            paths=tuple(_parse_path(text) for text in self.path or ()),
        )
        return overrides.override(recipe.load(self.recipe or "default"), said)


def _parse_path(text: str) -> tuple[str, Path]:
    source, sign, path = text.partition("=")
    if not (sign and source and path):
        raise UsageError(f"--path {text!r} is not SOURCE=PATH, such as images=photos")
    return source, Path(path)


def _parse_size(text: str | None) -> Literal[32, "native"] | None:
    sizes: dict[str | None, Literal[32, "native"] | None] = {
        None: None,
        "32": 32,
        "native": "native",
    }
    if text not in sizes:
        raise UsageError(f"--size {text} is neither 32 nor native")
    return sizes[text]
