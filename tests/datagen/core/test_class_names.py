"""A folder's name means a class only where nobody can doubt it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.core.class_names import meant_class
from datagen.core.numerals import CLASSES


@pytest.mark.parametrize(
    ("name", "numeral"),
    [
        ("III", "iii"),
        ("Iv ", "iv"),
        (" vi", "vi"),
        ("_x_", "x"),
        ("v.", "v"),
        ("viil", "viii"),
        ("|x", "ix"),
        ("1X", "ix"),
        ("4", "iv"),
        ("04", "iv"),
        ("10", "x"),
        ("class_iv", "iv"),
        ("Class IV", "iv"),
        ("Label iv", "iv"),
        ("LABEL_IV", "iv"),
        ("classiv", "iv"),
        ("iv-4", "iv"),
        ("04_iv", "iv"),
        ("iv (2)", "iv"),
        ("Copy of iv", "iv"),
        ("Ⅳ", "iv"),
        ("ⅷ", "viii"),
        ("ｖｉ", "vi"),
        ("х", "x"),  # Cyrillic
        ("іѵ", "iv"),  # Cyrillic
        ("νι", "vi"),  # Greek
        ("VİI", "vii"),
        ("v\u200bi", "vi"),
        ("iv\u00a0", "iv"),
    ],
)
def test_a_class_written_in_another_way(name: str, numeral: str) -> None:
    assert meant_class(name) == numeral


@pytest.mark.parametrize(
    "name",
    [
        *("xi", "xii", "blank", "one", "two", "five", "ten", "u", "y", "w", "a", "m", "vv", "xx"),
        *("viiii", "iiii", "iix", "vx", "ivx", "iiv", "0", "11", "12", "40", "111", "-1", "²³"),
        *("iv v", "iv 5", "4-5", "train", "val", "other", "unknown", "xiv", "L", "C", "xl"),
        *("class", "", " ", "_", "iv.png", "x-ray", "vi-and-vii", "exit", "mix", "six", "nine"),
    ],
)
def test_a_name_near_to_a_class_is_none(name: str) -> None:
    assert meant_class(name) is None


@given(st.text(max_size=12))
def test_any_name_is_judged(name: str) -> None:
    assert meant_class(name) in (None, *CLASSES)


@given(st.sampled_from(CLASSES), st.sampled_from(("", " ", "_", "-", ".")))
def test_case_and_signs_around_change_nothing(numeral: str, sign: str) -> None:
    assert meant_class(sign + numeral.upper() + sign) == numeral
