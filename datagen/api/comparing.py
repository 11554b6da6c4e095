"""Two datasets beside each other, from Python."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.core.errors import CorruptInputError
from datagen.files.paths import user_path, user_paths

if TYPE_CHECKING:
    from datagen.evaluation.summary import Summary
    from datagen.viewing.diff import DatasetDiff

PathLike = str | os.PathLike[str]


@public
def diff(
    first: PathLike,
    second: PathLike,
    *,
    scores: PathLike | Sequence[PathLike] = (),
    sheet: PathLike | None = None,
) -> "DatasetDiff":
    """Say what differs between two datasets: images, recipe and, where both have them, scores.

    Images belong together where their bytes are equal, or the evaluator sees the same picture, or
    they were made of the same letters or parent; where one of the two has no manifest, also where
    their paths are equal.

    Args:
        first: a dataset, or a folder of class folders: what it was.
        second: another: what it became.
        scores: reports, or files of scores, of either, beside those that are known.
        sheet: write the picture of what went, came, moved and changed here.

    Raises:
        UsageError: the picture cannot be written.
        MissingInputError: there is no such folder, or no image in it.
        CorruptInputError: a file cannot be read, or a score is of neither dataset.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> one = datagen.build({"images": 100}, work / "one")
        >>> two = datagen.build({"images": 100, "seed": 1}, work / "two")
        >>> found = datagen.diff(one, two)
        >>> found.equal, found.by_class()["iv"].second, [each.key for each in found.recipe]
        (False, 10, ['seed'])
    """
    from datagen.datasets.inputs import refuse_among_inputs  # noqa: PLC0415
    from datagen.previews.picture_file import (  # noqa: PLC0415 - loads Pillow
        check_picture,
        write_picture,
    )
    from datagen.viewing.diff import diff_datasets  # noqa: PLC0415
    from datagen.viewing.diff_scores import score_changes  # noqa: PLC0415
    from datagen.viewing.diff_sheet import diff_sheet  # noqa: PLC0415

    picture = None if sheet is None else user_path(sheet)
    if picture is not None:
        for read in (first, second):
            refuse_among_inputs(picture, user_path(read), "--out")
        check_picture(picture)
    found = diff_datasets(user_path(first), user_path(second))
    before, after = _summaries(found, user_paths(scores))
    found = replace(found, scores=tuple(score_changes(before, after)))
    if picture is not None:
        write_picture(lambda: diff_sheet(found), picture)
    return found


def _summaries(
    found: "DatasetDiff", given: Sequence[Path]
) -> "tuple[list[Summary], list[Summary]]":
    """Return the evaluations of both datasets: those that are known, and those in files.

    Raises:
        MissingInputError: a file is not there.
        CorruptInputError: a file holds no score, or that of another dataset.
    """
    from datagen.evaluation.load import cached_summaries, read_summaries  # noqa: PLC0415

    sides = (found.first, found.second)
    of_sides = (cached_summaries(sides[0].path), cached_summaries(sides[1].path))
    for path in given:
        for summary in read_summaries(path):
            belongs = [
                known
                for side, known in zip(sides, of_sides, strict=True)
                if side.fingerprint == summary.fingerprint
            ]
            if not belongs:
                raise CorruptInputError(
                    f"{path} is the score of neither {sides[0].path} nor {sides[1].path}, or of "
                    "what they were before they changed; evaluate again"
                )
            for known in belongs:
                known.append(summary)
    return of_sides
