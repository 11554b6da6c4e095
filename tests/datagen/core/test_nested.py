from hypothesis import given
from hypothesis import strategies as st

from datagen.core.nested import changed_keys

PLAIN = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_keys_are_written_as_vary_has_them() -> None:
    before = {"seed": 1, "mix": [{"source": "pen", "options": {"writers": 5}}]}
    after = {"seed": 1, "mix": [{"source": "pen", "options": {"writers": 9}}], "images": 100}
    assert changed_keys(before, after) == {"mix.0.options.writers": (5, 9), "images": (None, 100)}


def test_an_empty_list_is_a_value() -> None:
    assert changed_keys({"tests": []}, {"tests": ["a"]}) == {
        "tests": ([], None),
        "tests.0": (None, "a"),
    }


@given(PLAIN)
def test_nothing_differs_from_itself(plain: object) -> None:
    assert changed_keys(plain, plain) == {}
