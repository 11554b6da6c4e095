"""`datagen compare-models`: one dataset, several models."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.next_step import Word, as_argument, flags, print_next
from datagen.cli.views.output import Json, Quiet, console, cores, emit
from datagen.core.evaluator_facts import OFFICIAL_SEED

if TYPE_CHECKING:
    from datagen.cli.views.evaluation_progress import EventView
    from datagen.evaluation.compare_models import ModelComparison

_SEEDS = 3  # from which a mean has a spread worth its name


def compare_models(
    dataset: Annotated[Path, typer.Argument(help="A folder with train/ and val/.")],
    models: Annotated[
        str,
        typer.Option(
            "--models",
            metavar="NAME,NAME",
            help="Models to compare: names that `datagen models` lists, or `all`.",
        ),
    ],
    test: Annotated[
        list[Path] | None,
        typer.Option(
            "--test", metavar="DIR", help="Test set: class folders to score on; repeatable."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of runs of each model.")] = 1,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            help=f"Seed of the first run ({OFFICIAL_SEED}, as in the competition). Any seed can be "
            "official.",
        ),
    ] = OFFICIAL_SEED,
    preview: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="EPOCHS",
            help="Train this many epochs only; the scores are not official.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train again, even if a score is in the cache.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the page (DATASET-models)."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="imagenet|none|FILE", help="Initial weights of pretrained models (imagenet)."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of runs at the same time (default: one per core)."),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="CPU threads of each run; by default the runs share the cores."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score one dataset with several models and compare them.

    Shows which differences are more than noise, and how long each model trains. The page has all
    val curves, and accuracy against time. A score that is in the cache is used at once. An
    interrupted comparison resumes where it stopped; with `--preview`, whose scores are not cached,
    finished models run again. If a model fails, the others are still compared, and the command
    exits with the code of that failure.

    Example: `datagen compare-models ds --models cutoff-resnet50,simple-cnn --test label_book`
    """
    from datagen.api.models import compare_models as compare
    from datagen.cli.views.evaluation_progress import progress_view
    from datagen.cli.views.model_comparison import print_comparison
    from datagen.reports.models.files import PAGE, models_folder

    folder = out or models_folder(dataset, preview=preview is not None)
    names = _names(models)
    with ExitStack() as stack:

        def view(name: str) -> "EventView":
            stack.close()  # the bars of the model before
            if not quiet:
                place = f"model {names.index(name) + 1} of {len(names)}: {name}"
                print(place, file=sys.stderr, flush=True)
            return stack.enter_context(progress_view(seeds, quiet=quiet, threads=threads))

        found = compare(
            dataset,
            names,
            test=test or (),
            seeds=seeds,
            seed=seed,
            preview=preview,
            force=force,
            workers=workers or cores(),
            threads=threads,
            weights=weights,
            out=folder,
            view=view,
        )
    human = console(as_json=as_json, quiet=quiet)
    print_comparison(found, folder / PAGE, human)
    words = ["compare-models", as_argument(dataset), "--models", ",".join(names)]
    words += flags(test=test, weights=weights, seed=None if seed == OFFICIAL_SEED else seed)
    _print_next(found, words, preview, seeds, human)
    if as_json:
        report = {"command": "compare-models", "report": str(folder / PAGE)}
        emit(report | found.model_dump(mode="json"))
    if found.failed:
        raise typer.Exit(found.failed[0].exit_code)


def _names(models: str) -> list[str]:
    """Return the models that are named, commas between them."""
    if models.strip() == "all":
        from datagen.api.models import list_models

        return [model.name for model in list_models()]
    return [name.strip() for name in models.split(",") if name.strip()]


def _print_next(
    found: "ModelComparison", words: Sequence[Word], preview: int | None, seeds: int, out: Any
) -> None:
    """Print what tells more than this comparison did."""
    if preview is not None:
        words = [*words, *flags(seeds=seeds if seeds > 1 else None)]
        print_next(out, *words, why="official scores, all epochs of each protocol")
    elif seeds < _SEEDS:
        print_next(out, *words, "--seeds", _SEEDS, why="shows how much scores vary between seeds")
    else:
        print_next(out, "models", found.models[0].name, why="describes the best one")
