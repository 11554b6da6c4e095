"""What is wrong with a record, in one line."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain


class Part(StrictModel):
    """A model inside another."""

    weight: float = 1.0


class Whole(StrictModel):
    """A model with others inside."""

    name: str
    parts: tuple[Part, ...] = ()


class KindA(StrictModel):
    """One member of a union."""

    name: Literal["a"] = "a"
    number: float = 0


class KindB(StrictModel):
    """Another one."""

    name: Literal["b"] = "b"


class Choice(StrictModel):
    """A model with a union, whose tag is also a key."""

    kind: Annotated[KindA | KindB, Field(discriminator="name")]
    a: dict[Annotated[str, Field(max_length=2)], int] = Field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A record that is no model."""

    index: int


def told(text: str, model: type[BaseModel] = Whole) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(text)
    return explain(caught.value, model)


def test_the_key_and_what_was_given_are_named() -> None:
    assert told('{"name": "a", "parts": [{"weight": "heavy"}]}') == (
        "parts.0.weight: expected a number (given 'heavy')"
    )
    assert told('{"name": 1, "parts": 2}').endswith("(and 1 more)")


def test_an_unknown_key_is_told_with_the_nearest() -> None:
    assert told('{"nmae": "a", "name": "a"}') == "unknown key 'nmae'; did you mean 'name'?"
    assert told('{"name": "a", "parts": [{"x": 1}]}') == "unknown key 'parts.0.x'; valid: weight"


def test_the_place_is_said_as_it_was_written() -> None:
    """Pydantic adds the member of a union, and that a key is meant."""
    assert told('{"kind": {"name": "a", "number": "x"}}', Choice) == (
        "kind.number: expected a number (given 'x')"
    )
    assert told('{"kind": {"name": "a", "numbr": 1}}', Choice) == (
        "unknown key 'kind.numbr'; did you mean 'number'?"
    )
    assert told('{"kind": {"name": "a", "a": 1}}', Choice) == (
        "unknown key 'kind.a'; valid: name, number"
    )
    assert told('{"kind": {"name": "b"}, "a": {"long": 1}}', Choice) == (
        "a.long: expected 2 characters or fewer (given 'long')"
    )


def test_text_that_is_no_json_is_not_repeated() -> None:
    said = told("{" + "x" * 500)
    assert said.startswith("Invalid JSON")
    assert len(said) < 100


def test_what_is_no_model_is_explained_too() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Line).validate_json('{"index": "first"}')
    assert explain(caught.value).startswith("index: expected a whole number (given 'first')")
