"""Receipts from Python: a score made again."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, counted, epochs, fetched, no_progress
from datagen.evaluation.prepare import Tell
from datagen.files.paths import user_path, user_paths

if TYPE_CHECKING:
    from datagen.receipts.records import Verification

PathLike = str | os.PathLike[str]


@public
def verify(
    score: PathLike,
    *,
    test: PathLike | Sequence[PathLike] = (),
    quick: int | None = None,
    paths: Mapping[str, PathLike] | None = None,
    val_dir: PathLike | None = None,
    dataset: PathLike | None = None,
    workers: int | None = 1,
    threads: int | None = None,
    offline: bool = False,
    progress: Progress = no_progress,
    on_event: Tell | None = None,
) -> "Verification":
    """Make a score again from its receipt, and say whether it is the same to the bit.

    The dataset is built again from the recipe in the receipt, and the network is trained on it
    again, both in a temporary folder; scores that are known are not used. The work ends at the
    first difference.

    Args:
        score: a `score.json`, or the folder of a report with one.
        test: class folders that the score was measured on: one, or several. What is not given is
            not checked.
        quick: train the first epochs only, so many, and compare them.
        paths: where the ink of sources is on this machine, by the source's name.
        val_dir: where the class folders are on this machine that the recipe takes for val.
        dataset: the dataset itself, where the receipt has no recipe that makes it.
        workers: processes that make images; None: one per core, where starting them is worth it.
        threads: of the CPU; None is one per core. They change no bit.
        offline: fetch nothing, as `build` does.
        progress: told of the step "images", and of a step of the seed, counted in epochs.
        on_event: told the evaluator's own events instead.

    Returns:
        What was compared, in `checks`, and `difference`, the first; `same` where there is none.

    Raises:
        UsageError: a number is out of range, or a folder holds several scores.
        InputError: the score has no receipt, or a source or test set is missing.
        RuleError: the recipe breaks a rule here.
        PipelineError: a pipeline is unknown; see `pipelines.errors`.
        EvaluationError: the evaluator failed or was killed.
        StoppedError: Ctrl-C in the training; nothing is kept.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> found = datagen.evaluate(datagen.build({"images": 100}, work / "ds"), preview=1)
        >>> page = datagen.write_report(found, work / "report")
        >>> again = datagen.verify(work / "report" / "score.json")
        >>> again.same, again.verdict
        (True, 'the same to the bit')
    """
    from datagen.building.fetch_missing import fetching  # noqa: PLC0415 - loads numpy and OpenCV
    from datagen.receipts.verify import VerifyRequest, verify_score  # noqa: PLC0415

    request = VerifyRequest(
        score=user_path(score),
        tests=user_paths(test),
        quick=quick,
        paths=tuple((name, user_path(path)) for name, path in (paths or {}).items()),
        val_dir=None if val_dir is None else user_path(val_dir),
        dataset=None if dataset is None else user_path(dataset),
        workers=workers,
        threads=threads,
    )
    return verify_score(
        request,
        progress=counted(progress, "images", None),
        tell=on_event or epochs(progress),
        fetch=fetching(offline=offline, progress=fetched(progress)),
    )
