"""The ops a pipeline can name, in one table: parameters to draw from, function to apply."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from pipelines.ops import geometry, light, marks, noise, paper, pen, strokes, tone
from pipelines.ops.gray import GrayImage
from pipelines.parameters import geometry as geometry_parameters
from pipelines.parameters import light as light_parameters
from pipelines.parameters import marks as mark_parameters
from pipelines.parameters import paper as paper_parameters
from pipelines.parameters import pen as pen_parameters
from pipelines.parameters import strokes as stroke_parameters
from pipelines.parameters import tone as tone_parameters
from pipelines.parameters.base import Parameters


@dataclass(frozen=True)
class Op:
    """One op.

    Attributes:
        name: as pipelines and records write it.
        parameters: the model of what a pipeline may say about it.
        apply: image and drawn values → new image; pure.
    """

    name: str
    parameters: type[Parameters]
    apply: Callable[..., GrayImage]

    @property
    def summary(self) -> str:
        """The first line of its parameters' documentation."""
        return (self.parameters.__doc__ or "").splitlines()[0]

    @cached_property
    def signature(self) -> inspect.Signature:
        """What `apply` takes."""
        return inspect.signature(self.apply)


def _seeded(function: Callable[..., GrayImage]) -> Callable[..., GrayImage]:
    """Return a function of a generator as one of a seed, so that its record is complete."""

    def apply(image: GrayImage, *, seed: int, **drawn: Any) -> GrayImage:
        return function(image, **drawn, rng=np.random.default_rng(seed))

    own = inspect.signature(function).parameters.values()
    seed = inspect.Parameter("seed", inspect.Parameter.KEYWORD_ONLY)
    kept = [each for each in own if each.name != "rng"]
    apply.__signature__ = inspect.Signature([*kept, seed])  # type: ignore[attr-defined]
    return apply


def _table(*ops: Op) -> Mapping[str, Op]:
    table: dict[str, Op] = {}
    for op in ops:
        if op.name in table:
            raise ValueError(f"two ops are named {op.name!r}")
        table[op.name] = op
    return MappingProxyType(table)


OPS: Final = _table(
    Op("add_stroke", stroke_parameters.AddStroke, strokes.add_stroke),
    Op("affine", geometry_parameters.Affine, geometry.affine),
    Op("background", paper_parameters.Background, paper_parameters.background_from_record),
    Op("bars", pen_parameters.Bars, pen.bars),
    Op("blots", mark_parameters.Blots, marks.blots),
    Op("contrast", tone_parameters.Contrast, tone.contrast),
    Op("crop", geometry_parameters.Crop, geometry.crop),
    Op("crop_to_ink", geometry_parameters.CropToInk, geometry.crop_to_ink),
    Op("dark_edge", light_parameters.DarkEdge, light.dark_edge),
    Op("downscale", tone_parameters.Downscale, tone.downscale),
    Op("edge_crop", geometry_parameters.EdgeCrop, geometry.edge_crop),
    Op("elastic", geometry_parameters.Elastic, geometry.elastic),
    Op("fade", pen_parameters.Fade, pen.fade),
    Op("gaussian_blur", tone_parameters.GaussianBlur, tone.gaussian_blur),
    Op("gaussian_noise", tone_parameters.GaussianNoise, noise.seeded_gaussian_noise),
    Op("grid_paper", paper_parameters.GridPaper, paper.grid_paper),
    Op("horizontal_flip", geometry_parameters.HorizontalFlip, geometry.horizontal_flip),
    Op("impulse_noise", tone_parameters.ImpulseNoise, _seeded(noise.impulse_noise)),
    Op("multiply", tone_parameters.Multiply, tone.multiply),
    Op("pen_width", pen_parameters.PenWidth, pen.pen_width),
    Op("perspective", geometry_parameters.Perspective, geometry.perspective),
    Op("remove_stroke", stroke_parameters.RemoveStroke, strokes.remove_stroke),
    Op("rotate90", geometry_parameters.Rotate90, geometry.rotate90),
    Op("ruled_paper", paper_parameters.RuledPaper, paper.ruled_paper),
    Op("scan", tone_parameters.Scan, tone.scan),
    Op("shadow_corner", paper_parameters.ShadowCorner, paper.shadow_corner),
    Op("shrink", geometry_parameters.Shrink, geometry.shrink),
    Op("speckle", tone_parameters.Speckle, _seeded(noise.speckle)),
    Op("stray_marks", mark_parameters.StrayMarks, marks.stray_marks),
    Op("uneven_light", light_parameters.UnevenLight, light.uneven_light),
    Op("uniform_noise", tone_parameters.UniformNoise, _seeded(noise.uniform_noise)),
    Op("vertical_flip", geometry_parameters.VerticalFlip, geometry.vertical_flip),
)
