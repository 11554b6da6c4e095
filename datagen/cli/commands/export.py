"""`datagen export`: the competition's zip file, or a corrected copy of images."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, console, emit, progress_bars
from datagen.core.errors import UsageError

if TYPE_CHECKING:
    from datagen.datasets.flatten import Flattened


class InvertName(enum.StrEnum):
    """What may follow `--invert`."""

    auto = "auto"
    yes = "yes"
    no = "no"


def export(
    dataset: Annotated[
        Path, typer.Argument(help="A dataset; with --flatten any folder of class folders.")
    ],
    file: Annotated[
        Path | None,
        typer.Argument(help="The archive or copy (default: DATASET.zip, DATASET-flat)."),
    ] = None,
    as_zip: Annotated[bool, typer.Option("--zip", help="Write a zip of train/ and val/.")] = False,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Write a corrected copy: plain PNG of 8 bits.")
    ] = False,
    invert: Annotated[
        InvertName, typer.Option(help="In the copy, turn light ink on dark paper; yes: every file.")
    ] = InvertName.no,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave unreadable files out of the copy.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a dataset as the competition wants it submitted, or a corrected copy of images.

    The copy shows the network what a person sees: transparency over white, upright as EXIF says,
    8 bits, labels and names as they were.

    Example: `datagen export ds --zip submission.zip`, `datagen export photos fixed --flatten`
    """
    if as_zip == flatten:
        raise UsageError("say in which form to export: --zip or --flatten")
    if flatten:
        _flatten(dataset, file, invert.value, skip_bad, overwrite, as_json=as_json)
        return
    if skip_bad or invert is not InvertName.no:
        raise UsageError("--invert and --skip-bad are of --flatten; leave them out of --zip")
    from datagen.api.datasets import export as export_dataset

    archive, images = export_dataset(dataset, file, overwrite=overwrite)
    human = console(as_json=as_json)
    human.print(f"{images:,} images in {archive}")
    if (dataset / "test").is_dir():
        human.print("left out   test/: the competition takes train/ and val/")
    print_next(human, "evaluate", as_argument(dataset), why="its official score, 100 epochs")
    if as_json:
        emit({"command": "export", "path": str(archive), "images": images})


def _flatten(
    folder: Path, out: Path | None, invert: str, skip_bad: bool, overwrite: bool, *, as_json: bool
) -> None:
    from datagen.api.datasets import flatten

    target = out or Path(f"{folder}-flat")
    with progress_bars(quiet=False) as progress:
        record = flatten(
            folder,
            target,
            invert=invert,
            skip_bad=skip_bad,
            overwrite=overwrite,
            progress=progress,
        )
    human = console(as_json=as_json)
    _say(record, target, human)
    if (target / "train").is_dir():
        print_next(human, "inspect", as_argument(target))
    else:
        print_next(human, "build", "--source", f"images:{target}", why="or evaluate DS --test it")
    if as_json:
        emit({"command": "export", "path": str(target), **record.model_dump(mode="json")})


def _say(record: "Flattened", target: Path, out: Any) -> None:
    """Print how many files were corrected, and for what."""
    from collections import Counter

    out.print(f"{record.images:,} images in {target}", soft_wrap=True, markup=False)
    kinds = Counter(kind for file in record.corrected for kind in file.corrected)
    counted = ", ".join(f"{kind} {count:,}" for kind, count in kinds.items()) or "none was needed"
    out.print(f"corrected  {len(record.corrected):,} ({counted})", soft_wrap=True, markup=False)
    if record.light:
        out.print(
            f"left       {len(record.light):,} of light ink on dark paper, first "
            f"{record.light[0]}; --invert auto turns them",
            soft_wrap=True,
            markup=False,
        )
    if record.left_out:
        first = record.left_out[0]
        out.print(
            f"left out   {len(record.left_out):,}, first {first.source}: {first.reason}",
            soft_wrap=True,
            markup=False,
        )
