"""Several models on one dataset, as tables and sentences for a terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.cli.views.noise import more_than_noise, two_lines
from datagen.cli.views.tables import Column, FittedTable

if TYPE_CHECKING:
    from datagen.evaluation.compare_models import ModelComparison, ModelOnTest, ModelResult


def print_comparison(found: "ModelComparison", page: Path, out: Any) -> None:
    """Print what was found, most important first."""
    from datagen.evaluation.compare_models import ranked

    for mark in dict.fromkeys(model.mark for model in found.models if model.mark):
        out.print(mark, style="bold", soft_wrap=True)
    for place, verdict in enumerate(found.verdicts):
        out.print(_scores(ranked(found.models, place), place))
        out.print(verdict, style="bold", soft_wrap=True)
        out.print()
    out.print(_costs(found))
    for note in found.notes:
        out.print(f"note         {note}", soft_wrap=True)
    out.print(f"page         {page}", soft_wrap=True)


def _scores(models: "Sequence[ModelResult]", place: int) -> FittedTable:
    """Return the accuracies on one test set."""
    from datagen.evaluation.summary import short_path

    test = models[0].tests[place]
    leaked = any(model.tests[place].leaked for model in models)
    titles = ["accuracy", "95 %", *(["leak-free"] if leaked else []), "macro F1"]
    columns = (Column("model", "name"), *map(Column, titles), Column("more than noise?", "word"))
    table = FittedTable(*columns, title=f"{test.images:,} images of {short_path(test.path)}")
    for model in models:
        on = model.tests[place]
        clean = "all leaked" if on.leak_free is None else f"{on.leak_free:.4f}"
        table.add_row(
            model.name,
            two_lines(on.accuracy),
            "{:.3f}–{:.3f}".format(*on.interval),
            *([clean if on.leaked else ""] if leaked else []),
            two_lines(on.macro_f1),
            _noise(on),
        )
    return table


def _noise(on: "ModelOnTest") -> str:
    """Return whether a model is worse than the best by more than noise, and by how much."""
    apart, said = more_than_noise(on.difference)
    return "\n    ".join(filter(None, (said, apart.replace("\n", " "))))


def _costs(found: "ModelComparison") -> FittedTable:
    """Return what the models are, and what a run takes."""
    titles = ("parameters", "epochs", "seconds", "val accuracy", "seeds")
    title = f"{found.path}: {found.images:,} images; a run takes"
    table = FittedTable(Column("model", "name"), *map(Column, titles), title=title)
    for model in found.models:
        table.add_row(
            model.name,
            "–" if model.parameters is None else f"{model.parameters:,}",
            f"{model.epochs:.4g}",
            f"{model.seconds:,.1f}" if model.seconds < 10 else f"{model.seconds:,.0f}",
            two_lines(model.val),
            str(len(model.seeds)),
        )
    return table
