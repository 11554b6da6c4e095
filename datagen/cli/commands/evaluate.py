"""`datagen evaluate`: the frozen evaluator's score of a dataset."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.next_step import as_argument, flags, print_next
from datagen.cli.views.output import Json, Quiet, console, cores, emit
from datagen.core.evaluator_facts import OFFICIAL_SEED, PROTOCOL

if TYPE_CHECKING:
    from datagen.evaluation.evaluate import Evaluation
    from datagen.evaluation.records import Score
    from datagen.evaluation.summary import Summary, TestSummary

_EPOCHS = 100  # of an official score
_SEEDS = 3  # from which a mean has a spread worth its name


class EngineName(enum.StrEnum):
    """What may follow `--engine`."""

    auto = "auto"
    native = "native"
    fast = "fast"
    reference = "reference"
    keras = "keras"


def evaluate(
    dataset: Annotated[Path, typer.Argument(help="A folder with train/ and val/.")],
    test: Annotated[
        list[Path] | None,
        typer.Option(
            "--test", metavar="DIR", help="Test set: class folders to score on; repeatable."
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            "--seeds",
            min=1,
            help="Number of runs, each with another seed; 2 or more give mean ± std.",
        ),
    ] = 1,
    preview: Annotated[
        int | None,
        typer.Option(
            "--preview",
            min=1,
            metavar="EPOCHS",
            help="Train this many epochs only; the score is not official.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train again, even if the score is in the cache.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the report (DATASET-report).")
    ] = None,
    report: Annotated[
        bool,
        typer.Option("--report/--no-report", help="Write the score, the history and report.html."),
    ] = True,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write TensorBoard event files.")
    ] = False,
    protocol: Annotated[
        str, typer.Option(help="The model and its training; `datagen models` lists all protocols.")
    ] = PROTOCOL,
    engine: Annotated[
        EngineName, typer.Option(help="Program that trains (auto: native, or fast on a GPU).")
    ] = EngineName.auto,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            help=f"Seed of the first run ({OFFICIAL_SEED}, as in the competition). Any seed can be "
            "official.",
        ),
    ] = OFFICIAL_SEED,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of runs at the same time (default: one per core)."),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="CPU threads of each run; with the engine native they change its speed, not its "
            "score. By default the runs on this machine share its cores.",
        ),
    ] = None,
    extra_train: Annotated[
        list[Path] | None,
        typer.Option(
            "--extra-train",
            metavar="DIR",
            help="More class folders to train on (protocols model-s and model-m only); repeatable.",
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="imagenet|none|FILE",
            help="Initial weights of a pretrained model (imagenet).",
        ),
    ] = None,
    export_model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.keras",
            help="Write the trained network to this file, for `predict` and Keras.",
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the fixed model on a dataset and score its best epoch.

    A score that is in the cache is returned at once. An interrupted evaluation resumes where it
    stopped.

    Example: `datagen evaluate ds --test label_book --seeds 3`
    """
    from datagen.api.evaluations import evaluate as evaluate_dataset
    from datagen.api.evaluations import write_report
    from datagen.cli.views.evaluation_progress import progress_view
    from datagen.reports.evaluation import check_folder, report_folder

    folder = out or report_folder(dataset, preview=preview is not None)
    if report:
        check_folder(folder, dataset, test or (), tensorboard=tensorboard)  # before hours are spent
    with progress_view(seeds, quiet=quiet, threads=threads) as view:
        evaluation = evaluate_dataset(
            dataset,
            test=test or (),
            protocol=protocol,
            engine=engine.value,
            seed=seed,
            seeds=seeds,
            preview=preview,
            force=force,
            workers=workers or cores(),
            threads=threads,
            extra_train=extra_train or (),
            weights=weights,
            export_model=export_model,
            on_event=view,
        )
    summary = evaluation.summary
    page = write_report(evaluation, folder, tensorboard=tensorboard) if report else None
    human = console(as_json=as_json, quiet=quiet)
    _print(summary, page, human, evaluation.traps)
    if export_model:
        human.print(f"model        {export_model}", soft_wrap=True, markup=False)
    words = ["evaluate", str(as_argument(dataset)), *flags(test=test, engine=_other(engine))]
    words += flags(protocol=None if protocol == PROTOCOL else protocol)
    words += flags(extra_train=extra_train, weights=weights)
    words += flags(seed=None if seed == OFFICIAL_SEED else seed)
    _print_next(evaluation, words, page, human)
    if as_json:
        places = {"report": page and str(page), "model": export_model and str(export_model)}
        emit(summary.model_dump(mode="json") | places)


def _other(engine: EngineName) -> str | None:
    """Return an engine that is not the default."""
    return None if engine is EngineName.auto else engine.value


def _print_next(evaluation: "Evaluation", words: list[str], page: Path | None, out: Any) -> None:
    """Print what tells more than this evaluation did, and how long it takes on this machine."""
    from statistics import fmean

    from datagen.core.text import duration

    scores, summary = evaluation.scores, evaluation.summary
    epoch = fmean(epoch.seconds for score in scores for epoch in score.history)
    if not summary.official:
        epochs = int(scores[0].protocol.constants.get("epochs", _EPOCHS))
        most = "" if epochs == _EPOCHS else "at most "
        took = duration(epochs * epoch)
        print_next(out, *words, why=f"an official score, {most}{epochs} epochs: about {took}")
    elif len(scores) == 1:
        took = duration((_SEEDS - 1) * fmean(map(_whole_run, scores)))
        print_next(
            out,
            *words,
            "--seeds",
            _SEEDS,
            why=f"shows how much it varies between seeds: about {took} of work",
        )
    elif page is not None:
        print_next(
            out, "compare", as_argument(page.parent), why="add other reports to compare with it"
        )


def _whole_run(score: "Score") -> float:
    """Return the seconds of a run, also where its epochs were known and it was scored again."""
    return max(score.total_seconds, sum(epoch.seconds for epoch in score.history))


def _print(summary: "Summary", page: Path | None, out: Any, traps: tuple[str, ...]) -> None:
    """Print what was found, most important first; leaks and `traps` were told before."""
    from datagen.evaluation.summary import NO_TEST

    if not summary.tests:
        out.print(NO_TEST, style="bold", soft_wrap=True)
    out.print(summary.label, style=None if summary.official else "bold", soft_wrap=True)
    out.print(_table(summary))
    if len(summary.runs) > 1:
        out.print(_seeds(summary))
    for test in summary.tests:
        _print_leaks(test, out)
    told = [*(test.leak_warning for test in summary.tests), *traps]
    for warning in (text for text in summary.warnings if text not in told):
        out.print(f"warning      {warning}", soft_wrap=True, markup=False)
    known = sum(run.cached for run in summary.runs)
    if known:
        out.print(f"cached       {known} of {len(summary.runs)} scores; --force runs again")
    out.print(f"fingerprint  {summary.fingerprint[:16]}")
    if page:
        out.print(f"report       {page}", soft_wrap=True, markup=False)


def _print_leaks(test: "TestSummary", out: Any) -> None:
    """Print how many images of one test set the dataset knows, and what is left without them."""
    from datagen.evaluation.summary import short_path

    name = short_path(test.path)
    if test.leaked:
        clean = f"{test.leak_free.mean:.4f}" if test.leak_free else "no image is left"
        out.print(
            f"leakage      {test.leaked:,} of {test.images:,} images of {name}: "
            f"{test.same_picture:,} in train or val, {test.parents:,} that images there were made "
            f"from; without them: {clean}",
            soft_wrap=True,
        )
    if test.near_note:
        out.print(f"note         {name}: {test.near_note}", soft_wrap=True)
    if test.near_duplicates:
        out.print(
            f"alike        {test.near_duplicates:,} more of {name} look like an image in train or "
            "val; they are counted in every accuracy",
            soft_wrap=True,
        )


def _table(summary: "Summary") -> Any:
    """Return a `FittedTable` of the accuracies, one row per set of images."""
    from datagen.cli.views.tables import Column, FittedTable
    from datagen.evaluation.summary import short_path

    table = FittedTable(
        Column("scored on", "name"),
        *map(Column, ("images", "accuracy", "95 % interval")),
        title=f"{summary.path}: {summary.images:,} images, {summary.protocol}",
        boxed=True,
    )
    for test in summary.tests:
        low, high = test.interval
        table.add_row(
            short_path(test.path),
            f"{test.images:,}",
            str(test.accuracy),
            f"{low:.3f} – {high:.3f}",
        )
    table.add_row("val (chose the epoch)", "", str(summary.val), "")
    return table


def _seeds(summary: "Summary") -> Any:
    """Return a `FittedTable` with one row per seed."""
    from datagen.cli.views.tables import Column, FittedTable

    names = [Path(test.path).name for test in summary.tests]
    titles = (*names, "val", "epoch", "seconds")
    table = FittedTable(Column("seed", "word"), *map(Column, titles), boxed=True)
    for run in summary.runs:
        tests = [f"{test.accuracy:.4f}" for test in run.tests]
        table.add_row(
            str(run.seed),
            *tests,
            f"{run.val_accuracy:.4f}",
            str(run.chosen_epoch),
            "cached" if run.cached else f"{run.seconds:.0f}",
        )
    return table
