"""`true` is no number, wherever one stands."""

from typing import Any

import pytest
from pydantic import Field, ValidationError

from pipelines.errors import InvalidPipelineError
from pipelines.numbers import Numbers
from pipelines.pipeline import parse


class Inner(Numbers):
    """Fields of all kinds."""

    count: int = 1
    share: float | None = None
    many: tuple[int, ...] = ()
    named: dict[str, float] = Field(default_factory=dict)
    flag: bool = False
    either: bool | int = 2


class Outer(Numbers):
    """A model in a model."""

    inner: Inner
    several: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    "given", [{"count": True}, {"share": False}, {"many": [1, True]}, {"named": {"a": True}}]
)
def test_truth_values_are_refused_for_numbers(given: dict[str, Any]) -> None:
    for plain in ({"inner": given}, {"inner": {}, "several": [given]}):
        with pytest.raises(ValidationError, match="expected a number, not true or false"):
            Outer.model_validate(plain)


def test_truth_values_and_numbers_are_read_as_such() -> None:
    found = Inner.model_validate({"count": "3", "share": 1, "flag": True, "either": True})
    assert (found.count, found.share, found.flag, found.either) == (3, 1.0, True, True)
    assert Inner.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("step", ["p: true", "parameters: {sigma: true}"])
def test_a_pipeline_has_none(step: str) -> None:
    with pytest.raises(InvalidPipelineError, match="expected a number, not true or false"):
        parse(f"pipeline: 1\nsteps:\n- {{op: gaussian_blur, {step}}}\n", origin="p")
