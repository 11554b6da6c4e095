"""Suspects from Python: which images of a folder may be wrong, and why."""

import os
from functools import partial
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, no_progress
from datagen.core.errors import UsageError
from datagen.files.paths import user_path
from pipelines.text import quoted

if TYPE_CHECKING:
    from datagen.curation.audit.find import Audit
    from datagen.curation.audit.value.value_audit import Valuation

PathLike = str | os.PathLike[str]


@public
def audit(
    folder: PathLike,
    *,
    source: str | None = "pen",
    synthetic: int | None = None,
    folds: int | None = None,
    epochs: int | None = None,
    seeds: int | None = None,
    seed: int = 0,
    writers: PathLike | None = None,
    skip_bad: bool = False,
    out: PathLike | None = None,
    progress: Progress = no_progress,
) -> "Audit":
    """Rank the images of a folder by how suspect they are: mislabelled, illegible, no numeral.

    Every image is judged by networks that did not train on it, nor on its near-duplicates or its
    writer's others. No review is read.

    Args:
        folder: class folders, `train/` and `val/` that hold them, or a dataset.
        source: of synthetic numerals that every network learns from too; None: real images alone.
        synthetic: how many of them, at least 50.
        folds: parts of the images; each is judged by networks that learn from the others.
        epochs: of every network.
        seeds: networks per fold.
        seed: of the first network, the folds and the synthetic numerals.
        writers: CSV with the columns `path` (below `folder`) and `writer`.
        skip_bad: pass over files that cannot be read instead of refusing.
        out: write the record of all images here, `audit.jsonl`.
        progress: told of the steps "images", "near-duplicates" (unless they are known),
            "synthetic" and "networks".

    Raises:
        UsageError: a number is out of range, or the record cannot be written.
        SplitError: there are too few images for the folds.
        InputError: the folder or an image cannot be used.
        EvaluationError: the evaluator cannot run here.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> ds = datagen.build({"images": 60}, pathlib.Path(tempfile.mkdtemp(), "ds"))
        >>> found = datagen.audit(ds, source=None, folds=2, epochs=1, seeds=1)
        >>> len(found.images), found.images[0].rank
        (60, 1)
    """
    from datagen.curation.audit.find import AuditSettings, audit_folder  # noqa: PLC0415 - OpenCV
    from datagen.curation.audit.record import require_audit_of, write_audit  # noqa: PLC0415
    from datagen.curation.write import check_places  # noqa: PLC0415

    record, root = None if out is None else user_path(out), user_path(folder)
    check_places(record, None, root, ours=partial(require_audit_of, folder=root))
    given = {"folds": folds, "epochs": epochs, "seeds": seeds, "synthetic": synthetic}
    numbers = {name: value for name, value in given.items() if value is not None}
    found = audit_folder(
        root,
        settings=AuditSettings(source=source, seed=seed, **numbers),
        writers=None if writers is None else user_path(writers),
        skip_bad=skip_bad,
        tell=progress,
    )
    if record is not None:
        write_audit(record, found.images)
    return found


@public
def value_images(
    audit: "Audit",
    *,
    runs: int | None = None,
    out: PathLike | None = None,
    progress: Progress = no_progress,
) -> "Valuation":
    """Say what each image of an audit, each style and each source is worth to the frozen score.

    The evaluator's network is trained on many random halves of the folder, and a linear datamodel
    explains their scores by which images they had. Then the images worth least, those worth most,
    and as many at random are left out, and the network is trained again: on a fifth of the folder
    that no value was estimated on. What was trained before is remembered.

    Args:
        audit: of `datagen.audit`; its folder is read again.
        runs: trainings on halves, at least 10; None: 200, half an hour for 2,900 images on 2 cores.
        out: write the audit's record with the values here.
        progress: told of the steps "values" and "trials".

    Raises:
        UsageError: a number is out of range, or the record cannot be written.
        RuleError: there are fewer than 100 images.
        InputError: an image is not there any more, or cannot be read.
        EvaluationError: the evaluator cannot run here.
        StoppedError: Ctrl-C; finished trainings are kept.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> ds = datagen.build({"images": 100}, pathlib.Path(tempfile.mkdtemp(), "ds"))
        >>> found = datagen.audit(ds, source=None, folds=2, epochs=1, seeds=1)
        >>> valued = datagen.value_images(found, runs=10)
        >>> [trial.end for trial in valued.removals]
        ['bottom', 'top', 'random']
    """
    from datagen.curation.audit.find import Audit  # noqa: PLC0415 - OpenCV
    from datagen.curation.audit.record import require_audit_of, write_audit  # noqa: PLC0415
    from datagen.curation.audit.value.estimate import RUNS  # noqa: PLC0415
    from datagen.curation.audit.value.value_audit import value_audit  # noqa: PLC0415
    from datagen.curation.write import check_places  # noqa: PLC0415

    if not isinstance(audit, Audit):
        raise UsageError(f"audit is {quoted(audit)}; expected what datagen.audit returned")
    record = None if out is None else user_path(out)
    ours = partial(require_audit_of, folder=audit.folder)
    check_places(record, None, audit.folder, ours=ours)
    valued = value_audit(audit, runs=RUNS if runs is None else runs, tell=progress)
    if record is not None:
        write_audit(record, valued.images)
    return valued
