"""Predictions as a table in the terminal: a file, what it is, how sure, and what else."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datagen.cli.views.findings import SHOWN
from datagen.core.text import how_many

if TYPE_CHECKING:
    from datagen.evaluation.predict import Prediction

_CORRECTIONS: Final = {
    "format": "decoded",
    "alpha": "laid over paper",
    "orientation": "turned upright",
    "depth": "scaled to 8 bits",
    "polarity": "ink inverted",
}


def print_predictions(predictions: "Sequence[Prediction]", out: Any) -> None:
    """Print a row per file that could be read, then how often each label was given, then notes."""
    from datagen.cli.views.tables import Column, FittedTable

    folder = _common(predictions)
    read = [each for each in predictions if each.label is not None]
    if read:
        table = FittedTable(
            Column("image", "name"),
            Column("label", "word", "bold"),
            Column("probability"),
            Column("or", "word"),
            title=f"{folder}: {how_many(len(predictions), 'image')}",
            boxed=True,
        )
        for each in read:
            second = f"{_guess(each, 1)}" if len(each.likely) > 1 else ""
            table.add_row(_name(each, folder), str(each.label), f"{each.probability:.3f}", second)
        out.print(table)
        labels = Counter(str(each.label) for each in read)
        told = ", ".join(f"{label} {number:,}" for label, number in labels.most_common())
        out.print(f"labels       {told}", soft_wrap=True)
    _print_notes(predictions, out)


def _name(prediction: "Prediction", folder: Path) -> str:
    path = Path(prediction.path)
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _guess(prediction: "Prediction", rank: int) -> str:
    guess = prediction.likely[rank]
    return f"{guess.label} {guess.probability:.3f}"


def _common(predictions: "Sequence[Prediction]") -> Path:
    """Return the folder that all files lie in, as they were named."""
    paths = [str(Path(each.path).parent) for each in predictions]
    try:
        return Path(os.path.commonpath(paths) or ".")
    except ValueError:  # some absolute, some not
        return Path()


def _print_notes(predictions: "Sequence[Prediction]", out: Any) -> None:
    """Print what was put right, in numbers, and every warning and error."""
    done = Counter(
        _CORRECTIONS[kind]
        for each in predictions
        for kind in each.corrected
        if kind in _CORRECTIONS
    )
    if done:
        told = ", ".join(f"{number:,} {what}" for what, number in done.items())
        out.print(f"prepared     {told}", soft_wrap=True)
    warned = [f"{each.path}: {text}" for each in predictions for text in each.warnings]
    unread = [f"{each.path}: {each.error}" for each in predictions if each.error is not None]
    for word, lines in (("warning", warned), ("unreadable", unread)):
        for line in lines[:SHOWN]:
            out.print(f"{word:13}{line}", soft_wrap=True)
        if len(lines) > SHOWN:
            out.print(f"{word:13}{len(lines) - SHOWN:,} more; --json names all", soft_wrap=True)
