"""`datagen verify`: a score made again from its receipt."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from datagen.cli import recipe_flags
from datagen.cli.views.next_step import as_argument, flags, print_next
from datagen.cli.views.output import Json, Quiet, console, cores, emit, progress_bars
from datagen.core.errors import RuleError

if TYPE_CHECKING:
    from datagen.api.progress import Progress
    from datagen.evaluation.process import Event
    from datagen.receipts.records import Verification


_STATES: Final = {"same": "same", "different": "DIFFERENT", "not checked": "not checked"}


def verify(
    score: Annotated[
        Path, typer.Argument(help="A score.json, or the folder of a report that has one.")
    ],
    test: Annotated[
        list[Path] | None,
        typer.Option("--test", metavar="DIR", help="The test set that was scored; repeatable."),
    ] = None,
    quick: Annotated[
        int | None,
        typer.Option(
            "--quick",
            min=1,
            metavar="EPOCHS",
            help="Train only this many epochs, and compare those.",
        ),
    ] = None,
    path: recipe_flags.SourcePath = None,
    val_dir: Annotated[
        Path | None,
        typer.Option("--val-dir", help="Where the class folders are that the recipe uses as val."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", metavar="DIR", help="Use this dataset instead of building it."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="Number of processes (default: one per core; 1 for few images).",
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads of the training (default: one per core).")
    ] = None,
    offline: recipe_flags.Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Recompute a score from its receipt (score.json), and report whether it is bit-identical.

    It builds the dataset from the recipe in score.json and trains on it, in a temporary folder. It
    stops at the first difference, reports it, and exits with code 3.

    Example: `datagen verify ds-report/score.json --test label_book`
    """
    from datagen.api.receipts import verify as verify_score
    from datagen.recipes.overrides import source_path

    with _views(quiet=quiet, threads=threads or cores()) as (progress, tell):
        found = verify_score(
            score,
            test=test or (),
            quick=quick,
            paths=dict(map(source_path, path or ())),
            val_dir=val_dir,
            dataset=dataset,
            workers=workers,
            threads=threads,
            offline=offline,
            progress=progress,
            on_event=tell,
        )
    human = console(as_json=as_json, quiet=quiet)
    _print(found, human)
    words = ["verify", str(as_argument(score)), *flags(test=test, path=path)]
    words += flags(val_dir=val_dir, dataset=dataset)
    _print_next(found, words, human)
    if as_json:
        emit(found.model_dump(mode="json") | {"whole": found.whole, "verdict": found.verdict})
    if found.difference is not None:
        raise RuleError(f"{found.path} is not the same: {found.difference}")


@contextmanager
def _views(*, quiet: bool, threads: int) -> Iterator[tuple["Progress", Any]]:
    """Yield what shows the building, and what shows the training once that begins."""
    from datagen.cli.views.evaluation_progress import progress_view

    with ExitStack() as all_views, ExitStack() as building:
        bars = building.enter_context(progress_bars(quiet=quiet))
        views: list[Any] = []

        def tell(seed: int, event: "Event") -> None:
            if not views:
                building.close()  # two live displays would draw over each other
                views.append(
                    all_views.enter_context(progress_view(1, quiet=quiet, threads=threads))
                )
            views[0](seed, event)

        yield bars, tell


def _print(found: "Verification", out: Any) -> None:
    """Print every check and the answer."""
    engine = found.engine if found.bits is None else f"{found.engine}, bits {found.bits}"
    out.print(f"score        {found.path}", soft_wrap=True)
    out.print(f"             {found.label}", soft_wrap=True)
    out.print(f"             {found.protocol} ({engine}), seed {found.seed}", soft_wrap=True)
    for check in found.checks:
        out.print(f"{check.what:<12} {_STATES[check.state]:<12} {check.detail}", soft_wrap=True)
    for note in found.notes:
        out.print(f"note         {note}", soft_wrap=True)
    out.print(found.verdict.upper(), style="bold")
    if found.difference is not None:
        out.print(f"why          {found.difference.advice}", soft_wrap=True)


def _print_next(found: "Verification", words: list[str], out: Any) -> None:
    """Print what tells more."""
    if found.same and not found.whole:
        print_next(out, *words, why="all epochs, and the predictions")
    elif found.same:
        print_next(out, "guide", "results", why="official scores to set it beside")
    elif found.difference is not None and found.difference.kind in ("dataset", "image", "source"):
        words = words[: words.index("--dataset")] if "--dataset" in words else words
        print_next(out, *words, "--dataset", "DIR", why="uses the dataset that was evaluated")
    else:
        print_next(out, "guide", "evaluation", why="what is promised, and what moves a score")
