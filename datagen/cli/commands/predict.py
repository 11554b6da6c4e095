"""`datagen predict`: what a trained network reads in images."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars
from datagen.core.errors import CorruptInputError


def predict(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="A .keras file that `evaluate --export-model` wrote."),
    ],
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE|FOLDER...", help="Images, or folders of them; repeatable."),
    ],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Classify images with a network that `evaluate` trained.

    Images may be RGB, grey or transparent, dark ink on light paper or the reverse. They are
    converted to look like the training images. A file that cannot be read is reported and skipped;
    the exit code is then 4.

    Example: `datagen predict model.keras photos --json`
    """
    from datagen.api.predictions import predict as read
    from datagen.cli.views.predictions import print_predictions

    with progress_bars(quiet=quiet) as progress:
        predictions = read(model, images, progress=progress)
    print_predictions(predictions, console(as_json=as_json, quiet=quiet))
    if as_json:
        for each in predictions:
            emit({"command": "predict", **each.model_dump(mode="json")})
    bad = [each for each in predictions if each.error is not None]
    if bad:
        raise CorruptInputError(
            f"{len(bad):,} of {len(predictions):,} files cannot be read, the first: "
            f"{bad[0].path}: {bad[0].error}"
        )
