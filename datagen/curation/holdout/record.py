"""The record of a holdout, `holdout.json`: where every file went, and why."""

from collections import Counter
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

from datagen.core.errors import UnknownNameError, UsageError
from datagen.core.limits import require
from datagen.core.models import StrictModel
from datagen.core.numerals import CLASSES
from pipelines.text import quoted

RECORD: Final = "holdout.json"
FRACTION: Final = 0.2

Side = Literal["holdout", "rest"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)

REVIEWED: Final = "holdout-reviewed"
"""The folder of what a review leaves of a holdout; the holdout itself stays as given."""

By = Literal["style", "random"]
Cause = Literal["review", "copy", "contradiction", "unusable"]


class Placed(StrictModel):
    """One picture that stands on a side.

    Attributes:
        file: where it stands, below the result.
        source: where it was, below the folder given.
        sha256: of its bytes.
        numeral: its class, as the review has it.
        was: the class it was given under, and stands under in a holdout.
        side: where it went.
        group: equal for what stays together, such as near-duplicates: the smallest hash among
            them, cut short.
        fold: the fold whose holdout it is in; None where there is one holdout only.
        style: number of its style cluster, near ones alike; None where sides are drawn at random.
        writer: who wrote it, where that was told.
        sound: whether it may be trained on, once it is not held out. What the review drops, and a
            picture that lies under another class too, stand only in a holdout, as given.
        reviewed: where it stands beside the holdout as the review has it, below the result; None
            where it is not sound, on the side `rest`, and without a review.
        note: what the review says of it, or why it is not sound.
    """

    file: str
    source: str
    sha256: str
    numeral: str
    was: str
    side: Side
    group: str
    fold: int | None = None
    style: int | None = None
    writer: str | None = None
    sound: bool = True
    reviewed: str | None = None
    note: str | None = None


class LeftOut(StrictModel):
    """One file that stands on no side, and why."""

    source: str
    was: str
    cause: Cause
    reason: str


class Holdout(StrictModel):
    """The record of one holdout, or of all folds, written as `holdout.json`.

    Attributes:
        source: the folder given.
        seed, fraction, review: as asked.
        threshold: likeness from which pictures were kept together; see `images.near_duplicates`.
        files: every picture placed, by class, then by source. In the record of all folds each
            stands once: on the side `holdout` of its own fold.
        left_out: every other file, by source.
        by: how groups were set aside; records from before 2026-11-26 know only "random".
        folds: of how many.
        styles: style clusters found; 0 where sides are drawn at random.
        writers: where the writers are known from: the file given, or the dataset's manifest.
    """

    holdout: Literal[1] = 1  # version of this format
    source: str
    seed: int
    fraction: float
    review: str | None
    threshold: float
    files: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]
    by: By = "random"
    folds: int = 1
    styles: int = 0
    writers: str | None = None

    def counts(self, side: str, fold: int | None = None) -> dict[str, int]:
        """Return images per class in `holdout`, `holdout-reviewed` or `rest`.

        Args:
            side: one of the three folders.
            fold: only of that fold; for `rest` all that the fold does not hold out.

        Raises:
            UnknownNameError: `side` is none of them.
            UsageError: there is no such fold.
        """
        if side not in (valid := (*SIDES, REVIEWED)):
            raise UnknownNameError("side", side, valid)
        if fold is not None and self.folds == 1:
            raise UsageError(f"fold is {quoted(fold)}, and this holdout has no folds; leave it out")
        require("fold", fold, 1, self.folds)
        found = Counter(self._classes(side, fold))
        return {numeral: found[numeral] for numeral in CLASSES}

    def _classes(self, side: str, fold: int | None) -> list[str]:
        if side == "rest" and fold is not None:
            return [file.numeral for file in self.files if file.sound and file.fold != fold]
        files = [file for file in self.files if fold is None or file.fold == fold]
        paths = [file.reviewed if side == REVIEWED else file.file for file in files]
        return [
            PurePosixPath(path).parent.name
            for file, path in zip(files, paths, strict=True)
            if path and (side in {REVIEWED, file.side})
        ]

    def group_sizes(self) -> list[int]:
        """Return the sizes of the groups that stay together, largest first."""
        return sorted(Counter(file.group for file in self.files).values(), reverse=True)
