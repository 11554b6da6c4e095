"""The best recipe as YAML, with a comment on its score and how certain that is."""

import textwrap
from pathlib import Path

from datagen.core.errors import EvaluationError, MissingInputError
from datagen.datasets.format import RECIPE
from datagen.recipes.load import load
from datagen.sweeps.records import DATASETS
from datagen.sweeps.results import words
from datagen.sweeps.results.ranking import Answer


def best_recipe(answer: Answer) -> str:
    """Return the best candidate's recipe as YAML that `datagen build --recipe` takes.

    Its paths are relative to the working folder, where a shell writes it.

    Raises:
        EvaluationError: no candidate has run to the end.
        MissingInputError: its recipe is not in the sweep's folder.
    """
    if answer.best is None:
        raise EvaluationError(
            f"the sweep in {answer.folder} has no best recipe: none of its "
            f"{len(answer.candidates)} candidates has run to the end"
        )
    path = answer.folder / DATASETS / answer.best.id / RECIPE
    try:
        recipe = load(str(path)).to_yaml(Path.cwd())
    except MissingInputError:
        raise MissingInputError(f"no {path}; the sweep's folder has lost its best recipe") from None
    return "".join(f"# {line}\n" for line in header(answer)) + recipe


def header(answer: Answer) -> list[str]:
    """Return the lines of the comment, at most 78 characters each."""
    said = [
        f"Best of {len(answer.candidates)} recipes: {words.best(answer)}",
        words.ranked_by(answer),
        words.verdict(answer),
        f"Seeds of the evaluator: {', '.join(map(str, answer.best.seeds if answer.best else ()))}.",
        *(f"Note: {note}." for note in words.notes(answer)),
    ]
    return [line for text in said for line in textwrap.wrap(text, 78, break_long_words=False)]
