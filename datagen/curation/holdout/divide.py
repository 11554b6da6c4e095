"""Set real images aside: which groups go where, and the folders that hold them.

Enters: class folders of real numerals. Leaves: a folder with `holdout/`, `rest/` and a record, or
one such folder for each fold. The same files and seed give the same sides, whatever the files are
called and in whichever order they are listed.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, get_args

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.core.errors import BuildError, SplitError, UsageError
from datagen.core.limits import MOST_SEED, require
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.at_random import GroupedImage, assign, assign_folds, assign_rest
from datagen.curation.holdout.by_style import STYLES, Units, deal
from datagen.curation.holdout.collection import Collection, Given, Ties, collect, read_ties, tie
from datagen.curation.holdout.place import Sides, all_folds, fold_folder, place, write, write_record
from datagen.curation.holdout.record import FRACTION, RECORD, By, Holdout
from datagen.datasets.format import MANIFEST
from datagen.files.atomic import check_target, resolved, staged
from datagen.files.hashing import pixel_hash
from datagen.files.paths import are_nested, real_path, require_unicode
from datagen.images.known_groups import group_names
from datagen.images.near_duplicates import SAME
from datagen.images.style_clusters import cluster, standardise
from datagen.images.style_features import Features, describe
from datagen.sources.images.read import read_numeral
from pipelines.text import quoted

MOST_FOLDS: Final = 20

_TOO_LARGE: Final = 0.5  # share of all pictures in one group, from which groups divide nothing

Tell = Callable[[str, int, int], None]
"""Told the step, how many of its images are done, and how many there are."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """How a folder is to be divided; see `hold_out`."""

    by: By
    folds: int
    fraction: float
    seed: int

    def __post_init__(self) -> None:
        if self.by not in get_args(By):
            raise UsageError(f"--by {quoted(self.by)}: expected {' or '.join(get_args(By))}")
        if not 0 < self.fraction < 1:
            raise UsageError(
                f"a fraction of {self.fraction} cannot be held out; expected 0 < fraction < 1"
            )
        if not 1 <= self.folds <= MOST_FOLDS:
            raise UsageError(f"--folds {self.folds}: expected 1 … {MOST_FOLDS}")
        if self.by == "style":
            require("seed", self.seed, 0, 2**32 - 1)
        else:
            require("seed", self.seed, -MOST_SEED, MOST_SEED)

    @property
    def shares(self) -> list[float]:
        """Of the folds; of the holdout and the rest where there are none."""
        if self.folds > 1:
            return [1 / self.folds] * self.folds
        return [self.fraction, 1 - self.fraction]


def hold_out(
    root: Path,
    out: Path,
    *,
    by: By = "style",
    folds: int = 1,
    fraction: float = FRACTION,
    seed: int = 0,
    review: str | None = None,
    writers: Path | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
    tell: Tell = lambda _step, _done, _total: None,
) -> Holdout:
    """Set a part of the images in `root` aside, and write both sides to `out`.

    Args:
        root: class folders `i … x`, or `train/` and `val/` that hold them.
        out: the result: `holdout/` and `rest/` with class folders, and `holdout.json`; with a
            review also `holdout-reviewed/`; with folds all of this in `fold-1/`, `fold-2/` ….
        by: "style" sets whole style clusters aside, and whole writers where they are known;
            "random" draws groups of near-duplicates.
        folds: how many holdouts, which together hold each picture once.
        fraction: share that is set aside, 0 … 1; with folds each holds out its part of all.
        seed: which ones.
        review: a list of bad images, by name or as a YAML file. It is applied to what is trained
            on; the holdout stays as given, and stands beside it as reviewed.
        writers: CSV with the columns `path` and `writer`.
        skip_bad: pass over unusable files instead of refusing.
        overwrite: replace an earlier result.
        tell: told of the steps "near-duplicates", unless they are known already, and "styles".

    Raises:
        UsageError: a number out of range, or `out` cannot be written or is not apart from `root`.
        SplitError: a class has too few pictures to divide, or none is left of it.
        MissingInputError, UnknownNameError, RecipeError, CorruptInputError: see `collect` and
            `read_ties`.
        BuildError: writing failed.
    """
    request = Request(by, folds, fraction, seed)
    if writers is not None and by != "style":
        raise UsageError(
            f"--writers keeps whole writers on one side, --by {by} draws images; "
            "leave one of them out"
        )
    target = resolved(out)
    _refuse_nested(real_path(root), target)
    require_unicode(real_path(root))
    check_target(target, overwrite=overwrite, marker=RECORD)
    collection = collect(root, review, skip_bad=skip_bad)
    ties = read_ties(root, writers) if by == "style" else Ties()
    sides, ties = _divide(root, collection, ties, request, tell)
    records = [
        _record(root, collection, sides, ties, request, review, fold)
        for fold in range(1, folds + 1)
    ]
    record = records[0] if folds == 1 else all_folds(records)
    with staged(target, overwrite=overwrite, marker=RECORD) as folder:
        for fold, own in enumerate(records, 1):
            name = "" if folds == 1 else fold_folder(fold)
            write(own, root, folder / name, target / name)
        if folds > 1:
            write_record(record, folder, target)
    return record


def _record(
    root: Path,
    collection: Collection,
    sides: Sides,
    ties: Ties,
    request: Request,
    review: str | None,
    fold: int,
) -> Holdout:
    """Return the record of one fold."""
    files, left_out = place(
        collection, sides, ties, fold=fold, reviewed=review is not None, folds=request.folds
    )
    return Holdout(
        source=str(real_path(root)),
        seed=request.seed,
        fraction=request.shares[0],
        review=review,
        threshold=SAME,
        files=files,
        left_out=left_out,
        by=request.by,
        folds=request.folds,
        styles=len({style for style in sides.styles if style is not None}),
        writers=ties.origin,
    )


def _divide(
    root: Path, collection: Collection, ties: Ties, request: Request, tell: Tell
) -> tuple[Sides, Ties]:
    """Return where every picture goes, and the ties that decided it."""
    pictures = collection.pictures
    groups, ties = _grouped(pictures, _alike(root, pictures, tell), ties)
    if request.by == "random":
        folds = _at_random(pictures, groups, request)
        return Sides(groups, folds, [None] * len(pictures)), ties
    return _by_style(pictures, groups, _described(root, pictures, tell), request), ties


def _alike(root: Path, pictures: Sequence[Given], tell: Tell) -> list[str]:
    """Return for each picture what is equal for its near-duplicates.

    Raises:
        BuildError: a picture changed since it was looked at.
    """
    files = {picture.pixels: root / picture.source for picture in pictures}
    done = count(1)

    def load(pixels: str) -> GrayImage:
        image = read_numeral(files[pixels])
        if pixel_hash(image) != pixels:  # else its groups would be remembered under another's name
            raise BuildError(f"{files[pixels]} changed meanwhile; run again")
        tell("near-duplicates", next(done), len(files))
        return image

    names = group_names({pixels: partial(load, pixels) for pixels in files})
    return [names[picture.pixels] for picture in pictures]


def _described(root: Path, pictures: Sequence[Given], tell: Tell) -> Features:
    found: list[Features] = []
    for done, picture in enumerate(pictures, 1):
        found.append(describe(read_numeral(root / picture.source)))
        tell("styles", done, len(pictures))
    return np.stack(found)


def _grouped(pictures: Sequence[Given], alike: Sequence[str], ties: Ties) -> tuple[list[str], Ties]:
    """Return the group of each picture, and the ties that joined them.

    The manifest's writers are let go where they join too many pictures to divide them.

    Raises:
        SplitError: the writers given do.
    """
    groups = tie(pictures, alike, ties)
    largest = max(Counter(groups).values())
    if not ties.writers or largest <= _TOO_LARGE * len(pictures):
        return groups, ties
    if ties.origin != MANIFEST:
        raise SplitError(
            f"{ties.origin} and near-duplicates join {largest:,} of {len(pictures):,} pictures "
            "in one group, which cannot be divided; name writers of fewer pictures each, or "
            "leave --writers out"
        )
    _log.warning(
        "holdout: the letters of one picture are by several writers, which joins %d of %d "
        "pictures; styles are set aside, not writers",
        largest,
        len(pictures),
    )
    ties = Ties(None, {}, ties.parents)
    return tie(pictures, alike, ties), ties


def _at_random(
    pictures: Sequence[Given], groups: Sequence[str], request: Request
) -> list[int | None]:
    sound = [
        GroupedImage(picture.sha256, picture.numeral, name)
        for picture, name in zip(pictures, groups, strict=True)
        if picture.sound
    ]
    if request.folds > 1:
        # dealt together: what the review drops is spread over the folds as well
        found = assign_folds(_as_given(pictures, groups), request.folds, request.seed)
        _refuse_empty(sound, found, request.folds)
        return [found[name] for name in groups]
    sides = assign(sound, request.fraction, request.seed)
    others = [own for own in _as_given(pictures, groups) if own.group not in sides]
    sides |= assign_rest(others, request.fraction, request.seed)
    return [1 if sides[name] == "holdout" else None for name in groups]


def _as_given(pictures: Sequence[Given], groups: Sequence[str]) -> list[GroupedImage]:
    return [
        GroupedImage(picture.sha256, picture.was, name)
        for picture, name in zip(pictures, groups, strict=True)
    ]


def _refuse_empty(sound: Sequence[GroupedImage], folds: Mapping[str, int], many: int) -> None:
    there = {(folds[picture.group], picture.numeral) for picture in sound}
    for numeral in CLASSES:
        if any((fold, numeral) not in there for fold in range(1, many + 1)):
            count = sum(picture.numeral == numeral for picture in sound)
            raise SplitError(
                f"class {numeral} has {count} pictures, which do not reach all of {many} folds, "
                "near-duplicates kept together; add pictures, or ask for fewer --folds"
            )


def _by_style(
    pictures: Sequence[Given], groups: Sequence[str], features: Features, request: Request
) -> Sides:
    names = list(dict.fromkeys(groups))
    number = {name: k for k, name in enumerate(names)}
    unit = np.array([number[name] for name in groups])
    counts = np.zeros((len(names), 2 * len(CLASSES)))
    for own, picture in zip(unit, pictures, strict=True):
        counts[own, CLASSES.index(picture.was)] += 1
        if picture.sound:
            counts[own, len(CLASSES) + CLASSES.index(picture.numeral)] += 1
    points = np.zeros((len(names), features.shape[1]))
    np.add.at(points, unit, standardise(features, [picture.was for picture in pictures]))
    points /= np.bincount(unit)[:, None]
    styles = cluster(points, STYLES, request.seed)
    sides = deal(Units(points, counts, [*CLASSES, *CLASSES]), styles, request.shares, request.seed)
    held = [None if request.folds == 1 and side == 1 else int(side) + 1 for side in sides[unit]]
    return Sides(groups, held, [int(style) for style in styles[unit]])


def _refuse_nested(root: Path, target: Path) -> None:
    if are_nested(root, target):
        raise UsageError(
            f"{target} and {root} lie in one another: the result would be read as input, or "
            "replace it; choose another --out"
        )
