"""The models of the evaluator from Python: list them, look at one."""

from typing import TYPE_CHECKING

from datagen.files.paths import named_refusals

if TYPE_CHECKING:
    from datagen.evaluation.models import Model, ModelDescription


@named_refusals()
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


@named_refusals()
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
