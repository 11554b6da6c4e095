"""Models beside each other on one dataset: is it the data or the model?

Enters: evaluations of one dataset, one per model, on the same test sets. Leaves: a
`ModelComparison`. What is more than noise is said by `datagen.evaluation.compare`.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from datagen.core.errors import (
    DatagenError,
    MissingInputError,
    StoppedError,
    UnknownNameError,
    UsageError,
)
from datagen.core.models import StrictModel
from datagen.core.numerals import SPLITS
from datagen.core.text import duration
from datagen.datasets.format import TEST
from datagen.evaluation.compare import (
    OTHER_PROTOCOLS,
    Comparison,
    ComparisonRow,
    Difference,
    compare,
)
from datagen.evaluation.evaluate import Evaluation
from datagen.evaluation.models import refuse_letter_reader
from datagen.evaluation.summary import Spread, short_path, spread
from datagen.files.leftovers import require_folder

_MUCH_FASTER: Final = 0.8
"""A model that takes less than this part of another one's time is worth to be named for it."""

_MORE_SEEDS: Final = 2  # that are advised where nothing can be told apart
_FEWEST_SEEDS: Final = 3


class ModelOnTest(StrictModel):
    """One model on one test set.

    Attributes:
        interval: 95 % Wilson interval of the mean accuracy.
        leak_free: accuracy without the images that the dataset knows; None where all leaked.
        macro_f1: mean of the F1 of the classes, over the seeds.
        difference: to the best model there, on the same images and seeds; None for the best.
    """

    path: str
    fingerprint: str
    images: int
    accuracy: Spread
    interval: tuple[float, float]
    leaked: int
    leak_free: float | None
    macro_f1: Spread
    difference: Difference | None


class ModelResult(StrictModel):
    """One model.

    Attributes:
        parameters: of its network with the dataset's classes; None in scores of earlier versions.
        mark: shown beside a score that is not official; else "".
        epochs: that were run, mean over the seeds.
        seconds: from start to end of one run, mean over the seeds, also of those known before.
        val_curves: val accuracy after each epoch, per seed.
        tests: in the order of the comparison's.
    """

    name: str
    parameters: int | None
    official: bool
    mark: str
    engine: str
    device: str
    seeds: tuple[int, ...]
    epochs: float
    seconds: float
    val: Spread
    val_curves: tuple[tuple[float, ...], ...]
    tests: tuple[ModelOnTest, ...]


class FailedModel(StrictModel):
    """One model that could not be evaluated.

    Attributes:
        error: why, and what to do.
        exit_code: of that error.
    """

    name: str
    error: str
    exit_code: int


class ModelComparison(StrictModel):
    """Several models on one dataset.

    Attributes:
        path, fingerprint, images: of the dataset.
        models: best first, by accuracy on the first test set.
        verdicts: what was found on each test set, and what to do, in sentences.
        notes: what to know before believing it.
        failed: models that are missing above, for they could not be evaluated.
    """

    path: str
    fingerprint: str
    images: int
    models: tuple[ModelResult, ...]
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]
    failed: tuple[FailedModel, ...] = ()


def evaluate_each(
    names: Sequence[str], evaluate: Callable[[str], Evaluation]
) -> tuple[list[Evaluation], tuple[FailedModel, ...]]:
    """Evaluate with each model; one that cannot be evaluated costs the others nothing.

    Args:
        names: of the models.
        evaluate: evaluates with one.

    Raises:
        StoppedError: the person ended it.
        DatagenError: of the first model, where no model can be evaluated.
    """
    found: list[Evaluation] = []
    errors: dict[str, DatagenError] = {}
    for name in names:
        try:
            found.append(evaluate(name))
        except StoppedError:
            raise
        except DatagenError as error:
            errors[name] = error
    if errors and not found:
        raise next(iter(errors.values()))
    failed = [FailedModel(name=n, error=str(e), exit_code=e.exit_code) for n, e in errors.items()]
    return found, tuple(failed)


def compare_models(
    evaluations: Sequence[Evaluation], failed: Sequence[FailedModel] = ()
) -> ModelComparison:
    """Lay evaluations of one dataset side by side.

    Args:
        evaluations: one per model, on the same test sets in the same order.
        failed: models that should have been there too.

    Raises:
        UsageError: there is none, or no test set.
    """
    if not evaluations or not evaluations[0].request.tests:
        raise UsageError("models are compared on a test set; name one with --test DIR")
    first = evaluations[0].summary
    tables = compare([each.summary for each in evaluations])
    results = {each.request.protocol: _result(each, tables) for each in evaluations}
    names = {each.summary.protocol_fingerprint: each.request.protocol for each in evaluations}
    ordered = [[results[names[row.protocol_fingerprint]] for row in t.rows] for t in tables]
    warnings = [text for each in evaluations for text in each.summary.warnings]
    notes = [note for table in tables for note in table.notes if note != OTHER_PROTOCOLS]
    return ModelComparison(
        path=first.path,
        fingerprint=first.fingerprint,
        images=first.images,
        models=tuple(ordered[0]),
        verdicts=tuple(verdict(models, place) for place, models in enumerate(ordered)),
        notes=tuple(dict.fromkeys([*warnings, *notes, *map(_missing, failed)])),
        failed=tuple(failed),
    )


def _missing(model: FailedModel) -> str:
    return f"{model.name} is missing, for it failed: {model.error}"


def _result(evaluation: Evaluation, tables: Sequence[Comparison]) -> ModelResult:
    scores, summary = evaluation.scores, evaluation.summary
    rows = [_row(table, summary.protocol_fingerprint) for table in tables]
    return ModelResult(
        name=evaluation.request.protocol,
        parameters=scores[0].protocol.parameters,
        official=summary.official,
        mark=rows[0].mark,
        engine=summary.engine,
        device=summary.device,
        seeds=tuple(run.seed for run in summary.runs),
        epochs=statistics.fmean(len(score.history) for score in scores),
        seconds=statistics.fmean(score.total_seconds for score in scores),
        val=summary.val,
        val_curves=tuple(tuple(row.val_accuracy for row in score.history) for score in scores),
        tests=tuple(
            _on_test(table, row, [score.tests[place].metrics.macro.f1 for score in scores])
            for place, (table, row) in enumerate(zip(tables, rows, strict=True))
        ),
    )


def _row(table: Comparison, protocol_fingerprint: str) -> ComparisonRow:
    return next(row for row in table.rows if row.protocol_fingerprint == protocol_fingerprint)


def _on_test(table: Comparison, row: ComparisonRow, macro_f1: Sequence[float]) -> ModelOnTest:
    return ModelOnTest(
        path=table.test or "",
        fingerprint=table.fingerprint or "",
        images=table.images or 0,
        accuracy=row.accuracy,
        interval=row.interval or (0.0, 1.0),
        leaked=row.leaked,
        leak_free=row.leak_free if row.leaked else None,
        macro_f1=spread(macro_f1),
        difference=row.difference,
    )


def ranked(models: Sequence[ModelResult], place: int) -> list[ModelResult]:
    """Return the models, best first on one of the test sets, as `compare` orders them."""

    def decides(model: ModelResult) -> tuple[bool, float]:
        test = model.tests[place]
        clean = -1.0 if test.leak_free is None else test.leak_free
        return test.difference is not None, -(clean if test.leaked else test.accuracy.mean)

    return sorted(models, key=decides)


def verdict(models: Sequence[ModelResult], place: int) -> str:
    """Return what was found on one test set, and what to do.

    Args:
        models: best first on that set.
        place: of the set in each model's `tests`.
    """
    best, *others = models
    test = best.tests[place]
    where = f"On {short_path(test.path)}"
    if test.leaked and test.leak_free is None:
        return (
            f"{where} nothing can be said: the dataset knows all its images. Test on images that "
            "it was not made of."
        )
    if not others:
        return f"{where} {best.name} scores {test.accuracy.mean:.4f}."
    real = {m.name: bool((d := m.tests[place].difference) and d.real) for m in others}
    worse = [m.name for m in others if real[m.name]]
    level = [m for m in others if not real[m.name]]
    beats = f"better than {_listed(worse)} by more than noise" if worse else ""
    if not level:
        return f"{where} {best.name} is best, {beats}."
    are = "is" if len(level) == 1 else "are"
    said = f"{where} {best.name} is best" + (f", {beats}" if beats else "")
    said += f"; {_listed([m.name for m in level])} {are} within noise of it"
    fastest = min(level, key=lambda m: m.seconds)
    seeds = max(_FEWEST_SEEDS, len(best.seeds) + _MORE_SEEDS)
    more = f"more seeds may tell them apart (--seeds {seeds})"
    if fastest.seconds < _MUCH_FASTER * best.seconds:
        times = f"{duration(fastest.seconds)} a run instead of {duration(best.seconds)}"
        return f"{said}. {fastest.name} takes {times}: take it where time counts; {more}."
    return f"{said}: {more}."


def _listed(names: Sequence[str]) -> str:
    """Return names as in a sentence: `a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def check_folders(dataset: Path, tests: Sequence[Path]) -> None:
    """Refuse folders that no model can be compared on, before anything is trained.

    Raises:
        UsageError: there is no test set.
        MissingInputError: a folder is not there, or the dataset has no train/ and val/.
    """
    require_folder(dataset, "a dataset with train/ and val/")
    missing = [split for split in SPLITS if not (dataset / split).is_dir()]
    if missing:
        raise MissingInputError(
            f"{dataset} has no {' and no '.join(f'{split}/' for split in missing)}; a dataset "
            "holds train/CLASS/ and val/CLASS/"
        )
    if not tests:
        own = dataset / TEST
        hint = f"; this dataset has one of its own: {own}" if own.is_dir() else ""
        raise UsageError(
            f"models are compared on a test set, for val chose their epochs: --test DIR{hint}"
        )
    for folder in tests:
        require_folder(folder, "class folders with images")


def check_models(names: Sequence[str], known: Mapping[str, object]) -> None:
    """Refuse models that cannot be compared, before any is trained.

    Raises:
        UsageError: none is named, one twice, or the reader of letters.
        UnknownNameError: there is no such model.
    """
    if not names:
        raise UsageError(f"no model is named; expected some of {', '.join(known)}")
    for name in names:
        refuse_letter_reader(name)
        if name not in known:
            raise UnknownNameError("model", name, known)
        if names.count(name) > 1:
            raise UsageError(f"the model {name} is named twice; name each one once")
