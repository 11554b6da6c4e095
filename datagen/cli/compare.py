"""`datagen compare`: scores beside each other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.output import Json, console, emit

if TYPE_CHECKING:
    from datagen.compare import Difference, Row, Table


def compare(
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET|score.json|scores.jsonl...",
            help="Evaluated datasets, their reports or scores, or collected --json output.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Compare scores on the same test images, and say which differences are more than noise.

    Example: `datagen compare scores.jsonl`
    """
    from dataclasses import asdict

    from datagen.compare import compare as compare_summaries
    from datagen.score_files import read_summaries

    tables = compare_summaries([found for path in scores for found in read_summaries(path)])
    out = console(as_json=as_json)
    for table in tables:
        _print(table, out)
    if as_json:
        emit({"command": "compare", "tables": [_plain(asdict(table)) for table in tables]})


def _plain(value: Any) -> Any:
    """Return records inside plain data as plain data too."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.model_dump() if hasattr(value, "model_dump") else value


def _print(table: "Table", out: Any) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    title = "no test set" if table.test is None else f"{table.images:,} images of {table.test}"
    grid = Grid(title=Text(title), title_justify="left")
    grid.add_column("dataset", overflow="fold")
    if table.test is None:
        grid.add_column("val accuracy", justify="right")
        grid.add_column("seeds", justify="right")
    else:
        for name in ("accuracy", "95 %", "leak-free", "seeds", "to the best"):
            grid.add_column(name, justify="right")
        grid.add_column("more than noise?")
    for row in table.rows:
        grid.add_row(*(Text(cell) for cell in _cells(row, tested=table.test is not None)))
    out.print(grid)
    for note in table.notes:
        out.print(f"note  {note}", soft_wrap=True, markup=False)


def _cells(row: "Row", *, tested: bool) -> list[str]:
    from datagen.cli.evaluate import text

    name = row.path if row.official else f"{row.path}\n{row.label}"
    seeds = str(len(row.seeds))
    if not tested or row.interval is None:
        return [name, text(row.accuracy), seeds]
    clean = "" if not row.leaked else "–" if row.leak_free is None else f"{row.leak_free:.4f}"
    interval = f"{row.interval[0]:.3f} – {row.interval[1]:.3f}"
    return [name, text(row.accuracy), interval, clean, seeds, *_verdict(row.difference)]


def _verdict(difference: "Difference | None") -> tuple[str, str]:
    if difference is None:
        return "", ""
    std = "" if difference.accuracy.std is None else f" ± {difference.accuracy.std:.4f}"
    found = f"images p {_p(difference.p_images)}"
    if difference.p_seeds is not None:
        found += f", seeds p {_p(difference.p_seeds)}"
    elif difference.best_only is not None:
        found = f"{difference.best_only} : {difference.row_only}, p {_p(difference.p_images)}"
    return (
        f"{difference.accuracy.mean:+.4f}{std}",
        f"{'yes' if difference.real else 'no'} ({found})",
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
