"""Text as Markdown: what was read from outside stands in it as text, and cannot end a table."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from pipelines.text import printable

_SIGNS: Final = re.compile(r"([\\`*_\[\]<>|#])")


def escaped(text: object) -> str:
    r"""Return text on one line, in which no sign means more than itself.

    Example:
        >>> escaped("a|b\n*c*")
        'a\\|b \\*c\\*'
    """
    return _SIGNS.sub(r"\\\1", printable(" ".join(str(text).split())))


def code(text: object) -> str:
    """Return text as it is to be typed.

    Example:
        >>> code("train/iv")
        '`train/iv`'
    """
    line = printable(" ".join(str(text).split())).replace("`", "'").replace("|", " ")
    return f"`{line}`"


def block(text: str, language: str = "") -> str:
    """Return lines as a block of code."""
    inner = text.replace("```", "'''")
    return f"```{language}\n{inner}\n```"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown already."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def listed(lines: Iterable[str]) -> str:
    """Return lines as a list."""
    return "\n".join(f"- {line}" for line in lines)
