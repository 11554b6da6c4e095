from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.plain import DEPTH_LIMIT, read_yaml, write_yaml


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("010", "'010' is octal to some readers; write 10 or 8"),
        ("-010", "write -10 or -8"),
        ("0o17", "'0o17' is written 15 here"),
        ("0b11", "written 3 here"),
        ("1_000", "written 1000 here"),
        ("1_0.5", "written 10.5 here"),
        ("09", "written 9 here"),
        ("007.5", "written 7.5 here"),
        ("yes", "'yes' is written true here, or as text in quotes"),
        ("Off", "written false here"),
        ("2020-01-01", "read as a date; as text it stands in quotes"),
        ("2020-01-01 10:00:00", "read as a date"),
        ("!!timestamp x", "read as a date"),
        ("!!python/object/apply:os.system ['ls']", "tag 'tag:yaml.org,2002:python/object"),
        ("!!set {a}", "is not read here; leave it out"),
        ("!!binary gA==", "is not read here"),
        ("!mine 1", "tag '!mine' is not read here"),
        ("9" * 6000, "more than 40 characters for a number"),
        ("[" * 100_000, f"more than {DEPTH_LIMIT} levels deep"),
        ("{k: " * 1000, "levels deep"),
        ("- " * 1000, "levels deep"),
        ("*b", "line 1: found undefined alias 'b'"),
        ("[1, 2", "line 1: .*expected ',' or ']'"),
        ("a: 1\na: 2", "key 'a' occurs 2 times"),
        ("'a': 1\n\"a\": 2", "key 'a' occurs 2 times"),
        ("a\0b", "special characters are not allowed"),
    ],
)
def test_what_yaml_reads_in_two_ways_is_refused_with_the_plain_spelling(
    text: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        read_yaml(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("10", 10),
        ("+5", 5),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5e3", 500.0),
        ("-1.5", -1.5),
        ("0:1:0.25", "0:1:0.25"),  # the axis of a sweep, and no number of base 60
        ("1:30", "1:30"),
        ("'yes'", "yes"),
        ("!!str 010", "010"),
        ("=", "="),
        ("y", "y"),
        ("~", None),
        ("\ufeff1", 1),
    ],
)
def test_what_has_one_meaning_is_read(text: str, value: object) -> None:
    assert read_yaml(text) == value


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc019e_:"), inner),
    max_leaves=8,
)


@given(_plain)
def test_what_is_written_is_read_back(plain: object) -> None:
    assert read_yaml(write_yaml(plain)) == plain


@pytest.mark.parametrize("text", ["1e3", "09", "0o17", "007.5", "yes", "2020-01-01", "1_000"])
def test_text_that_looks_like_a_number_is_written_in_quotes(text: str) -> None:
    assert read_yaml(write_yaml({"name": text})) == {"name": text}


@given(st.text(st.sampled_from("[]{}:-,&*!|>'\"%#?~ \n\tab01._e+o=<x"), max_size=60))
def test_no_text_ends_in_another_error(text: str) -> None:
    with suppress(ValueError):
        read_yaml(text)
