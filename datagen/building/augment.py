"""The pipelines of a recipe: opened once, checked against every label they will meet.

What is done to an image goes into its manifest line as `Op`s and is done again from there.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from datagen.core.glyphs import Gray
from datagen.datasets.format import Op
from datagen.planning.assign import Item
from datagen.planning.quotas import val_mix
from datagen.recipes.schema import Recipe
from pipelines.pipeline import Applied, Pipeline, Result, load, replay


def open_pipelines(recipe: Recipe) -> dict[str, Pipeline]:
    """Load every pipeline that a recipe names, by the name it uses.

    Raises:
        PipelineError: one is unknown or does not validate.
    """
    parts = (*recipe.mix, *(val_mix(recipe) or ()))
    names = {recipe.pipeline_of(part) for part in parts if part.ratio > 0} - {None}
    return {name: load(name) for name in sorted(filter(None, names))}


def check_labels(items: Iterable[Item], pipelines: Mapping[str, Pipeline]) -> None:
    """Refuse a plan in which a pipeline would leave an image with a wrong label.

    Raises:
        WrongLabelError: it would; the message names the step, the class and the reason.
    """
    for name, numeral, style in sorted(
        {(item.pipeline, item.numeral, item.style) for item in items if item.pipeline}
    ):
        pipelines[name].check(numeral, style)


def augment(
    image: Gray, item: Item, pipelines: Mapping[str, Pipeline], rng: np.random.Generator
) -> tuple[Gray, str, tuple[Op, ...]]:
    """Send an image through its item's pipeline, if it has one.

    Returns:
        The image, the class it now shows, and what was done.
    """
    if item.pipeline is None:
        return image, item.numeral, ()
    result: Result = pipelines[item.pipeline].run(image, item.numeral, item.style, rng)
    done = tuple(Op(step.op, dict(step.parameters), step.numeral) for step in result.applied)
    return result.image, result.numeral, done


def augment_again(image: Gray, ops: Sequence[Op]) -> Gray:
    """Do to an image what was recorded.

    Raises:
        PipelineError: the record cannot be replayed.
    """
    return replay(image, [Applied(op.op, op.parameters, op.numeral) for op in ops])
