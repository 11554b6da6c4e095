"""`datagen audit`: which images of a folder are suspect, and why."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.recipe_flags import SkipBad
from datagen.cli.views.next_step import as_argument, flags, print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars
from datagen.core.errors import UsageError

NO_SOURCE = "none"


def audit(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Class folders, or train/ and val/ with them.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The record of all images, one line of JSON each.")
    ] = Path("audit.jsonl"),
    with_: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="SOURCE|none",
            help="Synthetic numerals that the networks learn from too.",
        ),
    ] = "pen",
    synthetic: Annotated[int, typer.Option(help="How many synthetic numerals.")] = 1000,
    folds: Annotated[
        int, typer.Option(help="Parts; each is judged by networks that learn from the others.")
    ] = 5,
    epochs: Annotated[int, typer.Option(help="Epochs of every network.")] = 6,
    seeds: Annotated[int, typer.Option(help="Networks per part.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the first network, the parts and --with.")] = 0,
    writers: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Who wrote what: the columns path and writer."),
    ] = None,
    value: Annotated[
        bool,
        typer.Option("--value", help="Also estimate what each image is worth; half an hour."),
    ] = False,
    runs: Annotated[
        int | None, typer.Option(help="Trainings for --value, at least 10 (200).")
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many suspects to show.")] = 12,
    skip_bad: SkipBad = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rank the images of a folder by how suspect they are: mislabelled, illegible, no numeral.

    Every image is judged by networks that did not train on it, nor on near-duplicates of it or
    other images of its writer, and by its outline beside all others. The record holds every
    signal, a suggestion (keep, drop, relabel) and the reason in a sentence; nothing is changed.

    --value trains on many random halves of the folder, explains their scores by the images in
    them, and leaves the images worth least and most really out. A stopped run goes on where it was.

    Example: `datagen audit photos`, then `datagen review photos --audit audit.jsonl`
    """
    from datagen.api.auditing import audit as find_suspects
    from datagen.api.auditing import value_images
    from datagen.cli.views.audit import plain, summarise
    from datagen.cli.views.audit_value import plain_values, summarise_values

    if runs is not None and not value:
        raise UsageError("--runs counts the trainings of --value; add --value, or leave --runs out")
    with progress_bars(quiet=quiet) as progress:
        found = find_suspects(
            folder,
            source=None if with_ == NO_SOURCE else with_,
            synthetic=synthetic,
            folds=folds,
            epochs=epochs,
            seeds=seeds,
            seed=seed,
            writers=writers,
            skip_bad=skip_bad,
            out=out,
            progress=progress,
        )
        valued = value_images(found, runs=runs, out=out, progress=progress) if value else None
    human = console(as_json=as_json, quiet=quiet)
    summarise(found, out, top, human)
    if valued is not None:
        summarise_values(valued, human)
    print_next(human, "review", as_argument(folder), *flags(audit=out), why="decide, by keyboard")
    if as_json:
        emit(plain(found, out, top) | ({} if valued is None else {"value": plain_values(valued)}))
