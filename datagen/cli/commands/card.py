"""`datagen card`: a dataset described in Markdown, as Hugging Face shows it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.commands.export import CardName, Licences, Scores, read_licences
from datagen.cli.views.output import Json, console, emit
from datagen.core.errors import UsageError


def card(
    dataset: Annotated[Path, typer.Argument(help="A folder with train/ and val/.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write the card to this file instead of stdout."
        ),
    ] = None,
    licence: Licences = None,
    score: Scores = None,
    name: CardName = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing file.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Describe a dataset in Markdown: origin, licences, budget, splits, scores and limits.

    The text begins with the header of a Hugging Face dataset card. If the licence of a source
    forbids publishing, the card and stderr say so.

    Example: `datagen card ds --score ds-preview --out README.md`
    """
    from datagen.api.publishing import dataset_card
    from datagen.datasets.inputs import refuse_among_inputs
    from datagen.datasets.publishing.terms import refusals

    licences = read_licences(licence)
    refuse_among_inputs(out, dataset, "--out")
    if out is not None and out.exists() and not overwrite:
        raise UsageError(f"{out} exists; --overwrite replaces it, or choose another file")
    text = dataset_card(dataset, licences=licences, scores=score or (), name=name)
    refused = refusals(dataset, licences)
    human = console(as_json=as_json or out is None)
    if out is not None:
        _write(out, text)
        human.print(f"card       {out}", soft_wrap=True)
    for reason in refused:
        human.print(f"licence    may not be published as it is: {reason}", soft_wrap=True)
    if as_json:
        place = None if out is None else str(out)
        emit({"command": "card", "path": place, "card": text, "not_publishable": refused})
    elif out is None:
        sys.stdout.write(text)


def _write(out: Path, text: str) -> None:
    from datagen.files.atomic import staged_file

    try:
        with staged_file(out) as temporary:
            temporary.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}; choose another file") from error
