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
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the sides go.")],
    by: Annotated[
        str,
        typer.Option(
            metavar="style|random",
            help="Set whole styles of writing aside (or writers), or draw images.",
        ),
    ] = "style",
    folds: Annotated[
        int, typer.Option(help="Make that many holdouts, which together hold every image once.")
    ] = 1,
    fraction: Annotated[float, typer.Option(help="Share that is held out, without --folds.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Which images are held out.")] = 0,
    review: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A list of bad images, for what is trained on; the holdout stays as given.",
        ),
    ] = None,
    writers: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Who wrote what: the columns path and writer."),
    ] = None,
    skip_bad: SkipBad = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier result.")
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Draw what is held out, such as a.png.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Divide real images: a part to judge by, as hard as new images, and the rest to build from.

    Sets whole styles aside (pen, size, bars, slant, paper), so that a fifth of the styles is
    unseen; whole writers where --writers or a dataset's manifest tells them. Near-duplicates stay
    on one side; the same files and seed give the same sides.

    With --review the rest is reviewed, `holdout` is as given, and `holdout-reviewed` stands beside.

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
