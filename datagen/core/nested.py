"""Nested keys of plain data (maps, lists, values), as `--vary` has them: `mix.0.source`."""

from typing import Any


def changed_keys(before: Any, after: Any) -> dict[str, tuple[Any, Any]]:
    """Return the nested keys whose values differ, with both values; None where a key is missing.

    Example:
        >>> changed_keys({"mix": [{"ratio": 1}]}, {"mix": [{"ratio": 2}]})
        {'mix.0.ratio': (1, 2)}
    """
    first, second = _flat(before), _flat(after)
    return {
        key: (first.get(key), second.get(key))
        for key in dict.fromkeys((*first, *second))
        if first.get(key) != second.get(key)
    }


def _flat(plain: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(plain, dict | list) or not plain:
        return {prefix: plain}
    items = plain.items() if isinstance(plain, dict) else enumerate(plain)
    found: dict[str, Any] = {}
    for key, value in items:
        found |= _flat(value, f"{prefix}.{key}" if prefix else str(key))
    return found
