"""How values read."""

from hypothesis import given
from hypothesis import strategies as st

from datagen.core.text import duration


@given(st.floats(-1, 1e6))
def test_durations_are_short(seconds: float) -> None:
    assert len(duration(seconds)) <= len("100 h 02 min")


def test_a_duration_has_its_two_largest_units() -> None:
    given = (-1.0, 12.3, 59.7, 200.0, 3600.0, 3720.0)
    assert [duration(seconds) for seconds in given] == [
        *("0 s", "12 s", "1 min 00 s", "3 min 20 s", "1 h 00 min", "1 h 02 min")
    ]
