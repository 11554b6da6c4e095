"""Doing it: draw, apply, record; and doing it again from the record alone.

One generator per image decides everything: it is handed down, never seeded again, so the order of
images and the number of workers change nothing, and nothing is spent on seeding.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.check import class_after
from pipelines.errors import InvalidRecordError, PipelineError, UnsuitableImageError, nearest
from pipelines.labels import Style
from pipelines.ops.gray import GrayImage
from pipelines.parameters.base import Subject
from pipelines.registry import OPS
from pipelines.spec import Node, OneOf, Step


@dataclass(frozen=True, slots=True)
class Applied:
    """One step that was done.

    Attributes:
        op: its name.
        parameters: the concrete values, JSON-able; seeds of noises included.
        numeral: the class it made of the image, where it made another; else None.
    """

    op: str
    parameters: Mapping[str, Any]
    numeral: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a manifest."""
        plain: dict[str, Any] = {"op": self.op, "parameters": dict(self.parameters)}
        return plain if self.numeral is None else plain | {"numeral": self.numeral}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Applied":
        """Read what `to_json` returned.

        Raises:
            InvalidRecordError: it is no such record.
        """
        try:
            return cls(str(plain["op"]), dict(plain["parameters"]), plain.get("numeral"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidRecordError(
                f"{plain!r} is no record of a step: expected op and parameters"
            ) from error


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """An image after a pipeline.

    Attributes:
        image: `uint8 H×W`, its own memory.
        numeral: its class, which a relabelling step may have changed.
        applied: what was done, in order; `replay` does it again.
    """

    image: GrayImage
    numeral: str
    applied: tuple[Applied, ...]


def run_steps(
    steps: Iterable[Node], image: GrayImage, numeral: str, style: Style, rng: np.random.Generator
) -> Result:
    """Send one image through `steps`.

    Raises:
        UnsuitableImageError: it is not `uint8 H×W`.
        WrongLabelError: a step would make the label wrong.
    """
    _require_gray(image)
    state = _State(image, numeral)
    for node in steps:
        if node.p >= 1 or rng.random() < node.p:
            _do(node, state, style, rng)
    made = state.image if state.image is not image else image.copy()
    return Result(made, state.numeral, tuple(state.applied))


def replay(image: GrayImage, applied: Iterable[Applied]) -> GrayImage:
    """Do recorded steps again.

    Args:
        image: the one that the record was made from.
        applied: the record, perhaps read back from JSON.

    Returns:
        The same image, to the byte.

    Raises:
        UnsuitableImageError: the image is not `uint8 H×W`.
        InvalidRecordError: a step names no op, or its parameters are not the op's.
    """
    _require_gray(image)
    out = image.copy()
    for step in applied:
        if step.op not in OPS:
            raise InvalidRecordError(f"the record names op {step.op!r}; {nearest(step.op, OPS)}")
        op = OPS[step.op]
        try:
            op.signature.bind(out, **step.parameters)
        except TypeError as error:
            raise InvalidRecordError(f"the record of {step.op} does not fit it: {error}") from error
        try:
            out = op.apply(out, **step.parameters)
        except PipelineError:
            raise
        except (ValueError, TypeError) as error:
            raise InvalidRecordError(
                f"the record of {step.op} cannot be replayed: {error}"
            ) from error
    return out


class _State:
    """What an image has become so far; mutable, because a record per step costs as much as some."""

    __slots__ = ("applied", "image", "numeral")

    def __init__(self, image: GrayImage, numeral: str) -> None:
        self.image = image
        self.numeral = numeral
        self.applied: list[Applied] = []


def _do(node: Node, state: _State, style: Style, rng: np.random.Generator) -> None:
    """Do one step, or what is chosen of a group."""
    if isinstance(node, Step):
        _step(node, state, style, rng)
    elif isinstance(node, OneOf):
        place = rng.random()
        chosen = next(k for k, edge in enumerate(node.edges) if place < edge)
        _do(node.one_of[chosen], state, style, rng)
    else:
        low, high = node.bounds
        count = int(rng.integers(low, high + 1))
        for k in sorted(rng.permutation(len(node.some_of))[:count].tolist()):
            child = node.some_of[k]
            if child.p >= 1 or rng.random() < child.p:
                _do(child, state, style, rng)


def _step(step: Step, state: _State, style: Style, rng: np.random.Generator) -> None:
    before = state.numeral
    shown = class_after(step, before, style)
    if shown is None:
        return
    drawn = step.parameters.draw(Subject(state.image, before, style), rng)
    if drawn is None:
        return
    state.image = step.tool.apply(state.image, **drawn)
    state.numeral = shown
    state.applied.append(Applied(step.op, drawn, shown if shown != before else None))


def _require_gray(image: GrayImage) -> None:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 2:
        kind = (
            f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else repr(type(image))
        )
        raise UnsuitableImageError(f"the image is {kind}; expected uint8 H×W, ink 0 on paper 255")
    if min(image.shape) < 2:
        raise UnsuitableImageError(f"the image is {image.shape}; expected at least 2×2 pixels")
