"""What a value should have been, in this project's words: pydantic's speak of "input" and "field".

Enters: an error that pydantic found. Leaves: a part of a sentence.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.text import quoted

_NUMBER: Final = "expected a number"
_WHOLE: Final = "expected a whole number"
_LIST: Final = "expected a list"
_KEYS: Final = "expected keys with values"

_WORDS: Final = {
    **dict.fromkeys(("bool_parsing", "bool_type"), "expected true or false"),
    **dict.fromkeys(("float_parsing", "float_type"), _NUMBER),
    **dict.fromkeys(("int_from_float", "int_parsing", "int_type"), _WHOLE),
    "int_parsing_size": "expected a whole number of fewer digits",
    "finite_number": "expected a finite number",
    "string_type": "expected a text",
    **dict.fromkeys(("frozen_set_type", "list_type", "set_type", "tuple_type"), _LIST),
    **dict.fromkeys(("dataclass_type", "dict_type", "mapping_type", "model_type"), _KEYS),
    "model_attributes_type": _KEYS,
    "missing": "missing; add it",
    "path_type": "expected a path",
    "invalid_key": "a key is no text; put it in quotes",
}
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "expected {} or more"),
    "greater_than": ("gt", "expected more than {}"),
    "less_than_equal": ("le", "expected {} or less"),
    "less_than": ("lt", "expected less than {}"),
    "too_short": ("min_length", "expected {} or more entries"),
    "too_long": ("max_length", "expected {} entries or fewer"),
    "string_too_short": ("min_length", "expected {} or more characters"),
    "string_too_long": ("max_length", "expected {} characters or fewer"),
    "string_pattern_mismatch": ("pattern", "expected a text of the form {}"),
    "literal_error": ("expected", "expected {}"),
    "enum": ("expected", "expected {}"),
}
_TYPES: Final = ("bool", "float", "int", "str")
_PATTERNS: Final = {"^[0-9a-f]{64}$": "expected a SHA-256: 64 characters, 0 … 9 and a … f"}


def first_of_all(errors: Sequence[Mapping[str, Any]]) -> tuple[tuple[int | str, ...], str, int]:
    """Return what to say of the first of `ValidationError.errors()`.

    Where a value may be of several types, pydantic has an error for each and puts the type's name
    at the end of its location: they are one.

    Returns:
        The location without that name; what was expected; how many other errors there are.
    """
    first = errors[0]
    place = _without_type(first["loc"])
    same = [e for e in errors if e is first or _without_type(e["loc"]) == place != e["loc"]]
    told = dict.fromkeys(what_was_expected(error) for error in same)
    said = next(iter(told))
    others = [text.removeprefix("expected ") for text in told if text != said]
    return place, " or ".join([said, *others]), len(errors) - len(same)


def _without_type(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    last = location[-1] if location else 0
    is_type = isinstance(last, str) and (last in _TYPES or "[" in last.removesuffix("[key]"))
    return location[:-1] if is_type else location


def what_was_expected(error: Mapping[str, Any]) -> str:
    """Return what was expected instead, of one of `ValidationError.errors()`.

    Example:
        >>> what_was_expected({"type": "greater_than_equal", "ctx": {"ge": 0}, "msg": ""})
        'expected 0 or more'
        >>> what_was_expected({"type": "value_error", "msg": "Value error, the shares are all 0"})
        'the shares are all 0'
    """
    kind = str(error["type"])
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        bound = error["ctx"][name]
        return _PATTERNS.get(bound) or words.format(_shown(bound))
    if kind in _WORDS:
        return _WORDS[kind]
    if kind == "union_tag_invalid":
        found = error["ctx"]
        key = found["discriminator"].strip("'")
        return f"{key} is {quoted(found['tag'])}; expected {found['expected_tags']}"
    return str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "expected")


def _shown(bound: object) -> str:
    if isinstance(bound, int):
        return f"{bound:,}"
    return f"{bound:,.15g}" if isinstance(bound, float) else str(bound)
