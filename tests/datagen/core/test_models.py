"""What every record of ours refuses."""

import math

import pytest
from pydantic import ValidationError

from datagen.core.models import StrictModel


class Size(StrictModel):
    """A record for the tests."""

    width: float


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": 1, "wdith": 2}, "Extra inputs"),
        ({"width": math.nan}, "finite number"),
        ({"width": math.inf}, "finite number"),
    ],
)
def test_unknown_keys_and_endless_numbers_are_refused(
    given: dict[str, float], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Size.model_validate(given)


def test_a_record_is_not_changed() -> None:
    size = Size(width=1)
    with pytest.raises(ValidationError, match="frozen"):
        size.width = 2  # type: ignore[misc]
