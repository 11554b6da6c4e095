"""Scores to compare: official ones, or, where not all have one, previews of one length.

A preview is not cached; it is read from its report, which `evaluate --preview` leaves where the
shell stands.
"""

from collections.abc import Sequence
from pathlib import Path

from datagen.core.errors import DatagenError, MissingInputError
from datagen.core.numerals import SPLITS
from datagen.datasets.content import dataset_content
from datagen.evaluation.load import read_summaries
from datagen.evaluation.summary import Summary
from datagen.files.leftovers import is_folder
from datagen.reports.evaluation.files import SUMMARY, report_folder


def read_scores(given: Sequence[Summary | Path]) -> list[Summary]:
    """Return every evaluation that is given, or that the paths stand for.

    Args:
        given: summaries, and paths as `datagen.evaluation.load.read_summaries` takes them.

    Raises:
        MissingInputError: a dataset has no score, and not all have a preview of the same length.
        CorruptInputError: a file is no score.
    """
    found: list[list[Summary]] = []
    lacking: list[MissingInputError] = []
    for path in given:
        try:
            found.append([path] if isinstance(path, Summary) else read_summaries(path))
        except MissingInputError as error:
            if isinstance(path, Summary) or not _is_dataset(path):
                raise
            lacking.append(error)
            found.append([])
    if lacking:
        found = _previews(given, found, lacking)
    return [summary for summaries in found for summary in summaries]


def _previews(
    given: Sequence[Summary | Path],
    found: Sequence[list[Summary]],
    lacking: Sequence[MissingInputError],
) -> list[list[Summary]]:
    """Return the previews of all, where each has one and all are of the same length."""
    previews = [
        _preview(path)
        if isinstance(path, Path) and _is_dataset(path)
        else [each for each in known if each.preview]
        for path, known in zip(given, found, strict=True)
    ]
    lengths = sorted({each.preview for several in previews for each in several if each.preview})
    if all(previews) and len(lengths) == 1:
        return previews
    epochs = " and ".join(map(str, lengths))
    why = (
        f"the previews that are here have {epochs} epochs; they are compared where all have one, "
        "of the same length"
        if lengths
        else "there is no preview of it here either"
    )
    raise MissingInputError(f"{lacking[0]}; {why}") from lacking[0]


def _is_dataset(path: Path) -> bool:
    return is_folder(path) and all((path / split).is_dir() for split in SPLITS)


def _preview(dataset: Path) -> list[Summary]:
    """Return the preview whose report lies here, if it is of the dataset as it is now."""
    content = dataset_content(dataset)
    try:
        found = read_summaries(report_folder(dataset, preview=True) / SUMMARY)
    except DatagenError:
        return []
    return [each for each in found if content and each.fingerprint == content.fingerprint]
