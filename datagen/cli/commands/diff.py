"""`datagen diff`: what differs between two datasets, and what it did to the score."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.views.dataset_diff import plain_diff, print_diff
from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, console, emit


def diff(
    first: Annotated[
        Path, typer.Argument(metavar="A", help="The dataset or class folders before the change.")
    ],
    second: Annotated[Path, typer.Argument(metavar="B", help="The same after the change.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write a picture of the changes to this file."
        ),
    ] = None,
    score: Annotated[
        list[Path] | None,
        typer.Option("--score", metavar="FILE", help="A report or score of A or B; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the images that were added, removed, moved or changed, and the effect on the score.

    An image of A is matched with one of B by its bytes, by what the evaluator sees, by the letters
    or parent that it was made of, or by its path. Scores are compared by seed and by image, as in
    `datagen compare`.

    Example: `datagen diff before after --out diff.png`
    """
    from datagen.api.comparing import diff as find

    found = find(first, second, scores=score or (), sheet=out)
    human = console(as_json=as_json)
    print_diff(found, human)
    if out is not None:
        human.print(f"picture      {out}", soft_wrap=True)
    elif not found.equal:
        words = (as_argument(first), as_argument(second), "--out", "diff.png")
        print_next(human, "diff", *words, why="draws what differs")
    if as_json:
        picture = None if out is None else str(out)
        emit({"command": "diff", "picture": picture, **plain_diff(found)})
