"""The pipelines of a recipe: opened once, checked against every label they will meet."""

from collections.abc import Iterable, Mapping

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.planning.assign import Item
from datagen.planning.resolve import ResolvedRecipe
from pipelines.pipeline import Pipeline, Result, load


def open_pipelines(resolved: ResolvedRecipe) -> dict[str, Pipeline]:
    """Load every pipeline that a recipe names, by the name it uses.

    Raises:
        PipelineError: one is unknown or does not validate.
    """
    return {name: load(name) for name in resolved.pipelines}


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
    image: GrayImage, item: Item, pipelines: Mapping[str, Pipeline], rng: np.random.Generator
) -> Result:
    """Send an image through its item's pipeline, if it has one."""
    if item.pipeline is None:
        return Result(image, item.numeral, ())
    return pipelines[item.pipeline].run(image, item.numeral, item.style, rng)
