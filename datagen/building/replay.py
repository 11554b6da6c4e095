"""An image made again from its line of the manifest alone, at once or step by step.

Enters: opened pools of sources and manifest entries. Leaves: images. No file is written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from datagen.composition import glyph_ids, render
from datagen.core.arrays import GrayImage
from datagen.core.errors import CorruptInputError, MissingInputError
from datagen.core.evaluator_facts import SIDE
from datagen.core.evaluator_resize import evaluator_view
from datagen.core.glyphs import NumeralPool
from datagen.datasets.format import ManifestEntry
from datagen.planning.split import Pool
from pipelines.pipeline import Applied, replay

VIEW: Final = "evaluator_view"
"""The last op of an image that is stored as the evaluator sees it."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """An image after one step of its making.

    Attributes:
        applied: the step; None for what it begins with, a composed numeral or a finished image.
        image: `uint8 H×W`, ink 0 on paper 255.
        numeral: the class that it shows now, where the manifest says so; else None.
    """

    applied: Applied | None
    image: GrayImage
    numeral: str | None = None


def stored(
    image: GrayImage, size: Literal[32, "native"], view: GrayImage | None = None
) -> tuple[GrayImage, tuple[Applied, ...]]:
    """Bring an image to the size that a recipe stores; say what was done.

    Args:
        image: `uint8 H×W`.
        size: the recipe's.
        view: the evaluator's view of `image`, where it is made already.
    """
    if size == "native":
        return image, ()
    return evaluator_view(image) if view is None else view, (Applied(VIEW, {"side": SIDE}),)


def sheet(entry: ManifestEntry, pools: Mapping[str, Pool]) -> GrayImage:
    """Return the image before any step: composed anew, or the finished image that it comes from.

    Args:
        entry: its line of the manifest.
        pools: the opened sources by their keys.

    Raises:
        MissingInputError: the source is not among them, or no longer holds its glyphs or parent.
        CorruptInputError: the line names neither.
    """
    if entry.source not in pools:
        raise MissingInputError(
            f"{entry.path} comes from the source {entry.source}, which the recipe does not name"
        )
    pool = pools[entry.source]
    if isinstance(pool, NumeralPool):
        if entry.parent is None:
            raise CorruptInputError(f"{entry.path} has no parent in its manifest line")
        return pool.by_id(entry.parent)
    if entry.composition is None:
        raise CorruptInputError(f"{entry.path} has no composition in its manifest line")
    return render(entry.composition, [pool.by_id(name) for name in glyph_ids(entry.composition)])


def stages(entry: ManifestEntry, pools: Mapping[str, Pool]) -> Iterator[Stage]:
    """Yield an image as it begins, and after every step that its manifest line records.

    Raises:
        MissingInputError, CorruptInputError: see `sheet`.
        PipelineError: a step cannot be done again.
    """
    image = sheet(entry, pools)
    yield Stage(None, image)
    for step in entry.ops:
        image = evaluator_view(image) if step.op == VIEW else replay(image, [step])
        yield Stage(step, image, step.numeral)
