"""The models of the evaluator from Python: list them, look at one, lay several side by side."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from datagen.api.call import public
from datagen.api.progress import Progress, epochs, no_progress
from datagen.core.errors import UsageError
from datagen.core.evaluator_facts import OFFICIAL_SEED
from datagen.evaluation.prepare import Tell
from datagen.files.paths import named_refusals, user_path, user_paths

if TYPE_CHECKING:
    from datagen.evaluation.compare_models import ModelComparison
    from datagen.evaluation.evaluate import Evaluation
    from datagen.evaluation.models import Model, ModelDescription


@public
def list_models() -> list["Model"]:
    """Return the models that `evaluate` can train: each is a frozen protocol.

    Raises:
        EvaluationError: the evaluator is not installed or not whole.

    Example:
        >>> import datagen
        >>> official = datagen.list_models()[0]
        >>> official.name, official.parameters
        ('cutoff-resnet50', 232330)
    """
    from datagen.evaluation.models import list_models as ask  # noqa: PLC0415 - starts a process

    return ask()


@public
def describe_model(
    name: str, *, classes: int = 10, images: int | None = None, timing: bool = True
) -> "ModelDescription":
    """Return what a model is: its layers, what learns in each phase, how fast it is here.

    Args:
        name: one that `list_models` has.
        classes: of a dataset, where the model takes its classes from there.
        images: training images of the expected epoch; None: as many as the budget allows.
        timing: train for 20 steps of each phase, to know how fast it is here; seconds to minutes.

    Raises:
        UnknownNameError: there is no such model.
        UsageError: a number is out of range.
        EvaluationError: the evaluator failed.

    Example:
        >>> import datagen
        >>> model = datagen.describe_model("simple-cnn", timing=False)
        >>> model.parameters, model.layers[1].shape
        (160298, (30, 30, 16))
    """
    from datagen.evaluation.models import describe_model as ask  # noqa: PLC0415 - as above

    return ask(name, classes=classes, images=images, timing=timing)


PathLike = str | os.PathLike[str]


@public
def compare_models(
    dataset: PathLike,
    models: Sequence[str],
    *,
    test: PathLike | Sequence[PathLike],
    seeds: int = 1,
    seed: int = OFFICIAL_SEED,
    preview: int | None = None,
    force: bool = False,
    workers: int = 1,
    threads: int | None = None,
    weights: str | None = None,
    out: PathLike | None = None,
    progress: Progress = no_progress,
    view: Callable[[str], Tell] | None = None,
) -> "ModelComparison":
    """Evaluate a dataset with several models, and say which differences are more than noise.

    Each is evaluated as `evaluate(protocol=...)` does it, one after the other: known scores are
    answered at once, an interrupted comparison goes on where it stopped; of previews no score is
    kept, so there each model begins again. A model that cannot be evaluated is named in `failed`,
    and the others are compared.

    Args:
        dataset: a folder with `train/` and `val/`.
        models: names that `list_models` has.
        test: class folders to score on: one, or several.
        seeds: runs with consecutive seeds of each model, for mean ± standard deviation.
        seed: of the first run.
        preview: epochs of shorter runs, which are no official scores.
        force: run again although scores are known.
        workers: runs of a model at once.
        threads: of the CPU, for each run; None shares the cores of this machine among the runs.
        weights: what pretrained models begin with; the others are not told.
        out: write `models.html` and `models.json` into this folder: a table, one picture with all
            val curves, one of accuracy against time.
        progress: told of a step per model and seed, counted in epochs.
        view: returns what is told the evaluator's own events of a model instead.

    Raises:
        UnknownNameError: there is no such model.
        UsageError: no test set or model is named, or one twice; a number is out of range; `out`
            cannot be written; there are weights, but no model that begins with some.
        RuleError, InputError, EvaluationError: as of `evaluate`, where no model can be evaluated.
        StoppedError: it was interrupted.

    Example:
        >>> import datagen, tempfile, pathlib
        >>> work = pathlib.Path(tempfile.mkdtemp())
        >>> ds = datagen.build({"images": 100, "test": {"fraction": 0.1}}, work / "ds")
        >>> names = ["cutoff-resnet50", "cutoff-resnet50-earlystop"]
        >>> found = datagen.compare_models(ds, names, test=work / "ds" / "test", preview=1)
        >>> sorted(model.name for model in found.models) == names, found.models[0].parameters
        (True, 232330)
    """
    from datagen.evaluation import compare_models as side_by_side  # noqa: PLC0415 - loads numpy
    from datagen.evaluation.evaluate import evaluate_dataset  # noqa: PLC0415
    from datagen.evaluation.models import list_models as ask  # noqa: PLC0415 - as above
    from datagen.evaluation.request import EvaluationRequest, require_sound  # noqa: PLC0415
    from datagen.reports.evaluation import check_page  # noqa: PLC0415 - charts
    from datagen.reports.models.files import PAGE, write_models  # noqa: PLC0415 - charts

    if out is not None:
        check_page(user_path(out) / PAGE, user_path(dataset), user_paths(test), "compare-models")
    known = {model.name: model for model in ask()}
    side_by_side.check_models(models, known)
    if weights is not None and not any(known[name].pretrained for name in models):
        raise UsageError(f"no pretrained model is among {', '.join(models)}: leave --weights out")
    side_by_side.check_folders(user_path(dataset), user_paths(test))
    request = EvaluationRequest(
        dataset=user_path(dataset),
        tests=user_paths(test),
        seeds=seeds,
        seed=seed,
        preview=preview,
        force=force,
        workers=workers,
        threads=threads,
    )
    require_sound(request)

    def told(name: str) -> Progress:
        return lambda step, done, total: progress(f"{name}, {step}", done, total)

    def evaluated(name: str) -> "Evaluation":
        begins_with = weights if known[name].pretrained else None
        asked = replace(request, protocol=name, weights=begins_with)
        with named_refusals():  # so that what the system refuses one model costs the others nothing
            return evaluate_dataset(asked, epochs(told(name)) if view is None else view(name))

    found = side_by_side.compare_models(*side_by_side.evaluate_each(models, evaluated))
    if out is not None:
        write_models(found, user_path(out))
    return found
