"""Synthetic numerals that an audit's folds learn from beside real ones, so that rare classes count.

Enters: how many, and a seed. Leaves: their views, outlines and labels. Nothing is written.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datagen.building.build import plan_recipe
from datagen.building.render import ImageRenderer
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.numerals import CLASSES
from datagen.curation.audit.look_alikes import Descriptions, describe_outline
from datagen.images.outlines import sketch
from datagen.recipes.schema import Ingredient, Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Synthetic:
    """Numerals that nobody wrote, M of them.

    Attributes:
        views: `uint8 M×32×32`, as the evaluator sees them.
        described: `float32 M×D`, their outlines.
        labels: M positions in `CLASSES`.
    """

    views: npt.NDArray[np.uint8]
    described: Descriptions
    labels: npt.NDArray[np.intp]


def synthetic_numerals(
    source: str, count: int, seed: int, tell: Callable[[int, int], None]
) -> Synthetic:
    """Compose numerals, the ten classes alike.

    Args:
        source: a source of letters, such as "pen".
        count: how many.
        seed: which.
        tell: told how many are made, of how many.

    Raises:
        DatagenError: as building them would.
    """
    recipe = Recipe(images=count, seed=seed, size="native", mix=(Ingredient(source=source),))
    planned = plan_recipe(recipe)
    renderer = ImageRenderer(planned.sources)
    views, described, labels = [], [], []
    for done, item in enumerate(planned.items, 1):
        made = renderer.make(item)
        views.append(evaluator_view(made.pixels))
        described.append(describe_outline(sketch(made.pixels)))
        labels.append(CLASSES.index(made.entry.numeral))
        tell(done, count)
    return Synthetic(np.stack(views), np.stack(described), np.array(labels, np.intp))


def no_synthetic(size: int) -> Synthetic:
    """Return none, of descriptions of that many numbers."""
    return Synthetic(
        np.zeros((0, 32, 32), np.uint8), np.zeros((0, size), np.float32), np.zeros(0, np.intp)
    )
