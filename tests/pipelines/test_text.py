import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text import QUOTED, message, quoted, shortened


@given(st.text(max_size=2000))
def test_a_quoted_text_is_short_and_one_printable_line(text: str) -> None:
    assert len(quoted(text)) <= QUOTED
    assert quoted(text).isprintable()


@given(st.text(max_size=5000))
def test_a_message_is_one_printable_line_that_fits_a_screen(text: str) -> None:
    assert message(text).isprintable()
    assert len(message(text)) <= 1200
    assert all(len(word) <= QUOTED + 3 for word in message(text).split(" "))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(10**9000, id="long number"),
        {"a": ["x" * 999] * 999},
        b"\x1b" * 999,
        "\x1b[2J",
        None,
        float("nan"),
    ],
)
def test_anything_can_be_quoted(value: object) -> None:
    assert len(quoted(value)) <= QUOTED
    assert quoted(value).isprintable()


def test_what_ends_a_part_of_the_sentence_stays() -> None:
    assert message(f"cannot use {'x' * 300}: too long") == f"cannot use {'x' * 199}…: too long"
    assert message(f"no {' a' * 400}'s, '{'b c' * 400}' here").count("…") >= 1
    assert shortened("abc", 3) == "abc"
