"""What was expected, said in this project's words."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from pipelines.validation import what_was_expected


class Record(BaseModel):
    """A model, for what is none."""

    name: str


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (int, "ten", "expected a whole number"),
        (int, 1.5, "expected a whole number"),
        (int, None, "expected a whole number"),
        (int, "9" * 5000, "expected a whole number of fewer digits"),
        (float, "half", "expected a number"),
        (bool, "perhaps", "expected true or false"),
        (str, 3, "expected a text"),
        (list[int], "a", "expected a list"),
        (tuple[int, ...], 1, "expected a list"),
        (dict[str, int], 1, "expected keys with values"),
        (Record, 1, "expected keys with values"),
        (Record, {}, "missing; add it"),
        (Literal["raw", "scan"], "pen", "expected 'raw' or 'scan'"),
    ],
)
def test_kinds(kind: object, value: object, said: str) -> None:
    assert list(_told(kind, value)) == [said]


@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [
        ({"ge": 0}, -1, "expected 0 or more"),
        ({"gt": 0}, 0, "expected more than 0"),
        ({"le": 20_000}, 30_000, "expected 20,000 or less"),
        ({"lt": 2}, 2, "expected less than 2"),
    ],
)
def test_bounds(bound: dict[str, int], value: int, said: str) -> None:
    class Bounded(BaseModel):
        number: int = Field(**bound)  # type: ignore[arg-type]

    assert list(_told(Bounded, {"number": value})) == [said]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Annotated[list[int], Field(min_length=1)], [], "expected 1 or more entries"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "expected 1 entries or fewer"),
        (Annotated[str, Field(min_length=2)], "a", "expected 2 or more characters"),
        (Annotated[str, Field(max_length=2)], "abc", "expected 2 characters or fewer"),
        (Annotated[str, Field(pattern="^[01]*$")], "2", "expected a text of the form ^[01]*$"),
        (
            Annotated[str, Field(pattern="^[0-9a-f]{64}$")],
            "abc",
            "expected a SHA-256: 64 characters, 0 … 9 and a … f",
        ),
    ],
)
def test_lengths_and_patterns(kind: object, value: object, said: str) -> None:
    assert list(_told(kind, value)) == [said]


def test_what_has_no_words_of_ours_keeps_its_own() -> None:
    (said,) = _told(Decimal, "x")
    assert said.startswith("expected ")


def _told(kind: object, value: object) -> Iterator[str]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    yield from map(what_was_expected, caught.value.errors())
