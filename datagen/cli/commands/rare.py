"""`datagen rare`: which styles of writing a folder has few pictures of."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars

if TYPE_CHECKING:
    from datagen.curation.rare_styles.find import Rare


def rare(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Class folders, or train/ and val/ with them.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The record of all images, with their weights.")
    ] = Path("rare.json"),
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="The picture of the styles (beside --out).")
    ] = None,
    clusters: Annotated[int, typer.Option(help="Styles to look for in each class.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the clustering.")] = 0,
    review: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A list of bad images to drop or relabel."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Pass over unusable files.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the styles of writing that a folder of real images has few pictures of.

    Groups the images of each class by how their strokes run, and gives every image a weight: the
    rarer its style, the greater, from a quarter to four times that of an average style.
    `--option images.boost=rare.json` lets a pipeline serve such images more often.

    Example: `datagen rare photos --out rare.json`
    """
    from datagen.api.images import find_rare

    picture = sheet or out.with_suffix(".png")
    with progress_bars(quiet=quiet) as progress:
        found = find_rare(
            folder,
            clusters=clusters,
            seed=seed,
            review=review,
            skip_bad=skip_bad,
            out=out,
            sheet=picture,
            progress=progress,
        )
    _print(found, out, picture, console(as_json=as_json, quiet=quiet))
    if as_json:
        emit(_plain(found, out, picture))


def _print(found: "Rare", out: Path, picture: Path, terminal: Any) -> None:
    from datagen.cli.views.tables import Column, FittedTable

    titles = ("images", "styles", "rarest", "commonest", "weights")
    table = FittedTable(Column("class", "word", "bold"), *map(Column, titles))
    for row in _classes(found):
        low, high = row["weights"]
        table.add_row(
            row["class"],
            *(f"{row[key]:,}" for key in ("images", "styles", "rarest", "commonest")),
            f"{low:.2f} … {high:.2f}",
        )
    terminal.print(table)
    terminal.print(f"record       {out}", soft_wrap=True)
    terminal.print(
        f"picture      {picture}: each class's rarest style, and below it the commonest",
        soft_wrap=True,
    )


def _classes(found: "Rare") -> list[dict[str, Any]]:
    from datagen.core.numerals import CLASSES

    return [
        {
            "class": numeral,
            "images": len(images),
            "styles": len({image.style for image in images}),
            "rarest": images[0].alike,
            "commonest": images[-1].alike,
            "weights": [images[-1].weight, images[0].weight],
        }
        for numeral in CLASSES
        if (images := found.of(numeral))
    ]


def _plain(found: "Rare", out: Path, picture: Path) -> dict[str, Any]:
    return {
        "command": "rare",
        "path": str(out),
        "sheet": str(picture),
        "images": len(found.images),
        "clusters": found.clusters,
        "seed": found.seed,
        "classes": _classes(found),
    }
