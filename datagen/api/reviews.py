"""Reviews from Python: two people's decisions about the same images, merged."""

import os
from typing import TYPE_CHECKING

from datagen.api.call import public, refuse_overwrite
from datagen.core.errors import UsageError
from datagen.files.paths import user_path
from datagen.reviews.merge import Prefer
from datagen.sources.images.review import load

if TYPE_CHECKING:
    from datagen.reviews.merge import MergedReviews

PathLike = str | os.PathLike[str]


@public
def merge_reviews(
    first: PathLike,
    second: PathLike,
    *,
    prefer: Prefer | None = None,
    out: PathLike | None = None,
    overwrite: bool = False,
) -> "MergedReviews":
    """Merge two reviews of one collection, list their conflicts, and say how far they agree.

    An image that both judge, differently, is a conflict and is left out of the merged review,
    unless one side is preferred; the later decision does not win by itself. The agreement is
    Cohen's kappa with its 95 % interval.

    Args:
        first: a review, A: a YAML file, or the name of a shipped one.
        second: the other, B.
        prefer: "A" or "B": whose decision stands where they differ.
        out: write the merged review here.
        overwrite: replace an existing file.

    Raises:
        UsageError: `prefer` is neither, the file exists or cannot be written, or `overwrite` is
            given without `out`.
        UnknownNameError: no shipped review has that name.
        RecipeError: a file is no review.
        MissingInputError: there is no such file.

    Example:
        >>> import datagen
        >>> merged = datagen.merge_reviews("competition-2021", "competition-2021")
        >>> merged.both, len(merged.conflicts), merged.agreement.kappa
        (200, 0, 1.0)
    """
    from datagen.reviews.merge import merge  # noqa: PLC0415 - numpy
    from datagen.reviews.record import write_review  # noqa: PLC0415

    if prefer not in (None, "A", "B"):
        raise UsageError(f"prefer: expected A or B, the first or the second review, not {prefer!r}")
    refuse_overwrite("out", out, overwrite=overwrite)
    target = None if out is None else user_path(out)
    if target is not None and target.exists() and not overwrite:
        raise UsageError(f"{target} exists; --overwrite replaces it, or choose another file")
    merged = merge(load(str(first)), load(str(second)), prefer=prefer)
    if target is not None:
        write_review(target, merged.review)
    return merged
