"""What is wrong with a record, in one line."""

from dataclasses import dataclass

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from datagen.core.models import StrictModel
from datagen.core.pydantic_errors import explain


class Part(StrictModel):
    """A model inside another."""

    weight: float = 1.0


class Whole(StrictModel):
    """A model with others inside."""

    name: str
    parts: tuple[Part, ...] = ()


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


def test_text_that_is_no_json_is_not_repeated() -> None:
    said = told("{" + "x" * 500)
    assert said.startswith("it: Invalid JSON")
    assert len(said) < 100


def test_what_is_no_model_is_explained_too() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Line).validate_json('{"index": "first"}')
    assert explain(caught.value).startswith("index: expected a whole number (given 'first')")
