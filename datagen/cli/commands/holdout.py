"""`datagen holdout`: set real images aside before anything looks at them."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.recipe_flags import SkipBad
from datagen.cli.views.next_step import free_name, print_next
from datagen.cli.views.output import Json, console, emit, progress_bars


def holdout(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Class folders, or train/ and val/ with them.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the holdout and the rest.")],
    by: Annotated[
        str,
        typer.Option(
            metavar="style|random",
            help="Hold out whole styles of writing (or whole writers), or random images.",
        ),
    ] = "style",
    folds: Annotated[
        int, typer.Option(help="Number of holdouts; with 2 or more, every image is in exactly one.")
    ] = 1,
    fraction: Annotated[
        float | None, typer.Option(help="Share to hold out, 0 to 1 (0.2); not with --folds.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the choice of held-out images.")] = 0,
    review: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A review to apply to the rest; the holdout keeps the given labels.",
        ),
    ] = None,
    writers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="The writer of each image: a table with columns path and writer.",
        ),
    ] = None,
    skip_bad: SkipBad = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing result.")
    ] = False,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", help="Write a picture of the held-out images, such as a.png."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Divide real images into a holdout for testing and the rest for building.

    By default it holds out whole styles (pen, size, bars, slant, paper), so that a fifth of the
    styles is unseen. Where writers are known (--writers, or a dataset's manifest), it holds out
    whole writers. Near-duplicates stay together. The same files and seed give the same division.

    With --review the review is applied to `rest`; `holdout` keeps the given labels, and
    `holdout-reviewed` is the same holdout with the review applied.

    Example: `datagen holdout photos --out split`, then `datagen build --source images:split/rest`
    and `datagen evaluate ds --test split/holdout`
    """
    from datagen.api.images import hold_out
    from datagen.cli.views.holdout import plain, summarise

    with progress_bars(quiet=False) as progress:
        record = hold_out(
            folder,
            out,
            by=by,  # type: ignore[arg-type]  # it is checked there
            folds=folds,
            fraction=fraction,
            seed=seed,
            review=review,
            writers=writers,
            skip_bad=skip_bad,
            overwrite=overwrite,
            sheet=sheet,
            progress=progress,
        )
    human = console(as_json=as_json)
    summarise(record, out, sheet, human)
    first = out / "fold-1" if folds > 1 else out
    print_next(human, "build", "--source", f"images:{first / 'rest'}", "--out", free_name("ds"))
    if as_json:
        emit(plain(record, out, sheet))
