"""`datagen export`: a dataset in the competition's submission layout."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, console, emit
from datagen.core.errors import UsageError


def export(
    dataset: Annotated[Path, typer.Argument(help="A dataset that `datagen inspect` finds clean.")],
    file: Annotated[Path | None, typer.Argument(help="The archive (default: DATASET.zip).")] = None,
    as_zip: Annotated[bool, typer.Option("--zip", help="Write a zip of train/ and val/.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a dataset as the competition wants it submitted.

    Example: `datagen export ds --zip submission.zip`
    """
    from datagen.api.datasets import export as export_dataset

    if not as_zip:
        raise UsageError("say in which form to export: --zip is the one there is")
    archive, images = export_dataset(dataset, file, overwrite=overwrite)
    human = console(as_json=as_json)
    human.print(f"{images:,} images in {archive}")
    print_next(human, "evaluate", as_argument(dataset), why="its official score, 100 epochs")
    if as_json:
        emit({"command": "export", "path": str(archive), "images": images})
