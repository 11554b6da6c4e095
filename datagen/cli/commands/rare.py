"""`datagen rare`: which styles of writing a folder has few pictures of."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.recipe_flags import SkipBad
from datagen.cli.views.next_step import flags, free_name, print_next
from datagen.cli.views.output import Json, Quiet, console, emit, progress_bars

if TYPE_CHECKING:
    from datagen.curation.rare_styles.find import Rare


def rare(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Class folders, or train/ and val/ with them.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write: all images with their weights.")
    ] = Path("rare.json"),
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Picture of the styles (next to the --out file).")
    ] = None,
    clusters: Annotated[int, typer.Option(help="Number of styles to look for in each class.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the clustering.")] = 0,
    review: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A review: images to drop or relabel first."),
    ] = None,
    skip_bad: SkipBad = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the styles of writing of which a folder of real images has few images.

    Groups the images of each class by pen, size, bars, slant and paper, and gives every image a
    weight that is greater for rarer styles: 0.25 to 4 times that of an average style. With
    `--option images.boost=rare.json` a pipeline uses heavier images more often.

    Example: `datagen rare photos --out rare.json`
    """
    from datagen.api.images import find_rare
    from datagen.curation.write import picture_beside

    picture = sheet or picture_beside(out)
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
    human = console(as_json=as_json, quiet=quiet)
    _print(found, out, picture, human)
    words = flags(source=f"images:{folder}", option=_options(out, review, skip_bad=skip_bad))
    words += flags(pipeline="paper-and-pen", out=free_name("boosted"))
    print_next(human, "build", *words)
    if as_json:
        emit(_plain(found, out, picture))


def _options(record: Path, review: str | None, *, skip_bad: bool) -> list[str]:
    """Return the options of `images` that read the folder as it was read here."""
    given = {"boost": record, "review": review, "skip_bad": "true" if skip_bad else None}
    return [f"images.{key}={value}" for key, value in given.items() if value is not None]


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
