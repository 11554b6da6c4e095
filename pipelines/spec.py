"""What a pipeline file says: steps and groups of steps, validated. Pipeline file ⇄ object.

pipeline: 1
name: light
steps:
  - op: affine
    parameters: {rotate: [-10, 10], fill: white}
  - one_of:                      # exactly one; here p is a weight
      - {op: ruled_paper, p: 2}
      - {op: grid_paper, p: 1}
    p: 0.3
  - some_of:                     # n of them, in this order, each with its own p
      - {op: fade}
      - {op: speckle, p: 0.5}
    n: [0, 2]
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SerializeAsAny,
    Tag,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from pipelines.errors import InvalidPipelineError, nearest
from pipelines.labels import Effect
from pipelines.numbers import Numbers
from pipelines.parameters.base import Parameters
from pipelines.plain import write_yaml
from pipelines.registry import OPS, Op
from pipelines.text import quoted, shortened
from pipelines.validation import first_of_all

Probability = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e12)]
"""At most what keeps sums and quotients of such numbers exact enough."""
Count = Annotated[int, Field(ge=0, le=1000)]
OnWrongLabel = Literal["refuse", "skip"]


class _Model(Numbers):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Step(_Model):
    """One op.

    Attributes:
        op: its name.
        p: probability with which it is done; inside `one_of` its weight.
        parameters: ranges that concrete values are drawn from.
        relabel: whether the image may become another class.
        on_wrong_label: `refuse` the pipeline for a class that this step would mislabel, or `skip`
            the step for images of that class.
    """

    op: str
    p: Weight = 1.0
    parameters: SerializeAsAny[Parameters]
    relabel: bool = False
    on_wrong_label: OnWrongLabel = "refuse"

    @model_validator(mode="before")
    @classmethod
    def _of_its_op(cls, given: object, info: ValidationInfo) -> object:
        """Validate the parameters by the model of the op that is named."""
        if not isinstance(given, Mapping) or not isinstance(given.get("op"), str):
            return given
        name = given["op"]
        if name not in OPS:
            raise ValueError(f"unknown op {quoted(name)}; {nearest(name, OPS)}")
        model = OPS[name].parameters
        parameters = given.get("parameters", {})
        if isinstance(parameters, Parameters):
            parameters = parameters.model_dump()
        try:
            parameters = model.model_validate(
                {} if parameters is None else parameters, context=info.context
            )
        except ValidationError as error:
            raise ValueError(f"{name}: {_first(error, model, 'parameter')}") from error
        return {**given, "parameters": parameters}

    @cached_property
    def tool(self) -> Op:
        """The op itself."""
        return OPS[self.op]

    @cached_property
    def effect(self) -> Effect:
        """The most it may do to what is written."""
        return self.parameters.effect()


class OneOf(_Model):
    """Exactly one of several steps or groups.

    Attributes:
        one_of: to choose from, by weight `p`.
        p: probability with which any is done; inside another `one_of` its weight.
    """

    one_of: Annotated[tuple["Node", ...], Field(min_length=1)]
    p: Weight = 1.0

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if not sum(node.p for node in self.one_of) > 0:
            raise ValueError("every weight p is 0; give at least one a positive weight")
        return self

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """Upper ends, in 0 … 1, of the stretches that belong to each choice."""
        total = sum(node.p for node in self.one_of)
        ends, reached = [], 0.0
        for node in self.one_of:
            reached += node.p / total
            ends.append(reached)
        last = max(k for k, node in enumerate(self.one_of) if node.p > 0)
        return (*ends[:last], *(1.0 for _ in ends[last:]))  # rounding must not leave a gap


class SomeOf(_Model):
    """Some of several steps or groups, in the order written, each with its own `p`.

    Attributes:
        some_of: to choose from, evenly and without repetition.
        n: how many: a number, or the fewest and the most.
        p: probability with which the group is done at all.
    """

    some_of: Annotated[tuple["Node", ...], Field(min_length=1)]
    n: Count | tuple[Count, Count] = 1
    p: Weight = 1.0

    @model_validator(mode="after")
    def _enough(self) -> Self:
        low, high = self.bounds
        if low > high:
            raise ValueError(f"n runs backwards, {low} … {high}; expected the smaller number first")
        if high > len(self.some_of):
            raise ValueError(
                f"n is {low} … {high}; expected at most the {len(self.some_of)} steps listed"
            )
        _require_probabilities(self.some_of)
        return self

    @property
    def bounds(self) -> tuple[int, int]:
        """The fewest and the most."""
        return (self.n, self.n) if isinstance(self.n, int) else self.n


def _kind(value: object) -> str:
    for key in ("one_of", "some_of"):
        if (isinstance(value, Mapping) and key in value) or hasattr(value, key):
            return key
    return "step"


Node: TypeAlias = Annotated[
    Annotated[Step, Tag("step")]
    | Annotated[OneOf, Tag("one_of")]
    | Annotated[SomeOf, Tag("some_of")],
    Discriminator(_kind),
]


class PipelineSpec(_Model):
    """A pipeline as its file says it.

    Attributes:
        pipeline: version of this format.
        name: for people.
        description: for people.
        steps: what is done, in order.
    """

    pipeline: Literal[1] = 1
    name: str = "unnamed"
    description: str = ""
    steps: tuple[Node, ...] = ()

    @model_validator(mode="after")
    def _probabilities(self) -> Self:
        _require_probabilities(self.steps)
        return self

    def to_yaml(self) -> str:
        """Return YAML that `validate` reads back to an equal pipeline."""
        plain = {"pipeline": self.pipeline} | self.model_dump(mode="json", exclude_defaults=True)
        # PyYAML folds Unicode's own line ends when it may write them as they are
        readable = f"{self.name}{self.description}".isprintable()
        return write_yaml(plain, allow_unicode=readable)


OneOf.model_rebuild()
SomeOf.model_rebuild()
PipelineSpec.model_rebuild()

_TAGS: Final = {"step", "one_of", "some_of"}


def validate(plain: object, origin: str, context: Mapping[str, Any] | None = None) -> PipelineSpec:
    """Validate plain data as a pipeline.

    Args:
        plain: what YAML holds.
        origin: where it comes from, for the message.
        context: `folder`, from which relative paths are taken.

    Raises:
        InvalidPipelineError: a key, op or parameter is unknown, or a value out of range.
    """
    if not isinstance(plain, Mapping):
        raise InvalidPipelineError(f"{origin} is no pipeline: expected keys such as name and steps")
    try:
        return PipelineSpec.model_validate(plain, context=context)
    except ValidationError as error:
        raise InvalidPipelineError(f"{origin}: {_first(error, PipelineSpec, 'key')}") from error


def _require_probabilities(nodes: tuple[Node, ...]) -> None:
    """Refuse a `p` above 1 where it is a probability and not a weight."""
    for node in nodes:
        if node.p > 1:
            raise ValueError(f"p is {node.p:g}; a probability is 0 … 1 (a weight only in one_of)")


def _first(error: ValidationError, model: type[BaseModel], kind: str) -> str:
    """Say in one line what is wrong with the first offending key."""
    errors = error.errors()
    first = errors[0]
    location, expected, others = first_of_all(errors)
    where = ".".join(
        str(part)
        for k, part in enumerate(location)
        # the tag of a union stands after the index it belongs to
        if not (part in _TAGS and k and isinstance(location[k - 1], int))
    )
    more = f" (and {others} more)" if others else ""
    if first["type"] == "extra_forbidden":
        valid = set(_model_at(model, location).model_fields)
        return f"unknown {kind} {quoted(where)}; {nearest(str(location[-1]), valid)}{more}"
    given = first.get("input")
    shown = "" if isinstance(given, dict | list | tuple) else f" (given {quoted(given)})"
    place = f"{shortened(where)}: " if where else ""
    return f"{place}{expected}{shown}{more}"


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model in which the last part of `location` was not found."""
    tagged: dict[str, type[BaseModel]] = {"step": Step, "one_of": OneOf, "some_of": SomeOf}
    for before, part in zip(reversed(location[:-2]), reversed(location[:-1]), strict=False):
        if isinstance(before, int) and str(part) in tagged:
            return tagged[str(part)]
    return model
