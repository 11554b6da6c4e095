"""`datagen search`: the best recipe for one's own images."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli import trial_flags as training
from datagen.cli.views.output import Json, Quiet, console, progress_bars


def search(
    real: Annotated[
        Path,
        typer.Option("--real", metavar="DIR", help="Your images: class folders, or train/, val/."),
    ],
    hours: Annotated[
        float, typer.Option("--hours", help="What all runs of the search may take, about.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The search's folder.")],
    budget: Annotated[
        int | None,
        typer.Option("--budget", help="Most images of a dataset (10,000)."),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", help="Parts that choose, beside the kept one (3).")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="Trainings of the best on the kept part (2).")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Seed of the division into folds and of the proposals (0)."),
    ] = None,
    review: Annotated[
        str | None,
        typer.Option(
            "--review", metavar="NAME|FILE", help="A list of bad images, for what is trained on."
        ),
    ] = None,
    skip_bad: flags.SkipBad = False,
    rungs: Annotated[
        str | None,
        typer.Option(
            "--rungs", metavar="10,30", help="Epochs after which most are stopped (10,30)."
        ),
    ] = None,
    width: Annotated[
        int | None, typer.Option("--width", help="Candidates that are tried together (9).")
    ] = None,
    preview: Annotated[
        int | None,
        typer.Option(
            "--preview",
            min=1,
            metavar="EPOCHS",
            help="Short trainings; their scores are not official.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trainings at once (one per core).")
    ] = None,
    executor: training.Executor = training.ExecutorName.local,
    address: training.Address = None,
    retry_failed: training.RetryFailed = False,
    dry_run: training.DryRun = False,
    timing: Annotated[
        bool,
        typer.Option("--timing/--no-timing", help="Time 20 steps first, to plan the hours."),
    ] = True,
    offline: flags.Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Search for the best recipe for your images, within a budget of images and of hours.

    A part of the images is kept for the end, the others are folds of whole styles that choose.
    Begins with the shipped recipes that need no other images; Optuna's TPE proposes more. Most are
    stopped early. The best is scored once on the kept part, which chose nothing.

    A search that was stopped goes on with the same command.

    Example: `datagen search --real photos --budget 10000 --hours 4 --out best`, then
    `datagen build --recipe best/recipe.yaml`
    """
    from datagen.api.progress import fetched
    from datagen.building.fetch_missing import fetching
    from datagen.cli.views.output import emit
    from datagen.cli.views.search import plain, print_answer, search_progress
    from datagen.searches import run
    from datagen.searches.spec import made_spec

    spec = made_spec(
        real=real,
        budget=budget,
        folds=folds,
        seeds=seeds,
        seed=seed,
        review=review,
        skip_bad=skip_bad,
        rungs=None if rungs is None else training.whole_numbers(rungs),
        width=width,
        preview=preview,
    )
    human = console(as_json=as_json, quiet=quiet)
    with progress_bars(quiet=quiet) as progress, search_progress(human, quiet=quiet) as view:
        fetch = fetching(offline=offline, progress=fetched(progress))
        if dry_run:
            run.plan_search(
                spec,
                out,
                hours=hours,
                workers=workers,
                listener=view,
                timed=timing,
                fetch=fetch,
                divided=True,
            )
            return
        answer = run.search(
            spec,
            out,
            hours=hours,
            executor=training.chosen_executor(executor, address),
            workers=workers,
            listener=view,
            timed=timing,
            fetch=fetch,
            retry_failed=retry_failed,
        )
    print_answer(answer, human)
    if as_json:
        emit(plain(answer))
