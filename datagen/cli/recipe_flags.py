"""The flags that make or change a recipe, shared by the commands that take one.

A command parses them into `datagen.recipes.overrides.Overrides`.
"""

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    str | None,
    typer.Option("--source", metavar="NAME[:PATH]", help="Take all letters from this source."),
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
    float | None, typer.Option("--val-fraction", help="Share of the images for val (0.2).")
]
ValFrom = Annotated[
    str | None,
    typer.Option("--val-from", metavar="NAME[:PATH]", help="Source of the validation images."),
]
ValDir = Annotated[
    Path | None, typer.Option("--val-dir", help="Class folders to validate on, as they are.")
]
TestFraction = Annotated[
    float | None,
    typer.Option("--test-fraction", help="Share of the images for a third part, test/ (none)."),
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Root of every random draw (0).")]
Size = Annotated[
    str | None,
    typer.Option(
        "--size", metavar="32|native", help="Store 32×32 as the evaluator sees it, or full size."
    ),
]
Pipeline = Annotated[
    str | None,
    typer.Option("--pipeline", metavar="NAME|FILE", help="Augment: see `datagen pipelines`."),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", help="Fetch nothing: a missing archive is an error (or DATAGEN_OFFLINE=1)."
    ),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Pass over unusable image files instead of refusing.")
]
SourcePath = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="SOURCE=PATH", help="Where a recipe's source is; repeatable."),
]
