"""JSON that is read back: of a depth and of numbers that our own programs write.

Enters: bytes, text or a path. Leaves: plain data. Whoever asked validates its keys and values.
"""

import json
from pathlib import Path
from typing import Any, Final

from datagen.core.errors import CorruptInputError
from datagen.files import reading
from pipelines.text import printable, shortened

DEPTH_LIMIT: Final = 50
"""The most levels of lists and objects in each other; our own records have ten."""


def parse_json(data: bytes | str, origin: object, expected: str = "expected JSON") -> Any:
    """Return the plain data in JSON.

    Args:
        data: UTF-8, with or without a byte order mark, or text.
        origin: where it is from, for the message.
        expected: what should have been there, for the message.

    Raises:
        CorruptInputError: it is no JSON, too deep, or has a number of thousands of digits.
    """
    try:
        plain = json.loads(data)
    except RecursionError:
        raise CorruptInputError(f"{origin} is nested too deeply; {expected}") from None
    except ValueError as error:  # no JSON, not even text, or a number of 5,000 digits
        reason = shortened(printable(str(error)))
        raise CorruptInputError(f"{origin} is not JSON ({reason}); {expected}") from None
    if _is_deeper(plain, DEPTH_LIMIT):
        raise CorruptInputError(f"{origin} is nested too deeply; {expected}")
    return plain


def read_json(path: Path, expected: str = "expected JSON") -> Any:
    """Return the plain data in a JSON file.

    Raises:
        MissingInputError: there is no such file.
        CorruptInputError: it cannot be read, is too large, or see `parse_json`.
    """
    return parse_json(reading.read_bytes(path, reading.RECORD), path, expected)


def _is_deeper(plain: Any, limit: int) -> bool:
    """Return whether lists and objects stand in each other on more than `limit` levels."""
    level = [plain]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
