"""`datagen search`: the best recipe for one's own images."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli import recipe_flags as flags
from datagen.cli import trial_flags as training
from datagen.cli.views.output import Json, Quiet, console, progress_bars


def search(
    context: typer.Context,
    real: Annotated[
        Path,
        typer.Option("--real", metavar="DIR", help="Your images: class folders, or train/, val/."),
    ],
    hours: Annotated[
        float,
        typer.Option("--hours", help="Approximate limit in hours, over all runs of this search."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the search.")],
    budget: Annotated[
        int | None,
        typer.Option("--budget", help="Largest number of images of a dataset (10,000)."),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", help="Number of folds used to choose, besides the kept part (3)."),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds", help="Number of trainings of the best recipe for its final score (2)."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Seed of the division into folds and of the proposals (0)."),
    ] = None,
    review: Annotated[
        str | None,
        typer.Option(
            "--review", metavar="NAME|FILE", help="A review to apply to the images trained on."
        ),
    ] = None,
    skip_bad: flags.SkipBad = False,
    rungs: Annotated[
        str | None,
        typer.Option(
            "--rungs",
            metavar="10,30",
            help="Numbers of epochs after which the worse candidates are stopped (10,30).",
        ),
    ] = None,
    width: Annotated[
        int | None, typer.Option("--width", help="Number of candidates that start together (9).")
    ] = None,
    preview: Annotated[
        int | None,
        typer.Option(
            "--preview",
            min=1,
            metavar="EPOCHS",
            help="Train this many epochs instead of 100; the scores are not official.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of trainings at the same time (default: one per core)."),
    ] = None,
    executor: training.Executor = training.ExecutorName.local,
    address: training.Address = None,
    retry_failed: training.RetryFailed = False,
    dry_run: training.DryRun = False,
    timing: Annotated[
        bool,
        typer.Option(
            "--timing/--no-timing", help="Measure 20 training steps first, to plan the hours."
        ),
    ] = True,
    offline: flags.Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Search for the best recipe for your images, within a budget of images and of hours.

    Part of the images, the kept part, is set aside for the final score. The others are divided into
    folds of whole styles, which are used to choose. It starts with the shipped recipes that need no
    other images; then Optuna's TPE proposes more. Most candidates are stopped early. The best
    recipe is scored once on the kept part.

    The same command resumes a search that was stopped.

    Example: `datagen search --real photos --budget 10000 --hours 4 --out best`, then
    `datagen build --recipe best/recipe.yaml`
    """
    from datagen.api.progress import fetched
    from datagen.building.fetch_missing import fetching
    from datagen.cli.views.output import emit
    from datagen.cli.views.search import plain, print_answer, search_progress
    from datagen.searches import run
    from datagen.searches.spec import made_spec

    training.refuse_address(context, executor)
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
