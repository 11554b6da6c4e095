"""Scores from Python: evaluate a dataset, compare, write the report."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, epochs, no_progress
from datagen.core.evaluator_facts import OFFICIAL_SEED, PROTOCOL
from datagen.core.notebook import table
from datagen.evaluation.compare import Comparison, ComparisonRow
from datagen.evaluation.compare import compare as compare_summaries
from datagen.evaluation.evaluate import Evaluation, evaluate_dataset
from datagen.evaluation.prepare import Tell
from datagen.evaluation.process import Engine
from datagen.evaluation.request import EvaluationRequest
from datagen.evaluation.summary import Summary
from datagen.files.paths import user_path, user_paths

if TYPE_CHECKING:
    from collections.abc import Iterable

PathLike = str | os.PathLike[str]


@public
def evaluate(
    dataset: PathLike,
    *,
    test: PathLike | Sequence[PathLike] = (),
    seeds: int = 1,
    seed: int = OFFICIAL_SEED,
    preview: int | None = None,
    engine: Engine = "auto",
    protocol: str = PROTOCOL,
    force: bool = False,
    workers: int = 1,
    threads: int | None = None,
    extra_train: PathLike | Sequence[PathLike] = (),
    weights: str | None = None,
    export_model: PathLike | None = None,
    progress: Progress = no_progress,
    on_event: Tell | None = None,
) -> Evaluation:
    """Train the frozen model on a dataset, and score its best epoch.

    It runs in processes of its own. A known score is answered at once; an interrupted evaluation
    goes on where it stopped.

    Args:
        dataset: a folder with `train/` and `val/`.
        test: class folders to score on: one, or several.
        seeds: runs with consecutive seeds, for mean ± standard deviation.
        seed: of the first run; an official score's is 123.
        preview: epochs of a shorter run, which is no official score.
        engine: how it is computed: "auto" takes `native` on a CPU and `fast` on a GPU.
        protocol: the frozen protocol.
        force: run again although the score is known.
        workers: runs at once.
        threads: of the CPU, for each run; None shares the cores of this machine among the runs.
            The native engine, the default on a CPU, gives the same bits for any number.
        extra_train: further class folders to train on, for protocols that know them (`model-s`);
            no batch mixes folders.
        weights: what the base of a pretrained protocol begins with: "imagenet", the default,
            "none", or the path of a weight file.
        export_model: write the trained network to this `.keras` file, for `predict` and Keras; of
            one seed. A known score is made again for it, from the kept state where there is one.
        progress: told of a step per seed, counted in epochs.
        on_event: told the evaluator's own events instead.

    Returns:
        The scores, one per seed; `.summary` has their means and intervals, and a notebook shows it.

    Raises:
        UsageError: a number is out of range, or a test set is given twice.
        RuleError: the dataset or a test set breaks a rule of the protocol.
        InputError: something is missing or cannot be read.
        EvaluationError: the evaluator failed or was killed.
        StoppedError: Ctrl-C; finished epochs are kept.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> ds = datagen.build({"images": 100}, pathlib.Path(tempfile.mkdtemp(), "ds"))
        >>> found = datagen.evaluate(ds, preview=1)
        >>> found.summary.official, len(found.scores[0].history)
        (False, 1)
    """
    request = EvaluationRequest(
        dataset=user_path(dataset),
        tests=user_paths(test),
        protocol=protocol,
        engine=engine,
        seed=seed,
        seeds=seeds,
        preview=preview,
        force=force,
        workers=workers,
        threads=threads,
        extra_train=user_paths(extra_train),
        weights=weights,
        export_model=None if export_model is None else user_path(export_model),
    )
    return evaluate_dataset(request, on_event or epochs(progress))


class Comparisons(list[Comparison]):
    """One comparison per test set; a notebook shows them as tables."""

    def _repr_html_(self) -> str:
        return "".join(_html(comparison) for comparison in self)


@public
def compare(*scores: "Evaluation | Summary | PathLike") -> Comparisons:
    """Compare scores on the same test images, and say which differences are more than noise.

    Args:
        scores: evaluations and summaries; or paths of evaluated datasets, of their reports or
            `score.json`, or of collected `datagen evaluate --json` lines. Datasets without a score
            are compared by their previews, where all have one of the same length.

    Returns:
        One comparison per test set, each with its rows from best to worst.

    Raises:
        UsageError: there is nothing to compare.
        MissingInputError, CorruptInputError: there is no score at a path, or it cannot be read.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> sets = [datagen.build({"images": 100, "seed": k}, work / f"ds-{k}") for k in (1, 2)]
        >>> pair = [datagen.evaluate(ds, preview=1, test=work / "ds-1" / "val") for ds in sets]
        >>> (comparison,) = datagen.compare(*pair)
        >>> len(comparison.rows), comparison.images
        (2, 20)
    """
    from datagen.reports.evaluation import read_scores  # noqa: PLC0415 - charts

    given: list[Summary | Path] = []
    for score in scores:
        if isinstance(score, Evaluation):
            given.append(score.summary)
        else:
            given.append(score if isinstance(score, Summary) else user_path(score))
    return Comparisons(compare_summaries(read_scores(given)))


@public
def write_report(
    evaluation: Evaluation, folder: PathLike | None = None, *, tensorboard: bool = False
) -> Path:
    """Write the report of an evaluation, and return the path of its page.

    Args:
        evaluation: what `evaluate` returned.
        folder: where its files go; None is `DATASET-report` in the working folder, or
            `DATASET-preview`.
        tensorboard: write TensorBoard's event files too.

    Raises:
        UsageError: the folder cannot be used, or TensorBoard is not installed.
        EvaluationError: a file cannot be written.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> found = datagen.evaluate(datagen.build({"images": 100}, work / "ds"), preview=1)
        >>> datagen.write_report(found, work / "report").name
        'report.html'
    """
    from datagen.reports.evaluation import check_folder, report_folder  # noqa: PLC0415 - charts
    from datagen.reports.evaluation import write_report as write  # noqa: PLC0415

    request = evaluation.request
    place = (
        report_folder(request.dataset, preview=request.preview is not None)
        if folder is None
        else user_path(folder)
    )
    check_folder(place, request.dataset, request.tests, tensorboard=tensorboard)
    return write(evaluation, place, tensorboard=tensorboard)


def _html(comparison: Comparison) -> str:
    where = (
        "val accuracy; no test set"
        if comparison.test is None
        else f"accuracy on {comparison.images:,} images of {comparison.test}"
    )
    titles = ("dataset", "seeds", "accuracy", "95 % interval", "val", "more than noise?")
    return table(titles, _rows(comparison.rows), where)


def _rows(rows: "Iterable[ComparisonRow]") -> list[tuple[str, ...]]:
    return [
        (
            row.path + (f" ({row.mark})" if row.mark else ""),
            str(len(row.seeds)),
            str(row.accuracy),
            "" if row.interval is None else "{:.3f} – {:.3f}".format(*row.interval),
            str(row.val),
            "" if row.difference is None else "yes" if row.difference.real else "no",
        )
        for row in rows
    ]
