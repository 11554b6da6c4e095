"""`datagen mine`: the hard examples of a trained score."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.next_step import flags, free_name, print_next
from datagen.cli.views.output import Json, Quiet, console, cores, emit
from datagen.core.evaluator_facts import OFFICIAL_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datagen.curation.hard_examples.record import Hard

_LISTED = 12  # of the hardest, in the terminal


def mine(
    dataset: Annotated[Path, typer.Argument(metavar="DS", help="A folder with train/ and val/.")],
    test: Annotated[
        Path,
        typer.Option("--test", metavar="DIR", help="Class folders in which to find hard images."),
    ],
    top: Annotated[
        int | None, typer.Option("--top", min=1, help="Number of images to call hard.")
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(
            "--share", help="Share of the images to call hard, if --top is not given (0.1)."
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write: all images with their weights.")
    ] = Path("hard.json"),
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", help="Picture of the hardest images (next to the --out file)."),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="Number of runs to average over.")
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
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first run.")] = OFFICIAL_SEED,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of runs at the same time (default: one per core)."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Train without asking if there is no cached score.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the images that a network trained on the dataset gets wrong, or almost wrong.

    Use training images that this dataset does not contain, such as a part of your real images that
    it was built without. **Never use your test set or holdout**: the images found are trained on
    next, as variants, so they can no longer be used for testing. A cached score is used; without
    one, it trains 100 epochs only after you agree (or with `--yes`).

    The record gives every image of DIR the weight 1 + 4·(1 − p), where p is the probability that
    the network gives to its label.

    Example: `datagen mine ds --test photos/second-half --seeds 3 --out hard.json`
    """
    from datagen.api.images import find_hard
    from datagen.cli.views.evaluation_progress import progress_view
    from datagen.curation.write import picture_beside

    picture = sheet or picture_beside(out)
    with progress_view(seeds, quiet=quiet) as view:
        hard = find_hard(
            dataset,
            test,
            top=top,
            share=share,
            out=out,
            sheet=picture,
            seed=seed,
            seeds=seeds,
            preview=preview,
            workers=workers or cores(),
            on_event=view,
            before_training=None if yes or preview else partial(_ask, dataset),
        )
    human = console(as_json=as_json, quiet=quiet)
    _print(hard, out, picture, human)
    words = flags(source=f"images:{test}", option=f"images.boost={out}")
    words += flags(pipeline="paper-and-pen", out=free_name("boosted"))
    print_next(human, "build", *words, why="a dataset with more variants of the hard ones")
    if as_json:
        emit(_plain(hard, out, picture))


def _ask(dataset: Path, seeds: "Sequence[int]") -> None:
    """Ask whether the seeds may be trained.

    Raises:
        UsageError: nobody is there to answer.
        StoppedError: the answer is no.
    """
    from datagen.core.errors import StoppedError, UsageError

    runs = "1 seed" if len(seeds) == 1 else f"{len(seeds)} seeds"
    need = f"{dataset} has no score yet: this trains 100 epochs with {runs}{_time(dataset, seeds)}"
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{need}; --yes does it, --preview 5 gives a quick first result")
    if not typer.confirm(f"{need}. Continue?", err=True):
        raise StoppedError("nothing was trained; --preview 5 gives a quick first result")


def _time(dataset: Path, seeds: "Sequence[int]") -> str:
    """Say how long the training takes, where this machine was timed."""
    from datagen.api.datasets import open_dataset
    from datagen.core.text import duration
    from datagen.datasets.class_counts import total_count
    from datagen.sweeps.timing import known_timing

    timing = known_timing("auto", None)
    if timing is None:
        return ""
    epoch = timing.epoch(total_count(open_dataset(dataset).counts))
    return f", about {duration(len(seeds) * 100 * epoch)} of work"


def _print(hard: "Hard", out: Path, picture: Path, terminal: Any) -> None:
    from datagen.curation.hard_examples.find import cautions
    from datagen.evaluation.summary import short_path

    missed = sum(image.missed for image in hard.images)
    terminal.print(
        f"{missed:,} of {len(hard.images):,} images of {short_path(hard.folder)} are missed; "
        f"the hardest {hard.top:,} are called hard",
        style="bold",
        soft_wrap=True,
    )
    terminal.print(_classes(hard))
    terminal.print(_hardest(hard))
    for caution in cautions(hard):  # said even where --quiet asks for nothing else
        console(as_json=True).print(f"warning      {caution}", style="yellow", soft_wrap=True)
    terminal.print(f"record       {out}", soft_wrap=True)
    terminal.print(f"picture      {picture}: look first, the hardest are often mislabelled")
    terminal.print(
        "note         these images will be trained on: never use them for testing",
        soft_wrap=True,
    )


def _classes(hard: "Hard") -> Any:
    """Return a `FittedTable` with a row per class."""
    from collections import Counter
    from statistics import fmean

    from datagen.cli.views.tables import Column, FittedTable
    from datagen.core.numerals import CLASSES

    titles = ("images", "missed", "hard", "mean p", "mean weight")
    table = FittedTable(
        Column("class", "word", "bold"),
        *map(Column, titles),
        Column("missed ones are read as", "text"),
    )
    hard_counts: Counter[str] = Counter(image.numeral for image in hard.hardest)
    for numeral in CLASSES:
        images = [image for image in hard.images if image.numeral == numeral]
        if not images:
            continue
        taken = Counter(image.predicted for image in images if image.missed)
        table.add_row(
            numeral,
            f"{len(images):,}",
            f"{taken.total():,}",
            f"{hard_counts[numeral]:,}",
            f"{fmean(image.probability for image in images):.2f}",
            f"{fmean(image.weight for image in images):.2f}",
            ", ".join(f"{name} {count:,}" for name, count in taken.most_common(4)),
        )
    return table


def _hardest(hard: "Hard") -> Any:
    """Return a `FittedTable` of the first of the hardest."""
    from datagen.cli.views.tables import Column, FittedTable

    table = FittedTable(
        Column("the hardest", "name"),
        Column("given → predicted", "word"),
        Column("p"),
        Column("weight"),
    )
    for image in hard.hardest[:_LISTED]:
        shown = f"{image.numeral} → {image.predicted}" if image.missed else f"{image.numeral} right"
        table.add_row(image.path, shown, f"{image.probability:.3f}", f"{image.weight:.2f}")
    return table


def _plain(hard: "Hard", out: Path, picture: Path) -> dict[str, Any]:
    from datagen.curation.hard_examples.find import cautions

    return {
        "command": "mine",
        "path": str(out),
        "sheet": str(picture),
        "images": len(hard.images),
        "missed": sum(image.missed for image in hard.images),
        "leaked": hard.leaked,
        "fingerprint": hard.fingerprint,
        "seeds": list(hard.seeds),
        "preview": hard.preview,
        "warnings": list(cautions(hard)),
        "hardest": [image.model_dump(mode="json", by_alias=True) for image in hard.hardest],
    }
