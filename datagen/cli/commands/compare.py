"""`datagen compare`: scores beside each other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datagen.cli.arguments import Refusal, good_ones, refuse
from datagen.cli.views.next_step import flags, from_here, print_next
from datagen.cli.views.noise import more_than_noise, two_lines
from datagen.cli.views.output import Json, console, emit
from datagen.core.errors import DatagenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datagen.evaluation.compare import Comparison, ComparisonRow


def compare(
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET|score.json|scores.jsonl...",
            help="Evaluated datasets, report folders, score files, or collected --json output.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Compare scores on the same test images, and show which differences are more than noise.

    A difference is more than noise if the probability of a difference this large by chance is
    below 0.05.

    Example: `datagen compare scores.jsonl`
    """
    from dataclasses import asdict

    from datagen.api.evaluations import compare as compare_scores
    from datagen.evaluation.load import read_summaries

    refused: list[Refusal] = []
    try:
        tables = compare_scores(*scores)
    except DatagenError:
        read, refused = good_ones(scores, read_summaries)
        if not read or not refused:
            raise  # it is about all of them: previews of other lengths, say
        tables = compare_scores(*(summary for summaries in read for summary in summaries))
    out = console(as_json=as_json)
    for table in tables:
        _print(table, out)
    _print_next(tables, out)
    if as_json:
        emit({"command": "compare", "tables": [_plain(asdict(table)) for table in tables]})
    refuse(refused)


def _plain(value: Any) -> Any:
    """Return records inside plain data as plain data too."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.model_dump() if hasattr(value, "model_dump") else value


def _print_next(tables: "Sequence[Comparison]", out: Any) -> None:
    """Print what would decide what is open: an official score, or more seeds of the second best."""
    table = next((table for table in tables if table.test and Path(table.test).is_dir()), None)
    rows = [] if table is None else [row for row in table.rows if Path(row.path).is_dir()]
    if table is None or not rows or len(rows) != len(table.rows):
        return  # the scores are from elsewhere: nothing can be run here
    test = flags(test=from_here(Path(table.test or "")))
    lead = next((row.difference for row in rows if row.difference is not None), None)
    first, place = rows[0], from_here(Path(rows[0].path))
    if not first.official:
        print_next(out, "evaluate", place, *test, why="an official score of the best")
    elif lead is not None and not lead.real:
        again = min(rows[:2], key=lambda row: len(row.seeds))
        seeds = len(again.seeds) + 2
        words = ["evaluate", from_here(Path(again.path)), *test, "--seeds", str(seeds)]
        print_next(out, *words, why="more seeds: the first two are within noise")
    else:
        print_next(out, "export", place, "--zip", why="the best, as it is submitted")


def _print(table: "Comparison", out: Any) -> None:
    from rich.text import Text

    from datagen.cli.views.tables import Column, FittedTable

    title = "no test set" if table.test is None else f"{table.images:,} images of {table.test}"
    out.print(Text(title, style="bold"), soft_wrap=True)
    leaked = any(row.leaked for row in table.rows)
    titles = ["val accuracy"]
    if table.test is not None:
        titles = ["accuracy", "95 %", *(["leak-free"] if leaked else []), "to the best"]
    columns = [Column("dataset", "name"), *map(Column, titles)]
    if table.test is not None:
        columns.append(Column("more than noise?", "word"))
    grid = FittedTable(*columns)
    for row in table.rows:
        cells = [_name(row), two_lines(row.accuracy)]
        if row.interval is not None:
            cells += [f"{row.interval[0]:.3f}–{row.interval[1]:.3f}"]
            cells += [_leak_free(row)] if leaked else []
            cells += more_than_noise(row.difference)
        grid.add_row(*cells)
    out.print(grid)
    for note in table.notes:
        out.print(f"note  {note}", soft_wrap=True, markup=False)
    out.print()


def _name(row: "ComparisonRow") -> str:
    """Return the dataset, below it the number of seeds, and a mark where it is not official."""
    seeds = f"{len(row.seeds)} seeds" if len(row.seeds) > 1 else "1 seed"
    return "\n  ".join(filter(None, (row.path, seeds, row.mark)))


def _leak_free(row: "ComparisonRow") -> str:
    if not row.leaked:
        return ""
    return "all leaked" if row.leak_free is None else f"{row.leak_free:.4f}"
