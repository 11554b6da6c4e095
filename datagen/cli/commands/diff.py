"""`datagen diff`: what differs between two datasets, and what it did to the score."""

from pathlib import Path
from typing import Annotated

import typer

from datagen.cli.views.dataset_diff import plain_diff, print_diff
from datagen.cli.views.next_step import as_argument, print_next
from datagen.cli.views.output import Json, console, emit


def diff(
    first: Annotated[
        Path, typer.Argument(metavar="A", help="A dataset or class folders: what it was.")
    ],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another: what it became.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the picture of the changes here."),
    ] = None,
    score: Annotated[
        list[Path] | None,
        typer.Option("--score", metavar="FILE", help="A report or score of either; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what came, went, moved and changed, class by class, and what that did to the score.

    Images belong together by their bytes, by what the evaluator sees, by the letters or parent that
    they were made of, or by their paths. Scores are compared seed by seed and image by image, as
    `datagen compare` does.

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
        print_next(human, "diff", *words, why="a picture of what differs")
    if as_json:
        picture = None if out is None else str(out)
        emit({"command": "diff", "picture": picture, **plain_diff(found)})
