"""Real images from Python: a holdout, hard examples, rare styles."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, counted, epochs, no_progress
from datagen.core.errors import UsageError
from datagen.core.evaluator_facts import OFFICIAL_SEED
from datagen.core.numerals import CLASSES
from datagen.curation.holdout.record import FRACTION, By, Holdout
from datagen.evaluation.prepare import Tell
from datagen.files.paths import user_path

if TYPE_CHECKING:
    from datagen.curation.hard_examples.record import Hard
    from datagen.curation.rare_styles.find import Rare

PathLike = str | os.PathLike[str]


@public
def hold_out(
    folder: PathLike,
    out: PathLike,
    *,
    by: By = "style",
    folds: int = 1,
    fraction: float | None = None,
    seed: int = 0,
    review: str | None = None,
    writers: PathLike | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
    sheet: PathLike | None = None,
    progress: Progress = no_progress,
) -> Holdout:
    """Divide real images: a part to judge by, as hard as new images, the rest to build from.

    Whole styles of writing are set aside, or whole writers where they are known; near-duplicates
    stay on one side. The same files and seed give the same sides.

    Args:
        folder: class folders, or `train/` and `val/` that hold them.
        out: the result: `holdout/` and `rest/` with class folders, and `holdout.json`; with a
            review also `holdout-reviewed/`; with folds all of this in `fold-1/`, `fold-2/` ….
        by: "style", or "random": the same share of each class, drawn.
        folds: how many holdouts, which together hold every image once.
        fraction: share that is set aside, 0 … 1; 0.2 without one. Of several folds each holds out
            its part of all.
        seed: which images.
        review: a list of bad images, by name or as a YAML file, for what is trained on. The
            holdout stays as given.
        writers: CSV with the columns `path` (below `folder`) and `writer`.
        skip_bad: pass over unusable files instead of refusing.
        overwrite: replace an earlier result.
        sheet: write the picture of what is held out here.
        progress: told of the steps "near-duplicates", unless they are known already, and "styles".

    Raises:
        UsageError: a number out of range, a fraction of several folds, or a file cannot be written.
        SplitError: a class has too few images to divide.
        InputError: an image cannot be used.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100}, work / "ds")
        >>> record = datagen.hold_out(ds, work / "real", by="random", fraction=0.25)
        >>> record.counts("holdout")["iv"]
        2
    """
    from datagen.curation.holdout.divide import hold_out as divide  # noqa: PLC0415 - scikit-learn
    from datagen.curation.holdout.sheet import holdout_sheet  # noqa: PLC0415 - loads Pillow
    from datagen.curation.write import check_places  # noqa: PLC0415
    from datagen.previews.picture_file import write_picture  # noqa: PLC0415

    if folds > 1 and fraction is not None:
        raise UsageError(
            f"--folds and --fraction exclude each other; each of {folds} folds holds out its part "
            "of all images"
        )
    picture = _path(sheet)
    check_places(None, picture, user_path(folder))
    record = divide(
        user_path(folder),
        user_path(out),
        by=by,
        folds=folds,
        fraction=FRACTION if fraction is None else fraction,
        seed=seed,
        review=review,
        writers=_path(writers),
        skip_bad=skip_bad,
        overwrite=overwrite,
        tell=progress,
    )
    if picture is not None:
        write_picture(lambda: holdout_sheet(record), picture, "--sheet")
    return record


@public
def find_hard(
    dataset: PathLike,
    test: PathLike,
    *,
    top: int | None = None,
    share: float | None = None,
    out: PathLike | None = None,
    sheet: PathLike | None = None,
    seed: int = OFFICIAL_SEED,
    seeds: int = 1,
    preview: int | None = None,
    workers: int = 1,
    progress: Progress = no_progress,
    on_event: Tell | None = None,
    before_training: Callable[[Sequence[int]], None] | None = None,
) -> "Hard":
    """Find the images that a dataset's score gets wrong, or right only just.

    Look in training images that the dataset was built without, never in a test set or a holdout:
    what is found is trained on next.

    Args:
        dataset: what is trained on.
        test: class folders to look in.
        top: how many images to call hard; `share` says it as a part of all (0.1).
        share: see `top`.
        out: write the record of all images and their weights here, as JSON.
        sheet: write the picture of the hardest here.
        seed: of the first run; an official score's is 123.
        seeds: runs to average over.
        preview: epochs of a shorter run, which is no official score.
        workers: runs at once.
        progress: told of a step per seed, counted in epochs.
        on_event: told the evaluator's own events instead.
        before_training: called with the seeds that have to be trained, before the first is; what it
            raises ends the work. Known scores and runs that are kept need no training.

    Raises:
        UsageError: a number is out of range, or a file cannot be written.
        DatagenError: as evaluating would.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100}, work / "ds")
        >>> others = datagen.build({"images": 100, "seed": 1}, work / "others")
        >>> hard = datagen.find_hard(ds, others.path / "val", preview=1, top=5)
        >>> len(hard.images), len(hard.hardest)
        (20, 5)
    """
    from datagen.curation.hard_examples.find import SHARE, mine  # noqa: PLC0415 - loads numpy
    from datagen.curation.hard_examples.record import Hard  # noqa: PLC0415
    from datagen.curation.hard_examples.sheet import hard_sheet  # noqa: PLC0415 - loads Pillow
    from datagen.curation.write import check_places, write_asked  # noqa: PLC0415
    from datagen.evaluation.request import EvaluationRequest  # noqa: PLC0415
    from datagen.sources.images.weights import require_record  # noqa: PLC0415

    if top is not None and share is not None:
        raise UsageError("--top and --share exclude each other; one says how many are hard")
    record, picture = _path(out), _path(sheet)
    read = (user_path(dataset), user_path(test))
    check_places(record, picture, *read, ours=partial(require_record, kind=Hard))
    request = EvaluationRequest(
        dataset=user_path(dataset),
        tests=(user_path(test),),
        seed=seed,
        seeds=seeds,
        preview=preview,
        workers=workers,
    )
    part = SHARE if share is None else share
    hard = mine(
        request,
        on_event or epochs(progress),
        top=top,
        share=part,
        before_training=before_training,
    )
    write_asked(hard, lambda: hard_sheet(hard), record, picture)
    return hard


@public
def find_rare(
    folder: PathLike,
    *,
    clusters: int = 12,
    seed: int = 0,
    review: str | None = None,
    skip_bad: bool = False,
    out: PathLike | None = None,
    sheet: PathLike | None = None,
    progress: Progress = no_progress,
) -> "Rare":
    """Find the styles of writing that a folder of images has few of.

    Args:
        folder: class folders, or `train/` and `val/` that hold them.
        clusters: styles to look for in each class.
        seed: of the clustering.
        review: a list of bad images, by name or as a YAML file.
        skip_bad: pass over unusable files instead of refusing.
        out: write the record of all images and their weights here, as JSON.
        sheet: write the picture of the styles here.
        progress: told of the step "classes".

    Raises:
        UsageError: a number is out of range, or a file cannot be written.
        InputError: an image cannot be used.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> ds = datagen.build({"images": 200}, pathlib.Path(tempfile.mkdtemp(), "ds"))
        >>> rare = datagen.find_rare(ds, clusters=2)
        >>> len(rare.images)
        200
    """
    from datagen.curation.rare_styles.find import Rare  # noqa: PLC0415 - scikit-learn
    from datagen.curation.rare_styles.find import find_rare as find  # noqa: PLC0415
    from datagen.curation.rare_styles.sheet import rare_sheet  # noqa: PLC0415 - loads Pillow
    from datagen.curation.write import check_places, write_asked  # noqa: PLC0415
    from datagen.sources.images.source import ImagesOptions  # noqa: PLC0415
    from datagen.sources.images.weights import require_record  # noqa: PLC0415

    record, picture = _path(out), _path(sheet)
    ours = partial(require_record, kind=Rare)
    check_places(record, picture, user_path(folder), ours=ours)
    options = ImagesOptions(review=review, skip_bad=skip_bad)
    tell = counted(progress, "classes", len(CLASSES))
    rare = find(user_path(folder), clusters=clusters, seed=seed, options=options, tell=tell)
    write_asked(rare, lambda: rare_sheet(rare), record, picture)
    return rare


def _path(given: PathLike | None) -> Path | None:
    return None if given is None else user_path(given)
