"""`datagen audit`: which images of a folder are suspect, and why."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.recipe_flags import SkipBad
from datagen.cli.views.next_step import as_argument, flags, print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars
from datagen.core.errors import StoppedError, UsageError

NO_SOURCE = "none"


def audit(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Class folders, or train/ and val/ with them.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write: one line of JSON per image.")
    ] = Path("audit.jsonl"),
    with_: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="SOURCE|none",
            help="Source of synthetic numerals that are added to the training images.",
        ),
    ] = "pen",
    synthetic: Annotated[
        int, typer.Option(help="Number of synthetic numerals, at least 50.")
    ] = 1000,
    folds: Annotated[
        int, typer.Option(help="Number of parts; networks trained on the others judge each part.")
    ] = 5,
    epochs: Annotated[int, typer.Option(help="Number of epochs that each network is trained.")] = 6,
    seeds: Annotated[int, typer.Option(help="Number of networks per part.")] = 2,
    seed: Annotated[
        int,
        typer.Option(help="Seed of the first network, of the division into parts and of --with."),
    ] = 0,
    writers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="The writer of each image: a table with columns path and writer.",
        ),
    ] = None,
    value: Annotated[
        bool,
        typer.Option(
            "--value", help="Also estimate what each image adds to the score; about half an hour."
        ),
    ] = False,
    runs: Annotated[
        int | None, typer.Option(help="Number of trainings for --value, at least 10 (200).")
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Number of suspects to show.")] = 12,
    skip_bad: SkipBad = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rank the images of a folder by suspicion: mislabelled, illegible, or not a numeral.

    Every image is judged by networks that were not trained on it, on its near-duplicates, or on
    other images of its writer. Its outline is compared with all others. The record has every
    signal, a suggestion (keep, drop, relabel) and the reason in one sentence. No image is changed.

    --value trains on many random halves of the folder and estimates from their scores what each
    image contributes. To test the estimate it retrains without the least and the most valuable
    images. A stopped run resumes.

    Example: `datagen audit photos`, then `datagen review photos --audit audit.jsonl`
    """
    from datagen.api.auditing import audit as find_suspects
    from datagen.api.auditing import value_images
    from datagen.cli.views.audit import plain, summarise
    from datagen.cli.views.audit_value import plain_values, summarise_values

    if runs is not None and not value:
        raise UsageError("--runs belongs to --value; add --value, or leave --runs out")
    if value:
        from datagen.curation.audit.value.value_audit import require_valuable

        require_valuable(folder, runs)  # before minutes of training
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
        try:
            valued = value_images(found, runs=runs, out=out, progress=progress) if value else None
        except StoppedError as stop:
            raise StoppedError(f"{stop}; {out} has the audit without values") from None
    human = console(as_json=as_json, quiet=quiet)
    summarise(found, out, top, human)
    if valued is not None:
        summarise_values(valued, human)
    print_next(
        human,
        "review",
        as_argument(folder),
        *flags(audit=out),
        why="decide on each image, by keyboard",
    )
    if as_json:
        emit(plain(found, out, top) | ({} if valued is None else {"value": plain_values(valued)}))
