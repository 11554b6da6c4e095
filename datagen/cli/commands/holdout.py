"""`datagen holdout`: set real images aside before anything looks at them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.views.output import Json, console, emit, progress_bars

if TYPE_CHECKING:
    from datagen.curation.holdout import Holdout


def holdout(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Class folders, or train/ and val/ with them.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the two sides go.")],
    fraction: Annotated[float, typer.Option(help="Share of each class that is held out.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Which images are held out.")] = 0,
    review: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A list of bad images to drop or relabel."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Pass over unusable files.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier result.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Divide real images: a stratified part to judge by, the rest to build from.

    Near-duplicates stay on one side; the same files and seed give the same sides.

    Example: `datagen holdout photos --out split`, then `datagen build --source images:split/rest`
    and `datagen evaluate ds --test split/holdout`
    """
    from datagen.api.images import hold_out

    with progress_bars(quiet=False) as progress:
        record = hold_out(
            folder,
            out,
            fraction=fraction,
            seed=seed,
            review=review,
            skip_bad=skip_bad,
            overwrite=overwrite,
            progress=progress,
        )
    _summarise(record, out, console(as_json=as_json))
    if as_json:
        emit(_plain(record, out))


def _summarise(record: "Holdout", out: Path, terminal: Any) -> None:
    terminal.print(_table(record, out))
    sizes = record.group_sizes()
    several = [size for size in sizes if size > 1]
    terminal.print(
        f"groups     {len(sizes):,}, of which {len(several):,} hold near-duplicates"
        + (f" (the largest {several[0]:,} images)" if several else "")
    )
    if record.review:
        causes = _causes(record)
        moved = sum(file.numeral != file.was for file in record.files)
        terminal.print(
            f"review     {record.review}: {causes.get('review', 0):,} dropped, {moved:,} relabelled"
        )


def _table(record: "Holdout", out: Path) -> Any:
    """Return images per class: as given, what was taken away, and what stands on each side."""
    from collections import Counter

    from datagen.cli.views.tables import Column, FittedTable
    from datagen.core.numerals import CLASSES
    from datagen.curation.holdout import SIDES

    table = FittedTable(
        Column("", "word"),
        *map(Column, (*CLASSES, "all")),
        title=f"{len(record.files):,} images in {out}",
        boxed=True,
    )

    def add(name: str, counts: Any, sign: str = "") -> None:
        shown = [f"{counts[numeral]:{sign},}" for numeral in CLASSES]
        total = sum(counts[numeral] for numeral in CLASSES)
        table.add_row(name, *shown, f"{total:{sign},}" if total or not sign else "")

    given = Counter(file.was for file in record.files)
    given.update(file.was for file in record.left_out)
    add("given", given)
    names = {
        "review": "bad",
        "copy": "copies",
        "contradiction": "contradicting",
        "unusable": "unusable",
    }
    for cause, name in names.items():
        taken = Counter(file.was for file in record.left_out if file.cause == cause)
        if taken:
            add(name, {numeral: -taken[numeral] for numeral in CLASSES})
    moved = [file for file in record.files if file.numeral != file.was]
    if moved:
        change = Counter(file.numeral for file in moved)
        change.subtract(file.was for file in moved)
        add("moved", change, "+")
    table.add_section()
    for side in SIDES:
        add(side, record.counts(side))
    return table


def _causes(record: "Holdout") -> dict[str, int]:
    from collections import Counter

    return dict(Counter(file.cause for file in record.left_out))


def _plain(record: "Holdout", out: Path) -> dict[str, Any]:
    from datagen.curation.holdout import SIDES

    sizes = record.group_sizes()
    return {
        "command": "holdout",
        "path": str(out),
        "seed": record.seed,
        "fraction": record.fraction,
        "review": record.review,
        "counts": {side: record.counts(side) for side in SIDES},
        "groups": len(sizes),
        "groups_of_several": sum(size > 1 for size in sizes),
        "largest_group": max(sizes),
        "relabelled": sum(file.numeral != file.was for file in record.files),
        "left_out": _causes(record),
    }
