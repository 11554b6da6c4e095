import pytest

from datagen.core.numerals import CLASSES, case_styles, spell


def test_classes_are_in_the_evaluators_order() -> None:
    assert CLASSES == ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


@pytest.mark.parametrize("numeral", CLASSES)
def test_every_style_spells_the_numeral(numeral: str) -> None:
    for style in (*case_styles(numeral), "unknown"):
        assert "".join(letter for letter, _ in spell(numeral, style)) == numeral  # type: ignore[arg-type]


def test_cases_follow_the_style() -> None:
    assert spell("ix", "upper") == (("i", "upper"), ("x", "upper"))
    assert spell("ix", "lower") == (("i", "lower"), ("x", "lower"))
    assert spell("vii", "mixed") == (("v", "upper"), ("i", "lower"), ("i", "lower"))
    assert spell("v", "unknown") == (("v", "unknown"),)


def test_a_numeral_of_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="'xi' is not one of the classes"):
        spell("xi", "upper")
