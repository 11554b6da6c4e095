"""What was read from outside, as a message quotes it: short, on one line, and only characters.

Enters: anything. Leaves: text that neither fills a terminal nor steers it.
"""

import re
from typing import Final

QUOTED: Final = 200
"""The most characters of what was read that a message quotes."""
_MESSAGE: Final = 1200
"""The most characters of a message; of a longer one the middle is left out."""

_LONG_QUOTATION: Final = re.compile(rf"(['\"])((?:(?!\1).){{{QUOTED + 1},}})\1", re.DOTALL)
_LONG_WORD: Final = re.compile(rf"\S{{{QUOTED + 1},}}")


def printable(text: str) -> str:
    r"""Return text with what is no printable character written out: a file name may hold `\x1b[2J`.

    Example:
        >>> printable("a\x1b[31m\nb")
        'a\\x1b[31m\\nb'
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def shortened(text: str, most: int = QUOTED) -> str:
    """Return at most `most` characters of a text, an ellipsis where some are left out.

    Example:
        >>> shortened("a" * 500, 5)
        'aaaa…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def quoted(value: object) -> str:
    """Return a value as a message quotes it: like `repr`, of at most `QUOTED` characters.

    Example:
        >>> quoted("pen"), len(quoted("a" * 10_000)), quoted(10**9999)
        ("'pen'", 200, 'a number of 4,300 digits or more')
    """
    if isinstance(value, str):
        text = repr(value[: QUOTED + 1])  # a text of a gigabyte is not copied to be cut
        return text if len(text) <= QUOTED else text[: QUOTED - 2] + "…" + text[0]
    try:
        return shortened(printable(repr(value)))
    except ValueError:  # Python writes no longer number in decimal
        return "a number of 4,300 digits or more"
    except RecursionError:
        return "data that is nested too deeply"


def _shortened_word(found: re.Match[str]) -> str:
    bare = found[0].rstrip(":;,.")  # what ends a part of the sentence stays
    return shortened(bare) + found[0][len(bare) :]


def message(text: str) -> str:
    """Return a message fit to be shown: one line of text, and no more of what it quotes than told.

    The last net under all errors: whoever writes one quotes by `quoted`.
    """
    text = printable(text)
    if len(text) <= QUOTED:
        return text
    text = _LONG_QUOTATION.sub(lambda m: f"{m[1]}{shortened(m[2], QUOTED - 2)}{m[1]}", text)
    text = _LONG_WORD.sub(_shortened_word, text)
    if len(text) <= _MESSAGE:
        return text
    return f"{text[: _MESSAGE - 300]} … {text[-297:]}"
