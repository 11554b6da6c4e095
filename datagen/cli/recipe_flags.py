"""The flags that make or change a recipe, shared by the commands that take one.

A command parses them into `datagen.recipes.overrides.Overrides`.
"""

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    str | None,
    typer.Option(
        "--source", metavar="NAME[:PATH]", help="Take all letters or images from this source."
    ),
]
Mix = Annotated[
    list[str] | None,
    typer.Option(
        "--mix",
        metavar="NAME[:PATH]=RATIO",
        help="Use this source in this ratio to the others; repeatable.",
    ),
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe", metavar="FILE|NAME", help="A recipe file, or the name of a shipped recipe."
    ),
]
Option = Annotated[
    list[str] | None,
    typer.Option(
        "--option", metavar="SOURCE.KEY=VALUE", help="Set an option of a source; repeatable."
    ),
]
Images = Annotated[
    int | None,
    typer.Option("--images", min=1, help="Number of images, train + val (default: the budget)."),
]
Budget = Annotated[
    int | None,
    typer.Option(
        "--budget", min=1, help="Largest number of images (10,000; the competition allows no more)."
    ),
]
Fit = Annotated[
    bool,
    typer.Option(
        "--fit", help="Make fewer images where the plan exceeds the budget, instead of refusing it."
    ),
]
ValFraction = Annotated[
    float | None,
    typer.Option("--val-fraction", help="Share of the images that go to val, 0 to 1 (0.2)."),
]
ValFrom = Annotated[
    str | None,
    typer.Option("--val-from", metavar="NAME[:PATH]", help="Source of the validation images."),
]
ValDir = Annotated[
    Path | None, typer.Option("--val-dir", help="Class folders to use as val, unchanged.")
]
TestFraction = Annotated[
    float | None,
    typer.Option(
        "--test-fraction", help="Share of the images that go to a third part, test/ (none)."
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all random numbers (0).")]
Size = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="32|native",
        help="Store images of 32×32 pixels, as the evaluator sees them, or in full size.",
    ),
]
Pipeline = Annotated[
    str | None,
    typer.Option(
        "--pipeline",
        metavar="NAME|FILE",
        help="Augment the images with this pipeline; `datagen pipelines` lists them.",
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Download nothing: a missing archive is an error (or set DATAGEN_OFFLINE=1).",
    ),
]
SkipBad = Annotated[
    bool,
    typer.Option(
        "--skip-bad", help="Skip image files that cannot be used; without it they are an error."
    ),
]
SourcePath = Annotated[
    list[str] | None,
    typer.Option(
        "--path", metavar="SOURCE=PATH", help="Path of a source that the recipe names; repeatable."
    ),
]
