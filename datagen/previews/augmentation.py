"""What a pipeline makes of images: each step alone, and several times all of them together.

Enters: a pipeline and samples. Leaves: records of outcomes, and a sheet that shows them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from datagen.core.arrays import GrayImage
from datagen.previews.samples import Sample
from datagen.previews.tile_sheet import Group, Tile, TileRow, tile_sheet
from pipelines.check import class_after
from pipelines.errors import WrongLabelError
from pipelines.pipeline import Applied, Pipeline
from pipelines.safety import steps

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True, eq=False)
class AugmentedImage:
    """One image after a pipeline, or why there is none.

    Attributes:
        image: `uint8 H×W`; None where the label algebra refuses it.
        numeral: the class it shows.
        applied: what was done, with all parameters.
        refused_by: the op that the label algebra refuses, else None.
        reason: why it is refused, or why nothing was done; None where something was.
    """

    image: GrayImage | None
    numeral: str
    applied: tuple[Applied, ...] = ()
    refused_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AugmentationRow:
    """All outcomes of one sample, in the order of `AugmentationRows.steps` and of the tries."""

    sample: Sample
    alone: tuple[AugmentedImage, ...]
    whole: tuple[AugmentedImage, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AugmentationRows:
    """The outcomes of a pipeline.

    Attributes:
        steps: titles of the steps done alone, each always and at its full range.
        tries: how often the whole pipeline was done.
    """

    pipeline: str
    steps: tuple[str, ...]
    tries: int
    rows: tuple[AugmentationRow, ...]


def outcomes(
    pipeline: Pipeline, samples: Sequence[Sample], *, seed: int, tries: int
) -> AugmentationRows:
    """Apply every step alone to each sample, and all of them together `tries` times.

    Args:
        pipeline: what to try; a step that it would do now and then is done always when alone.
        samples: at least 2×2 pixels each.
        seed: root of every draw; each tile has its own generator.
        tries: 1 or more.

    Raises:
        PipelineError: a step needs something that is not there, such as a folder of papers.
    """
    alone = _alone(pipeline)
    rows = []
    for number, sample in enumerate(samples):
        # one generator per tile: another step in the pipeline leaves the other tiles as they were
        streams = np.random.SeedSequence(seed, spawn_key=(number,)).spawn(2)
        singles = zip(alone, _generators(streams[0], len(alone)), strict=True)
        rows.append(
            AugmentationRow(
                sample=sample,
                alone=tuple(_outcome(single, sample, rng) for single, rng in singles),
                whole=tuple(
                    _outcome(pipeline, sample, rng) for rng in _generators(streams[1], tries)
                ),
            )
        )
    return AugmentationRows(
        pipeline.name, tuple(single.name for single in alone), tries, tuple(rows)
    )


def _generators(stream: np.random.SeedSequence, count: int) -> Iterator[np.random.Generator]:
    return (np.random.default_rng(child) for child in stream.spawn(count))


def _alone(pipeline: Pipeline) -> list[Pipeline]:
    """Return every step, those inside groups too, as a pipeline that always does it."""
    names: list[str] = []
    singles = []
    for step in steps(pipeline):
        names.append(step.op)
        count = names.count(step.op)
        only = {
            "name": step.op if count == 1 else f"{step.op} {count}",
            "steps": (step.model_copy(update={"p": 1.0}),),
        }
        singles.append(Pipeline(pipeline.spec.model_copy(update=only)))
    return singles


def _outcome(pipeline: Pipeline, sample: Sample, rng: np.random.Generator) -> AugmentedImage:
    try:
        result = pipeline.run(sample.image, sample.numeral, sample.style, rng)
    except WrongLabelError as error:
        return AugmentedImage(None, sample.numeral, refused_by=error.op, reason=error.reason)
    reason = None if result.applied else _idle(pipeline, sample)
    return AugmentedImage(result.image, result.numeral, result.applied, reason=reason)


def _idle(pipeline: Pipeline, sample: Sample) -> str:
    """Say why nothing was done."""
    planned = steps(pipeline)
    if len(planned) != 1 or planned[0].p < 1:
        return "no step fell due"
    skipped = class_after(planned[0], sample.numeral, sample.style) is None
    return f"left out for {sample.numeral}" if skipped else "not possible here"


def outcome_sheet(found: AugmentationRows, *, tile: int = 128) -> "Image":
    """Draw one row per sample: the original, each step alone, and all of them, try by try."""
    groups = (
        Group("", ("original",)),
        Group("each step alone", found.steps),
        Group(f"{found.pipeline}: all steps", tuple(str(k + 1) for k in range(found.tries))),
    )
    return tile_sheet([_tile_row(row) for row in found.rows], tile=tile, groups=groups)


def _tile_row(row: AugmentationRow) -> TileRow:
    sample = row.sample
    original = Tile(sample.image)
    tiles = [_tile(outcome, sample, alone=True) for outcome in row.alone]
    tiles += [_tile(outcome, sample, alone=False) for outcome in row.whole]
    note = f"{sample.style} case, {PurePath(sample.name).name}"
    return TileRow(sample.numeral, note, (original, *tiles))


def _tile(outcome: AugmentedImage, sample: Sample, *, alone: bool) -> Tile:
    if outcome.refused_by is not None:
        why = outcome.reason if alone else f"{outcome.refused_by}: {outcome.reason}"
        return Tile(None, "refused", why or "")
    if outcome.reason is not None and alone:
        return Tile(None, "no change", outcome.reason)
    return Tile(
        outcome.image, f"now {outcome.numeral}" if outcome.numeral != sample.numeral else ""
    )
